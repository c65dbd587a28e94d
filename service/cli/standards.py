"""Command `standards`: the standards and failure modes that papers name."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from service.cli.context import open_context
from service.cli.output_options import JsonOption, print_json, require_one_of


def standards(
    ctx: typer.Context,
    week: Annotated[str | None, typer.Option(help="Such as 2026-W25; by default the newest week read.")] = None,
    by: Annotated[
        Literal["week", "quarter"], typer.Option(help="List the week's papers, or count all papers by quarter.")
    ] = "week",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the counts of every quarter as CSV.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Standards, laws and failure modes that papers name."""
    from queries.parse_dates import week_named
    from queries.standards import standards_and_failures
    from queries.status import is_sample_corpus
    from templates.claim_wording import older_reading_text
    from templates.marked_text import in_brief, readable
    from templates.standards_csv import standards_csv
    from templates.standards_wording import quarter_text, week_text

    require_one_of({"--json": as_json, "--csv": as_csv})
    with open_context(ctx) as context:
        answer = standards_and_failures(context, week_named(week) if week else None)
        made_up = is_sample_corpus(context)
    if as_json:
        print_json(answer)
        return
    if as_csv:
        typer.echo(standards_csv(answer, made_up=made_up), nl=False)
        return
    if answer.n_older_reading:
        typer.echo(older_reading_text(answer.n_older_reading))
    if by == "quarter":
        for line in (*answer.standards, *answer.failure_modes):
            if any(part.k for part in line.quarters):
                typer.echo(f"{line.name}: {quarter_text(line, answer)}")
    else:
        typer.echo(week_text(answer))
        for paper in answer.papers:
            typer.echo(f"{paper.arxiv_id}  {readable(paper.title)}  ({', '.join(map(readable, paper.words))})")
            if paper.finding:
                typer.echo(f"  {in_brief(paper.finding)}")
