"""Progress reports of long-running work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stage = Literal[
    "harvest",
    "history",
    "import",
    "embed",
    "detect",
    "names",
    "claims",
    "topics",
    "tables",
    "emerging",
    "calls",
    "digest",
    "delivery",
    "bounces",
    "backup",
    "move",
    "clean-up",
]


@dataclass(frozen=True)
class Progress:
    """A unit of a stage is done and stored: ``n_done`` of ``n_total`` so far, counted in ``unit``.

    ``note`` is a line for the log, usually empty.
    """

    stage: Stage
    n_done: int
    n_total: int
    unit: str
    note: str = ""
