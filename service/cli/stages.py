"""Commands that fetch, import and analyse papers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from domain.errors import PapertideError, UsageError
from service.cli.context import open_context
from service.cli.output_options import WeeksOption

HarvestSource = Literal["api", "oai"]


def harvest(
    ctx: typer.Context,
    weeks: WeeksOption = None,
    source: Annotated[
        HarvestSource,
        typer.Option(help="api: closed weeks, checked for completeness. oai: long backfills, versions, withdrawals."),
    ] = "api",
    since: Annotated[
        str | None,
        typer.Option(help="With --source oai: papers submitted since 2015, 2026-05, 2026-W19 or 2026-05-04."),
    ] = None,
) -> None:
    """Only fetch: closed weeks that are not proven complete, or all changes by OAI-PMH."""
    from domain.typed_day import day
    from domain.week import last_closed_week
    from pipeline import stages
    from runtime.exclusive_run import exclusive_run
    from service.cli.progress import follow

    if since is not None and source != "oai":
        raise UsageError("--since needs --source oai; use --weeks to count weeks back")
    if since is not None and weeks is not None:
        raise UsageError("use either --since or --weeks, not both")
    first_day = day(since) if since else None
    with (
        open_context(ctx, create=True, weeks=weeks) as context,
        exclusive_run(
            context, "harvest", source if source == "oai" else str(last_closed_week(context.now()))
        ) as guarded,
    ):
        follow(
            guarded(
                stages.harvest_oai(context, first_day)
                if source == "oai"
                else stages.harvest(context, context.settings.weeks)
            )
        )


def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="arXiv's metadata snapshot: JSON lines, plain, .gz or .zip.")],
) -> None:
    """Read the watched categories' papers from arXiv's metadata snapshot."""
    from pipeline import stages
    from pipeline.snapshot_import import SkippedLines
    from runtime.exclusive_run import exclusive_run
    from service.cli.progress import follow
    from templates.number_text import agreeing

    if not file.exists():  # before a database is made for it
        raise UsageError(f"cannot read {file}: there is no such file")
    with open_context(ctx, create=True) as context, exclusive_run(context, "import", "snapshot") as guarded:
        skipped = SkippedLines()
        follow(guarded(stages.import_papers(context, file, skipped)))
        if skipped.n:
            lines = agreeing(skipped.n, "line", "lines")
            were = agreeing(skipped.n, "was", "were")
            raise PapertideError(
                f"{skipped.n:,} {lines} could not be read and {were} skipped, the first is {skipped.first}; "
                "all others are stored"
            )


def embed(ctx: typer.Context) -> None:
    """Embed every stored paper that has no vector yet."""
    from pipeline import stages
    from runtime.exclusive_run import exclusive_run
    from service.cli.progress import follow

    with open_context(ctx) as context, exclusive_run(context, "embed", "all") as guarded:
        follow(guarded(stages.embed(context)))


def analyse(ctx: typer.Context) -> None:
    """Analyse what is stored, without harvest and digest: embed, detect, assign topics, count the weeks."""
    from domain.week import last_closed_week
    from pipeline import stages
    from runtime.exclusive_run import exclusive_run
    from service.cli.progress import follow

    with open_context(ctx) as context, exclusive_run(context, "analyse", "all") as guarded:
        follow(guarded(stages.analyse(context, last_week=last_closed_week(context.now()))))
