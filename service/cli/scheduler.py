"""Command `scheduler`: run every job when it is due."""

from __future__ import annotations

from typing import Annotated

import typer

from domain.errors import PapertideError, Stopped
from ingest.stop_request import MESSAGE
from service.cli.context import open_context
from service.cli.deliver import answer_requests
from service.cli.output_options import open_mail_service
from service.cli.progress import stop_signals

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
            with stop_signals() as stop:
                for ended in run_once(mail_service, stop=lambda: bool(stop)):
                    message = f", {ended.message}" if ended.message else ""
                    typer.echo(f"{ended.job} {ended.period}: {ended.state}{message}")
                    failed += ended.state in ("failed", "given up")
            if stop:
                raise Stopped(MESSAGE)
            if failed:
                raise PapertideError(f"{failed} jobs failed; `papertide status` shows when they are tried again")
            return
        run_scheduler(mail_service)
