"""Commands that fetch, import and analyse papers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from domain.errors import PapertideError, UsageError
from service.cli.context import open_context
from service.cli.options import WeeksOption

HarvestSource = Literal["api", "oai"]


def harvest(
    ctx: typer.Context,
    weeks: WeeksOption = None,
    source: Annotated[
        HarvestSource, typer.Option(help="api: weeks with their proof. oai: long backfills, all versions, withdrawals.")
    ] = "api",
    since: Annotated[
        str | None,
        typer.Option(help="With --source oai: papers submitted since 2015, 2026-05, 2026-W19 or 2026-05-04."),
    ] = None,
) -> None:
    """Only fetch: closed weeks that are not proven whole, or all changes by OAI-PMH."""
    from domain.week import last_closed_week
    from pipeline import stages
    from queries.parse import day
    from service.cli.progress import follow

    if since is not None and source != "oai":
        raise UsageError("--since goes with --source oai; weeks are counted back with --weeks")
    if since is not None and weeks is not None:
        raise UsageError("--since and --weeks exclude each other")
    first_day = day(since) if since else None
    with (
        open_context(ctx, weeks=weeks) as context,
        context.sole_worker("harvest", source if source == "oai" else str(last_closed_week(context.now()))) as keeping,
    ):
        follow(
            keeping(
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
    from service.cli.progress import follow

    with open_context(ctx) as context, context.sole_worker("import", file.name[:32]) as keeping:
        left_out = SkippedLines()
        follow(keeping(stages.import_papers(context, file, left_out)))
        if left_out.n:
            raise PapertideError(
                f"{left_out.n:,} lines could not be read and were left out, {left_out.first} for one; "
                "all the others are stored"
            )


def embed(ctx: typer.Context) -> None:
    """Embed every stored paper that has no vector yet."""
    from pipeline import stages
    from service.cli.progress import follow

    with open_context(ctx) as context, context.sole_worker("embed", "all") as keeping:
        follow(keeping(stages.embed(context)))


def analyse(ctx: typer.Context) -> None:
    """Everything but harvest and digest, of what is stored: embed, detect, assign topics, count the weeks."""
    from domain.week import last_closed_week
    from pipeline import stages
    from service.cli.progress import follow

    with open_context(ctx) as context, context.sole_worker("analyse", "all") as keeping:
        follow(keeping(stages.analyse(context, last_week=last_closed_week(context.now()))))
