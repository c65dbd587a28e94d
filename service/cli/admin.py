"""Commands for operators: `backup`, `restore`, `export` and `scheduler`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from domain.errors import PapertideError, UsageError
from service.cli.context import open_context
from service.cli.deliver import answer_requests
from service.cli.options import open_mail_service

# -- the process that does everything


def scheduler(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, and end.")] = False,
) -> None:
    """Do every job when it is due, until it is stopped: harvest, digest, delivery, backup, clean-up."""
    from scheduler.foreground import run_scheduler
    from scheduler.process import run_once

    with open_context(ctx) as context:
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


# -- copies


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write; one that is there is replaced.")],
) -> None:
    """Copy the database into one file, while everything runs."""
    from store.backup import back_up

    with open_context(ctx) as context:
        back_up(context.db, file)
    typer.echo(f"backed up to {file}; `papertide restore` brings it back")


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that `papertide backup` wrote.")],
    with_readers: Annotated[
        bool,
        typer.Option("--with-readers", help="Readers too as they were then; what was sent since may go out again."),
    ] = False,
) -> None:
    """Put a backup in the place of the database, while nothing runs; what was there is kept beside it.

    Readers, and what they were sent, stay as they are now.
    """
    from contextlib import ExitStack, suppress

    from sqlalchemy import make_url

    from domain.errors import StoreError
    from mail.service import CONFIRMATIONS_LEASE, DELIVERY_LEASE
    from runtime.context import LEASE
    from runtime.lease import nobody_else
    from store.backup import carry_over_subscribers
    from store.backup import restore as put_back
    from store.database import open_database

    with open_context(ctx) as context:
        url = make_url(context.settings.store_url)
        if url.get_backend_name() != "sqlite" or not url.database:
            raise UsageError("PostgreSQL has its own way: pg_restore --clean --dbname=URL FILE")
        place = Path(url.database)
        with ExitStack() as held:
            if place.exists():
                # Refused while somebody works on it. A damaged database cannot be asked, and is replaced all the same.
                with suppress(StoreError):
                    held.enter_context(
                        nobody_else(context.db, (LEASE, DELIVERY_LEASE, CONFIRMATIONS_LEASE), clock=context.clock)
                    )
            context.close()
            replaced = put_back(file, place)
            open_database(context.settings.store_url).close()
    typer.echo(f"restored {place} from {file}")
    if with_readers or replaced is None:
        typer.echo("readers are as they were then: look at `papertide deliver --dry-run` before mails go out")
        return
    try:
        n_readers = carry_over_subscribers(place, replaced)
    except StoreError as error:
        message = f"readers are as they were then, issues sent since would go out again: {error}"
        raise StoreError(message) from error
    typer.echo(f"{n_readers:,} readers, and what they were sent, stay as they were before")


def export(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The folder to write into.")],
) -> None:
    """Write all public data as CSV and JSON: papers, detections, topics, weekly counts, digests. No reader is in it."""
    from queries.export import export_public

    with open_context(ctx) as context:
        for line in export_public(context, folder):
            typer.echo(line)
