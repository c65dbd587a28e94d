"""Command `run`: everything that is due, and the digest's files."""

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
    """Everything that is due now: harvest, embed, topics, adoption, digest, delivery."""
    with open_context(ctx, weeks=weeks) as context:
        run_and_write(context)
        deliver_due(context)


def run_and_write(context: AppContext) -> None:
    """Do a run, write its digest's files, and say what there is to read."""
    from domain.week import last_closed_week
    from pipeline.run import digest_folder, run, write_digest
    from service.cli.progress import follow
    from store.digests import published_weeks

    with context.sole_worker("run", str(last_closed_week(context.now()))) as keeping:
        follow(keeping(run(context, context.settings.weeks)))
    weeks = published_weeks(context.db)
    if not weeks:
        raise PapertideError("arXiv gave no paper for these weeks, so there is no digest; look at `papertide status`")
    print_digest_summary(context, weeks[-1], write_digest(context, weeks[-1], digest_folder(context)))


def print_digest_summary(context: AppContext, week: Week, page: Path) -> None:
    from store.digests import newest_digest

    published = newest_digest(context.db, week)
    if published is not None:
        digest = published.edition.digest
        whole = "complete" if digest.completeness.complete else "NOT proven complete"
        typer.echo(f"{week}: {digest.headline.n_papers:,} papers, {whole}. {digest.headline.sentence}")
    typer.echo(f"Read it: {page.resolve().as_uri()}")
