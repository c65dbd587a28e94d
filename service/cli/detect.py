"""Command `detect`: techniques, themes, claims and the finding of given abstracts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import UsageError
from service.cli.context import open_context
from service.cli.output_options import print_json_line

if TYPE_CHECKING:
    from queries.detect import GivenAbstract
    from queries.results import DetectResult


def detect(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(help="JSON lines with id, title, abstract and, if any, comment; - for standard input.")
    ] = "-",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line; docs/json.md describes it.")
    ] = False,
) -> None:
    """Techniques, themes, claims and the finding of given abstracts, with evidence."""
    from queries import detect as detect_queries

    with open_context(ctx) as context:
        names = {f"{t.kind}:{t.key}": t.name for t in context.detector.taxonomy.terms}
        try:
            lines = sys.stdin if file == "-" else Path(file).open(encoding="utf-8")  # noqa: SIM115 - closed when the process ends
            for given in detect_queries.read_abstracts(lines):
                found = detect_queries.detect(context, given)
                if as_json:
                    print_json_line(found)
                else:
                    _print_detections(given, found, names)
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read {file}: {getattr(error, 'strerror', None) or error}") from error


_LEVELS: Mapping[str, Mapping[int, str]] = {
    "technique": {1: "mentioned", 2: "adopted", 3: "what it is about"},
    "theme": {1: "touched", 2: "a main contribution"},
}


def _print_detections(given: GivenAbstract, found: DetectResult, names: Mapping[str, str]) -> None:
    from templates.claim_wording import quoted

    typer.echo(f"{given.id}  {' '.join(given.title.split())}")
    terms = [("technique", *one) for one in found.techniques.items()] + [
        ("theme", *one) for one in found.themes.items()
    ]
    for kind, key, term in terms:
        quotes = dict.fromkeys(
            " ".join((given.title if e.field == "title" else given.abstract)[e.start : e.end].split())
            for e in term.evidence
        )
        evidence = f": {', '.join(f'“{words}”' for words in quotes)}" if quotes else ""
        typer.echo(f"  {names[f'{kind}:{key}']}: {_LEVELS[kind][term.level]}{evidence}")
    if not terms:
        typer.echo("  no technique or theme")
    if found.names:
        named = (f"{name.surface} ({name.kind}, {name.role})" for name in found.names)
        typer.echo(f"  names: {', '.join(named)}")
    for claim in found.claims:
        typer.echo(f"  claim of {claim.quantity} ({claim.form}): {quoted(claim)}")
    if found.finding:
        typer.echo(f"  finding: “{' '.join(found.finding.split())}”")
    for label, value in (("code", found.code), ("accepted", found.accepted)):
        if value:
            typer.echo(f"  {label}: {value}")
    for label, keys in (("standards", found.standards), ("failure modes", found.failure_modes)):
        if keys:
            typer.echo(f"  {label}: {', '.join(keys)}")
