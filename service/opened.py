"""What stands before a command's name, and the workshop that the command then works in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from service.settings import load_settings, process_environment

if TYPE_CHECKING:
    from service.workshop import Workshop


@dataclass
class Given:
    """What stands before the command's name."""

    config: Path | None
    data_dir: Path | None


@contextmanager
def opened_workshop(context: typer.Context, **overrides: Any) -> Iterator[Workshop]:
    """The workshop of these settings; its database is closed afterwards."""
    from service.workshop import Workshop

    given: Given = context.obj
    settings = load_settings(given.config, process_environment(), {"data_dir": given.data_dir, **overrides})
    shop = Workshop(settings)
    try:
        yield shop
    finally:
        if "db" in vars(shop):
            shop.db.close()
