"""Commands `backup` and `restore`: the database as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from domain.errors import UsageError
from service.cli.context import open_context
from service.cli.output_options import require_folder_for


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write; an earlier backup is replaced.")],
) -> None:
    """Copy the database into one file, also while Papertide is running."""
    from store.backup import back_up

    require_folder_for(file, "FILE")
    with open_context(ctx) as context:
        back_up(context.db, file)
    typer.echo(f"backed up to {file}; `papertide restore` restores it")


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that `papertide backup` wrote.")],
    with_readers: Annotated[
        bool,
        typer.Option(
            "--with-readers",
            help="Restore subscribers too: issues sent since the backup may be sent again, and deleted readers return.",
        ),
    ] = False,
) -> None:
    """Replace the database by a backup while nothing is running; the replaced one is kept beside it.

    Subscribers, and the record of what they were sent, stay as they are now.
    """
    from sqlalchemy import make_url

    from store.backup import restore as restore_file

    with open_context(ctx) as context:
        url = make_url(context.settings.store_url)
        if url.get_backend_name() != "sqlite" or not url.database:
            raise UsageError("for PostgreSQL use pg_restore --clean --dbname=URL FILE")
        path = Path(url.database)
        restored = restore_file(file, path, with_readers=with_readers)
    typer.echo(f"restored {path} from {file}")
    if restored.n_readers is None:
        typer.echo("subscribers are as in the backup: check `papertide deliver --dry-run` before mail is sent")
    else:
        typer.echo(f"{restored.n_readers:,} subscribers, and the record of what they were sent, are unchanged")
    if restored.n_suppressed_lost:
        typer.echo(
            f"{restored.n_suppressed_lost:,} suppressed addresses are not kept, because the backup is of another "
            "instance or of an older version"
        )
    if restored.replaced is not None:
        typer.echo(f"the replaced database, with its subscribers' data, is {restored.replaced}; delete it when done")
