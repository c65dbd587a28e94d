"""What stands before a command's name, and the workshop that the command then works in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from runtime.settings import load_settings, process_environment

if TYPE_CHECKING:
    from runtime.context import AppContext


@dataclass
class GlobalOptions:
    """What stands before the command's name."""

    config: Path | None
    data_dir: Path | None


@contextmanager
def open_context(ctx: typer.Context, *, read_only: bool = False, **overrides: Any) -> Iterator[AppContext]:
    """The application context of these settings; closed afterwards.

    With ``read_only`` the database is neither created nor migrated nor written.
    """
    from runtime.context import AppContext

    given: GlobalOptions = ctx.obj
    settings = load_settings(given.config, process_environment(), {"data_dir": given.data_dir, **overrides})
    with AppContext(settings, read_only=read_only) as context:
        yield context
