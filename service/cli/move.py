"""Command `move`: all that is stored, into another database."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli.context import settings_of


def move(
    ctx: typer.Context,
    to: Annotated[str, typer.Option("--to", help="An empty database: postgresql://... or sqlite:///FILE.")],
) -> None:
    """Copy the database into another one, while nothing is running, and compare both; the old one stays as it is.

    After an interruption, run it again: it goes on where it stopped.
    """
    from sqlalchemy import make_url

    from service.cli.progress import follow
    from store.move import TABLES, move_database

    follow(move_database(settings_of(ctx).store_url, to))
    shown = make_url(to).render_as_string(hide_password=True)
    typer.echo(f"moved to {shown}: all rows of {len(TABLES)} tables are the same on both sides")
    typer.echo("set database_url to it and start Papertide again; the old database is unchanged")
