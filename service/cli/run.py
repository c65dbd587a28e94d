"""Command `run`: do everything that is due, and print the newest digest's summary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from domain.errors import PapertideError, SourceError
from service.cli.context import open_context
from service.cli.deliver import check_deliveries, deliver_due, print_deliveries
from service.cli.output_options import WeeksOption

if TYPE_CHECKING:
    from domain.week import Week
    from runtime.context import AppContext
    from scheduler.run_due_jobs import Ended


def run(ctx: typer.Context, weeks: WeeksOption = None) -> None:
    """Do everything that is due now: harvest, embed, topics, adoption, digest, delivery; then count earlier weeks."""
    with open_context(ctx, create=True, weeks=weeks) as context:
        ended: list[Ended] = []
        try:
            run_and_write(context, deliver=lambda: ended.extend(deliver_due(context)))
        finally:
            print_deliveries(context, ended)
        count_earlier_weeks(context)
        check_deliveries(ended)


def count_earlier_weeks(context: AppContext) -> None:
    """Count the weeks before those of the run, as far back as ``history_weeks`` says, and say how far they reach.

    The run is done by then, so an arXiv that fails ends this part with a line, and the next run goes on.
    """
    from pipeline.history_plan import history_of, next_history_week
    from pipeline.run import run_history
    from service.cli.progress import follow
    from templates.harvest_wording import history_reach

    if next_history_week(context) is None:
        return
    typer.echo("The run is done. Earlier weeks are counted now; Ctrl-C ends it, and the next run goes on.", err=True)
    try:
        run_history(context, follow=follow)
    except SourceError as error:
        typer.echo(f"Earlier weeks: {error.public}; the next run goes on.", err=True)
    typer.echo(f"History: {history_reach(history_of(context))}", err=True)


def run_and_write(context: AppContext, *, deliver: Callable[[], None] | None = None) -> None:
    """Do a run, write the newest digest's files, and print its summary; ``deliver`` is as for ``pipeline.run.run``."""
    from pipeline.run import digest_folder, run, write_digest
    from queries.digests import published_weeks
    from service.cli.progress import follow

    run(context, context.settings.weeks, follow=follow, deliver=deliver)
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
