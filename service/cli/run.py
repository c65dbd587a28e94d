"""Command `run`: does everything that is due, and prints the newest digest's summary."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from domain.errors import PapertideError
from service.cli.context import open_context
from service.cli.deliver import deliver_due
from service.cli.options import WeeksOption

if TYPE_CHECKING:
    from domain.week import Week
    from runtime.context import AppContext


def run(ctx: typer.Context, weeks: WeeksOption = None) -> None:
    """Do everything that is due now: harvest, embed, topics, adoption, digest, delivery."""
    with open_context(ctx, weeks=weeks) as context:
        run_and_write(context)
        deliver_due(context)


def run_and_write(context: AppContext) -> None:
    """Do a run, write the newest digest's files, and print its summary."""
    from domain.week import last_closed_week
    from pipeline.run import digest_folder, run, write_digest
    from queries.digests import published_weeks
    from runtime.exclusive_run import exclusive_run
    from service.cli.progress import follow

    with exclusive_run(context, "run", str(last_closed_week(context.now()))) as guarded:
        follow(guarded(run(context, context.settings.weeks)))
    weeks = published_weeks(context)
    if not weeks:
        raise PapertideError("arXiv has no papers for these weeks, so there is no digest; see `papertide status`")
    print_digest_summary(context, weeks[-1], write_digest(context, weeks[-1], digest_folder(context)))


def print_digest_summary(context: AppContext, week: Week, page: Path) -> None:
    """Print a digest's headline, whether its week is complete, and where its page is."""
    from queries.digests import newest_digest

    published = newest_digest(context, week)
    if published is not None:
        digest = published.edition.digest
        state = "complete" if digest.completeness.complete else "NOT proven complete"
        typer.echo(f"{week}: {digest.headline.n_papers:,} papers, {state}. {digest.headline.sentence}")
    typer.echo(f"Read it: {page.resolve().as_uri()}")
