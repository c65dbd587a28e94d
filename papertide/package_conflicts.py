"""Checks that the rooms that Python would import are Papertide's own."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path

ROOMS = (
    "domain",
    "ingest",
    "analysis",
    "store",
    "templates",
    "runtime",
    "pipeline",
    "mail",
    "queries",
    "scheduler",
    "service",
    "sample",
)
"""The top-level packages of this distribution beside ``papertide``. Their names are ordinary words."""

INSTALLED_AT = Path(__file__).resolve().parent.parent


def room_conflict(
    root: Path = INSTALLED_AT, find: Callable[[str], ModuleSpec | None] = importlib.util.find_spec
) -> str | None:
    """One line about the first room that belongs to another distribution; None if all are Papertide's own.

    Nothing is imported. Two cases are found: a package of the same name earlier on the import path, and, where
    Papertide is installed as a wheel, a room whose ``__init__.py`` another distribution has overwritten.

    Parameters
    ----------
    root : the folder that holds the rooms.
    find : the import specification of a top-level name.
    """
    sizes = _recorded_sizes(root)
    for room in ROOMS:
        spec = find(room)
        if spec is None:
            continue  # the import will fail and name it
        found = spec.origin or next(iter(spec.submodule_search_locations or ()), "")
        own = root / room / "__init__.py"
        if not found or Path(found).resolve() != own.resolve():
            return _line(f"another package named {room!r} ({found}) hides Papertide's")
        if sizes.get(room) not in (None, own.stat().st_size):
            return _line(f"another distribution has overwritten Papertide's package {room!r} ({found})")
    return None


def _line(problem: str) -> str:
    return f"{problem}; install Papertide into an environment of its own and start it from there"


def _recorded_sizes(root: Path) -> dict[str, int]:
    """Size of each room's ``__init__.py`` by the record of the installed wheel; empty in a checkout."""
    records = list(root.glob("papertide-*.dist-info/RECORD"))
    if len(records) != 1:
        return {}
    sizes = {}
    for line in records[0].read_text(encoding="utf-8").splitlines():
        path, _, rest = line.partition(",")
        room, _, file = path.partition("/")
        if file == "__init__.py" and room in ROOMS and rest.rpartition(",")[2].isdigit():
            sizes[room] = int(rest.rpartition(",")[2])
    return sizes
