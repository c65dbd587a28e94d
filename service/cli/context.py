"""The global options, and the application context that a command works in."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

if TYPE_CHECKING:
    from runtime.context import AppContext
    from runtime.settings import Settings

_T = TypeVar("_T")


@dataclass
class GlobalOptions:
    """The options before the command's name."""

    config: Path | None
    data_dir: Path | None

    def command_line(self, command: str) -> str:
        """How another command is called with the same options."""
        given = (("--config", self.config), ("--data-dir", self.data_dir))
        options = [part for name, path in given if path is not None for part in (name, shlex.quote(str(path)))]
        return " ".join(["papertide", *options, command])


@contextmanager
def open_context(
    ctx: typer.Context, *, read_only: bool = False, create: bool = False, **overrides: Any
) -> Iterator[AppContext]:
    """The application context of the settings, closed at the end of the ``with`` block.

    With ``read_only`` the database is not migrated or changed. Only with ``create`` a new one may be made: a mistyped
    folder must not look like an empty one, and where one is made, a line says so.
    """
    from runtime.context import AppContext
    from runtime.running_service import with_address_of_service

    settings = settings_of(ctx, **overrides)
    if "service.port" not in overrides:  # this command is not the service itself
        settings = with_address_of_service(settings)
    if create and not settings.database_url.get_secret_value() and not settings.has_database:
        typer.echo(f"There is no database in {settings.data_dir} yet; a new one is made there.", err=True)
    with AppContext(settings, read_only=read_only, create=create) as context:
        yield context


def settings_of(ctx: typer.Context, **overrides: Any) -> Settings:
    """The settings of file, environment and command line."""
    from runtime.settings import load_settings, process_environment

    given: GlobalOptions = ctx.obj
    return load_settings(given.config, process_environment(), {"data_dir": given.data_dir, **overrides})


def asked(ctx: typer.Context, kind: type[_T], path: str, parameters: Sequence[tuple[str, object]]) -> _T | None:
    """The answer of the web service that runs on the same data, ``None`` where the command must compute it itself.

    Then a line on a terminal says what takes so long.

    Raises
    ------
    UsageError
        If the service says that the question is wrong.
    """
    from domain.record_from_json import record_from_json
    from runtime.running_service import ask

    if (answer := ask(settings_of(ctx), path, parameters)) is not None:
        try:
            return record_from_json(kind, answer)
        except ValueError:  # the service has been upgraded, or not yet
            return None
    if sys.stderr.isatty():
        typer.echo("loading papers and model; while `papertide up` runs, it answers at once", err=True)
    return None
