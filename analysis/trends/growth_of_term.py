"""Which way one term goes: its change over the last weeks, and when its course changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.trends.growth import MIN_PAPERS, ChangePoint, change_points, fit_growth, papers_at_larger_end
from domain.trend_calls import WINDOW_WEEKS, FittedChange
from domain.week import Week

MIN_WEEK = 20
"""Papers in the categories below which a week says nothing of growth."""


def growth_and_changes(
    k: NDArray[np.int64], n: NDArray[np.int64], weeks: Sequence[Week], *, lacking: Collection[Week]
) -> tuple[FittedChange | None, list[ChangePoint]]:
    """The change over the last ``WINDOW_WEEKS`` weeks, and the points of change over all of them.

    Only weeks count that have ``MIN_WEEK`` papers or more and are not known to lack any.

    Parameters
    ----------
    k : papers that match in each week, ``(n_weeks,)``.
    n : papers in the categories, ``(n_weeks,)``.
    weeks : closed weeks, ascending.
    lacking : weeks of which papers are known to be missing.

    Returns
    -------
    The change with its 95 % interval, ``None`` where too few weeks or papers tell it, and the change points in order. A
    clear change rests on ``MIN_PAPERS`` papers at its larger end, as a call does.
    """
    usable = (n >= MIN_WEEK) & np.array([week not in lacking for week in weeks], dtype=bool)
    if not usable.any():
        return None, []
    recent = usable & np.array([week > weeks[-1].plus(-WINDOW_WEEKS) for week in weeks])
    held = [week for week, counts in zip(weeks, recent.tolist(), strict=True) if counts]
    fit = fit_growth(k[None, recent], n[recent], held)
    [change] = fit.changes()
    if change is not None and change.is_clear and papers_at_larger_end(k[None, recent], fit.slope)[0] < MIN_PAPERS:
        change = None
    return change, change_points(k, np.where(usable, n, 0), weeks)
