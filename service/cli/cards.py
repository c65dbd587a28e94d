"""Command `card`: the evidence card of a technique, theme or named thing."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli.context import open_context
from service.cli.output_options import JsonOption, print_json


def card(
    ctx: typer.Context,
    term: Annotated[str, typer.Argument(help="A technique, theme or named thing, by key, name or spelling.")],
    as_json: JsonOption = False,
) -> None:
    """What is known of a technique, theme or named thing, on one page."""
    from queries.cards import card as card_of
    from templates.card_wording import card_lines
    from templates.marked_text import readable

    with open_context(ctx) as context:
        found = card_of(context, term)
    if as_json:
        print_json(found)
        return
    for line in card_lines(found):
        typer.echo(readable(line))
    key = f"#{found.key}" if found.kind == "name" else found.key
    typer.echo(f"\nIts trend: papertide trends {found.kind}:{key}")
