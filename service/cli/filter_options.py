"""Options that keep papers with some facets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from domain.facet import ACCEPTED, CODE

HasOption = Annotated[
    list[str] | None,
    typer.Option(
        "--has",
        metavar="KIND:KEY",
        help="Only papers with this: domain:medicine, theme:security, technique:llm, name:SWE-bench, standard:gdpr, "
        "claim:saving, ...; may be repeated.",
    ),
]
WithCodeOption = Annotated[bool, typer.Option("--with-code", help="Only papers that link code; --has fact:code.")]
AcceptedOption = Annotated[
    bool, typer.Option("--accepted", help="Only papers that a venue accepted or published; --has fact:accepted.")
]


def facets_asked(has: Sequence[str] | None, *, with_code: bool, accepted: bool) -> tuple[str, ...]:
    """The facets of the options, each once, as ``KIND:KEY``."""
    short = [":".join(facet) for facet, is_asked in ((CODE, with_code), (ACCEPTED, accepted)) if is_asked]
    return tuple(dict.fromkeys([*(text.strip() for text in has or () if text.strip()), *short]))
