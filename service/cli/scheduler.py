"""Command `scheduler`: run every job when it is due."""

from __future__ import annotations

from typing import Annotated

import typer

from domain.errors import PapertideError
from service.cli.context import open_context
from service.cli.deliver import answer_requests
from service.cli.output_options import open_mail_service

# -- jobs


def scheduler(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Run what is due now, and exit.")] = False,
) -> None:
    """Run every job when it is due, until stopped: harvest, digest, delivery, backup, clean-up."""
    from scheduler.process_lifecycle import run_scheduler
    from scheduler.scheduler import run_once

    with open_context(ctx, create=True) as context:
        mail_service = open_mail_service(context)
        if once:
            answer_requests(mail_service)
            failed = 0
            for ended in run_once(mail_service):
                typer.echo(f"{ended.job} {ended.period}: {ended.state}" + (f", {ended.message}" * bool(ended.message)))
                failed += ended.state in ("failed", "given up")
            if failed:
                raise PapertideError(f"{failed} jobs failed; `papertide status` shows when they are tried again")
            return
        run_scheduler(mail_service)
