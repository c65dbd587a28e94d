"""The global options, and the application context that a command works in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from runtime.context import AppContext


@dataclass
class GlobalOptions:
    """The options before the command's name."""

    config: Path | None
    data_dir: Path | None


@contextmanager
def open_context(
    ctx: typer.Context, *, read_only: bool = False, create: bool = False, **overrides: Any
) -> Iterator[AppContext]:
    """The application context of the settings, closed at the end of the ``with`` block.

    With ``read_only`` the database is not migrated or changed. Only with ``create`` a new one may be made: a mistyped
    folder must not look like an empty one.
    """
    from runtime.context import AppContext
    from runtime.settings import load_settings, process_environment

    given: GlobalOptions = ctx.obj
    settings = load_settings(given.config, process_environment(), {"data_dir": given.data_dir, **overrides})
    with AppContext(settings, read_only=read_only, create=create) as context:
        yield context
