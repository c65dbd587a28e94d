"""What the benchmarks of calls compare ours with, and how all of them are judged alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from domain.trend_calls import BEFORE_WEEKS, NOW_WEEKS, WINDOW_WEEKS

Bools = NDArray[np.bool_]
Counts = NDArray[np.int64]

RATIO = 1.5
RATIO_PAPERS = 5


def four_week_ratio(k: Counts, n: Counts) -> Bools:
    """The plain rule: the share of the last four weeks is 1.5 times that of the four before, on five papers or more.

    Shape ``(n_terms, n_weeks)``; true where the rule calls a term rising in a week.
    """
    calls = np.zeros(k.shape, dtype=bool)
    for week in range(7, k.shape[1]):
        now, before = slice(week - 3, week + 1), slice(week - 7, week - 3)
        share = k[:, now].sum(axis=1) / max(1, n[now].sum())
        earlier = k[:, before].sum(axis=1) / max(1, n[before].sum())
        calls[:, week] = (share >= RATIO * earlier) & (k[:, now].sum(axis=1) >= RATIO_PAPERS)
    return calls


def kleinberg_bursts(k: Counts, n: Counts, *, first: int, factor: float = 2.0, gamma: float = 1.0) -> Bools:
    """Kleinberg's (2003) two-state automaton for batched arrivals, seen from each week from ``first`` on.

    The burst state has ``factor`` times the rate of all weeks so far; going up costs ``gamma log(n_weeks)``. True where
    the cheapest path up to a week ends in the burst state. Shape ``(n_terms, n_weeks)``.
    """
    calls = np.zeros(k.shape, dtype=bool)
    for week in range(first, k.shape[1]):
        counts, papers = k[:, : week + 1].astype(float), n[: week + 1].astype(float)
        base = np.clip(counts.sum(axis=1) / papers.sum(), 1e-9, 0.45)
        rates = np.stack([base, np.minimum(factor * base, 0.9)])[:, :, None]
        costs = -(counts * np.log(rates) + (papers - counts) * np.log1p(-rates))
        up = gamma * np.log(week + 1)
        low, high = costs[0, :, 0], costs[1, :, 0] + up
        for i in range(1, week + 1):
            low, high = (
                np.minimum(low, high) + costs[0, :, i],
                np.minimum(high, low + up) + costs[1, :, i],
            )
        calls[:, week] = (high < low) & (counts.sum(axis=1) > 0)
    return calls


def share_of_weeks(k: Counts, n: Counts, last: int, n_weeks: int) -> float:
    """The share of the ``n_weeks`` weeks that end with ``last``."""
    weeks = slice(max(0, last - n_weeks + 1), last + 1)
    return float(k[weeks].sum() / max(1, n[weeks].sum()))


def held(k: Counts, n: Counts, week: int, *, after_weeks: int) -> bool | None:
    """Whether a rise called in a week was still nearer to its new share than to its old one ``after_weeks`` later.

    The rule by which Papertide scores its own calls; ``None`` where those weeks are not there yet.
    """
    if week + after_weeks >= len(n):
        return None
    start = max(0, week - WINDOW_WEEKS + 1)
    before = share_of_weeks(k, n, start + BEFORE_WEEKS - 1, BEFORE_WEEKS)
    halfway = (share_of_weeks(k, n, week, NOW_WEEKS) + before) / 2
    return share_of_weeks(k, n, week + after_weeks, NOW_WEEKS) > halfway


def alarms(calls: Bools, *, quiet_weeks: int = 13) -> list[tuple[int, int]]:
    """Term and week of each alarm: a call after ``quiet_weeks`` without one. Repeating a call is not a new alarm."""
    found = []
    for term, row in enumerate(calls):
        last = -quiet_weeks - 1
        for week in np.flatnonzero(row).tolist():
            if week - last > quiet_weeks:
                found.append((term, week))
            last = week
    return found
