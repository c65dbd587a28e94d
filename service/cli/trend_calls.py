"""Command `calls`: trend calls and their outcomes."""

from __future__ import annotations

from typing import Annotated

import typer

from domain.errors import UsageError
from service.cli.context import open_context
from service.cli.output_options import JsonOption, print_json


def calls(
    ctx: typer.Context,
    week: Annotated[
        str | None,
        typer.Option(help="Every call of this week, such as 2026-W20; by default the rises and falls of all weeks."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Trend calls (rising, falling, emerging or cooling) and their outcomes."""
    from queries import trend_calls as call_queries
    from queries.parse_dates import week_named
    from templates import change_wording

    with open_context(ctx) as context:
        answer = call_queries.calls(context, week_named(week) if week else None)
    if as_json:
        print_json(answer)
        return
    if not answer.calls and week:
        raise UsageError(f"no call is stored for {week}; `papertide run` makes them")
    if not answer.calls:
        typer.echo("no rise or fall has been called; --week shows every call of a week")
    for r in answer.record:
        typer.echo(f"{r.horizon_weeks} weeks on: {r.held} of {r.held + r.failed} held, {r.unknown} cannot be told")
    for c in answer.calls:
        scores = {True: "held", False: "did not hold", None: "cannot be told"}
        line = f"{change_wording.verdict_text(c.verdict, c.wave):<12}  {c.kind} {c.name}"
        if c.change:
            line += f"  {change_wording.change_text(c.change)}"
        if c.wave:
            line += f"; on record as {change_wording.verdict_text(c.called)}"
        line += "".join(f"; {s.horizon_weeks} weeks on {scores[s.held]}" for s in c.scores)
        typer.echo(f"{c.week}  {line}{'; called late' * c.late}")
