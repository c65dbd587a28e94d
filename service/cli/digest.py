"""Command `digest`: write one week's digest as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.cli.context import open_context
from service.cli.run import print_digest_summary


def digest(
    ctx: typer.Context,
    week: Annotated[str | None, typer.Option(help="2026-W20; the newest closed week by default.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the files; data_dir/digests by default.")] = None,
) -> None:
    """Write the digest of a closed week as HTML, text and JSON."""
    from domain.week import last_closed_week
    from pipeline import stages
    from pipeline.run import digest_folder, write_digest
    from queries import numbers
    from service.cli.progress import follow

    with open_context(ctx) as context:
        chosen = numbers.week_named(week) if week else last_closed_week(context.now())
        stages.require_closed(context, chosen)
        stages.require_held(context, chosen)
        with context.sole_worker("digest", str(chosen)) as keeping:
            follow(keeping(stages.analyse(context, last_week=last_closed_week(context.now()))))
            follow(keeping(stages.publish(context, chosen)))
        page = write_digest(context, chosen, out or digest_folder(context))
        print_digest_summary(context, chosen, page)
