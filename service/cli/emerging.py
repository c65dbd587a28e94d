"""Commands under `papertide emerging`: the lists of emerging terms, and a technique from a term."""

from __future__ import annotations

from typing import Annotated

import typer

from domain.errors import UsageError
from service.cli.context import open_context
from service.cli.output_options import JsonOption, print_json

emerging_app = typer.Typer(
    help="Phrases that several teams took up lately and that are in no taxonomy.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@emerging_app.callback()
def emerging(
    ctx: typer.Context,
    week: Annotated[
        str | None, typer.Option(help="The list of this week, such as 2026-W20; the newest by default.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The emerging terms of a week, those that are new on the list first."""
    if ctx.invoked_subcommand is not None:
        if week is not None or as_json:
            raise UsageError(f"--week and --json do not go with {ctx.invoked_subcommand}")
        return
    from queries import emerging as emerging_queries
    from queries.parse_dates import week_named
    from templates import emerging_wording

    with open_context(ctx) as context:
        answer = emerging_queries.emerging(context, week_named(week) if week else None)
    if as_json:
        print_json(answer)
        return
    if answer.week is None:
        raise UsageError(emerging_wording.no_list_text(answer))
    for r in answer.record:
        typer.echo(f"{r.horizon_weeks} weeks on: {emerging_wording.outcome_text(r)}")
    for t in answer.terms:
        mark = "new" if t.is_new else f"since {t.first_week}"
        typer.echo(f"{mark:<14}  {t.name}: {emerging_wording.counted(t)}")
    if not answer.terms:
        typer.echo(f"{answer.week}: no emerging term")


@emerging_app.command("adopt")
def adopt(
    ctx: typer.Context,
    term: Annotated[str, typer.Argument(help='A term of any list, such as "agent skills".')],
) -> None:
    """Print a listed term as a technique for the taxonomy file, with suggested aliases and exclusions."""
    from queries.emerging import technique_draft
    from templates.technique_toml import technique_toml

    with open_context(ctx) as context:
        draft, first_week = technique_draft(context, term)
    typer.echo(
        technique_toml(
            key=draft.key,
            name=draft.name,
            strong=draft.strong,
            exclude=draft.exclude,
            matches=draft.matches,
            n_papers=draft.n_papers,
            first_week=first_week,
        )
    )
