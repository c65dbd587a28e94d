"""How curves of different size share a chart: one axis, a logarithmic axis, an index, or a panel for each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

from domain.trend_periods import Period

Scale = Literal["shared", "log", "index", "panels"]
ScaleChoice = Literal["auto", "shared", "log", "index", "panels"]
"""What may be asked for; ``auto`` chooses by the sizes of the curves."""

MANY_TIMES = 8.0
"""Where the largest curve is so many times the smallest, the smallest cannot be read on a shared axis."""
MIN_START_PAPERS = 5
"""Papers at the start of a curve below which it has no index: chance alone would move it to many times 100."""
_START_PERIODS: dict[Period, int] = {"week": 4}
"""Periods whose mean is 100 in an index, one where not given: single weeks of a rare term are too noisy."""


class Counted(Protocol):
    """A period with its papers that match and all its papers."""

    @property
    def k(self) -> int: ...

    @property
    def n(self) -> int: ...


def typical(points: Iterable[Counted], *, counts: bool = False) -> float | None:
    """Share of all papers of the periods, or papers in a mean period if ``counts``; ``None`` where none matches."""
    held = [p for p in points if p.n]
    k = sum(p.k for p in held)
    return (k / len(held) if counts else k / sum(p.n for p in held)) if k else None


def size_ratio(curves: Sequence[Sequence[Counted]], *, counts: bool = False) -> float:
    """How many times the smallest curve the largest is; 1 where there are not two with papers."""
    sizes = [size for points in curves if (size := typical(points, counts=counts)) is not None]
    return max(sizes) / min(sizes) if sizes else 1.0


def fitting_scale(choice: ScaleChoice, curves: Sequence[Sequence[Counted]]) -> Scale:
    """The scale that was chosen, or the one by which curves of these sizes can be read."""
    if choice != "auto":
        return choice
    return "panels" if size_ratio(curves) >= MANY_TIMES else "shared"


def n_start(by: Period) -> int:
    """Periods at the start of a curve that an index is relative to."""
    return _START_PERIODS.get(by, 1)


def start_value(points: Sequence[Counted], by: Period, *, counts: bool = False) -> float | None:
    """What an index calls 100: the mean of the first periods with papers; ``None`` with too few papers that match."""
    first = [p for p in points if p.n][: n_start(by)]
    return typical(first, counts=counts) if sum(p.k for p in first) >= MIN_START_PAPERS else None


def log_constant(curves: Sequence[Sequence[Counted]], *, counts: bool = False) -> float:
    """Below this value the logarithmic axis is nearly linear and reaches 0: the size of the smallest curve."""
    return min((size for points in curves if (size := typical(points, counts=counts))), default=1.0)


def log_ticks(constant: float, top: float) -> list[float]:
    """0 and the 1, 2 and 5 of each power of ten from half the constant to the top."""
    first = math.floor(math.log10(constant / 2))
    steps = [m * 10.0**e for e in range(first, math.ceil(math.log10(top)) + 1) for m in (1, 2, 5)]
    return [0.0, *(v for v in steps if constant / 2 <= v <= top)]
