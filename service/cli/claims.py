"""Command `claims`: what papers claim of their own results."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli.context import open_context
from service.cli.output_options import JsonOption, print_json


def claims(
    ctx: typer.Context,
    term: Annotated[
        str | None, typer.Argument(help="A technique, theme or topic, or words; all papers without.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="2026-05-04, 2026-W19, 2026-05 or 2026.")] = None,
    until: Annotated[str | None, typer.Option(help="The last day, in the same forms.")] = None,
    quantity: Annotated[str | None, typer.Option(help="List only claims of speed, memory, ... quality.")] = None,
    savings: Annotated[bool, typer.Option("--savings", help="List only claims of a saving.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Claims to list.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """What papers claim of their own results, counted and in their words."""
    from domain.typed_day import day
    from queries.claims import claims as claims_of
    from queries.parameters import PaperRequest
    from templates.claim_wording import claim_text, older_reading_text, saving_text, shares_text

    request = PaperRequest(
        "",
        since=day(since) if since else None,
        until=day(until, end=True) if until else None,
        term=term,
    )
    with open_context(ctx) as context:
        answer = claims_of(context, request, quantity=quantity, savings_only=savings, limit=limit)
    if as_json:
        print_json(answer)
        return
    typer.echo(shares_text(answer.papers, answer.all_papers if term else None))
    if answer.n_older_reading:
        typer.echo(older_reading_text(answer.n_older_reading))
    for saving in answer.savings:
        typer.echo(f"  {saving_text(saving, answer.papers.n)}")
    for claim in answer.claims:
        typer.echo(f"{claim.arxiv_id}  {claim_text(claim)}")
