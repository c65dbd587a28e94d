"""Whether arXiv's index lacks papers of a week although its count agrees with what is held.

arXiv's query API is behind the site now and then, by a day or more, or lacks a range of identifiers. Its totals are
consistent then, so only the times of the papers can show it:

- *end*: nothing for some time before the week's end, or hardly anything in its last announcement batch (from Friday
  14:00 New York), and nothing at all after the week. An index that is up to date shows Monday's submissions once a week
  is closed, so one newer paper in any category of arXiv disproves it.
- *range*: a batch within the week has next to nothing, with papers before and after it, and no holiday explains it.

What to expect comes from the same week's other batches, and from the batches of up to ``N_REFERENCE_WEEKS`` complete
weeks before it. ``python -m benchmarks.index_gap_detection`` measures the decision on a year of real submission times.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median

from domain.announcements import deadline_of, may_be_holiday
from domain.harvest import IndexGap
from domain.week import Week, weeks_before

N_REFERENCE_WEEKS = 8
_MIN_REFERENCE_WEEKS = 3
_USUAL = (0.10, 0.18, 0.17, 0.17, 0.15, 0.24, 0.10)
"""A week's papers by batch, and the part of the last batch that belongs to the next week, as fractions of the week.
Medians of every other week from 2025-W23 to 2026-W25 in machine learning; used while fewer than
``_MIN_REFERENCE_WEEKS`` weeks are held."""
_LAST = 5  # position of the week's part of its last batch

END_MIN_GAP = timedelta(hours=6)
"""The index may end where the newest paper is, if that is so long before the week's end ..."""
END_LEVEL = 0.05
"""... and if the week's papers all fall before so long a gap with at most this probability."""
END_MIN_PAPERS = 5
"""A week with fewer papers, in weeks as small, shows nothing about the index."""
END_RATIO = 0.35
"""It may also have reached the last batch only in part, with less than this fraction of the expected papers."""
RANGE_RATIO = 0.02
"""A batch within the week has too few papers below this fraction of the expected number."""
RANGE_MIN_EXPECTED = 20.0
"""... and if at least so many papers are expected in it."""
_QUIET_WEEK = 0.25  # no real week had a smaller part of the papers of the weeks before it; New Year's has half
_MIN_SEEN = 0.4  # a smaller part of a week does not show how large the whole is
_LARGE = 60.0  # expected papers above which a number below END_RATIO is improbable enough


def batch_bounds(week: Week) -> list[datetime]:
    """The bounds of a week's announcement batches: its start, the deadlines of Monday to Friday, and its end.

    The last batch goes on until Monday's deadline, which is the eighth bound.
    """
    deadlines = [deadline_of(week.monday + timedelta(days=i)) for i in (0, 1, 2, 3, 4, 7)]
    return [week.start_at, *deadlines[:5], week.end_at, deadlines[5]]


def suspected_gap(week: Week, times: Sequence[datetime], complete_weeks: Collection[Week] = ()) -> IndexGap | None:
    """The evidence in submission times that arXiv's index lacks papers of a closed week; ``None`` if there is none.

    An ``end`` is only a suspicion until arXiv was asked for newer papers: see ``is_confirmed``.

    Parameters
    ----------
    times : submission times of the watched papers held, ascending: the week's, those of the weeks before it, and any
        newer ones.
    complete_weeks : the weeks that are complete; those before ``week`` show what is usual.
    """
    bounds = batch_bounds(week)
    counts = _counts(times, bounds)
    reference = [_counts(times, batch_bounds(w)) for w in weeks_before(week, N_REFERENCE_WEEKS) if w in complete_weeks]
    reference = [n for n in reference if sum(n[:_LAST])]
    enough = len(reference) >= _MIN_REFERENCE_WEEKS
    shares = _shares(reference) if enough else _USUAL
    n_weeks = len(reference) if enough else 0
    n_week, n_last = sum(counts[: _LAST + 1]), counts[_LAST]
    n_newer = len(times) - bisect_left(times, week.end_at)
    if not n_newer:
        at_least = _QUIET_WEEK * median(sum(n[: _LAST + 1]) for n in reference) if enough else 0.0
        if max(n_week, at_least) < END_MIN_PAPERS:
            return None
        newest = times[-1] if n_week else week.start_at
        after = _share_after(newest, shares, bounds)
        # Of n papers, each at a time of its own, none comes after the newest; or of as many as in a quiet week.
        probability = min((1 - after) ** n_week, math.exp(-at_least * after))
        if week.end_at - newest >= END_MIN_GAP and probability <= END_LEVEL:
            n_missing = _expected(n_week, after, at_least)
            return IndexGap("end", newest, week.end_at, 0, round(n_missing, 1), n_weeks, n_newer=0)
        n_missing = _expected(n_week - n_last, _share_after(bounds[_LAST], shares, bounds), at_least)
        if _is_too_few(n_last, n_missing):
            return IndexGap("end", bounds[_LAST], week.end_at, n_last, round(n_missing, 1), n_weeks, n_newer=0)
    for position in range(1, _LAST + (n_newer > 0)):
        n_expected = (n_week - counts[position]) * shares[position] / (1 - shares[position])
        if counts[position] >= RANGE_RATIO * n_expected or n_expected < RANGE_MIN_EXPECTED:
            continue
        if not _near_holiday(week, position):
            since, until = bounds[position], bounds[position + 1]
            return IndexGap("range", since, until, counts[position], round(n_expected, 1), n_weeks, n_newer=n_newer)
    return None


def is_confirmed(gap: IndexGap) -> bool:
    """Whether the evidence stands, once ``n_newer`` is what arXiv answered."""
    return gap.kind == "range" or not gap.n_newer


def _counts(times: Sequence[datetime], bounds: Sequence[datetime]) -> list[int]:
    return [bisect_left(times, until) - bisect_left(times, since) for since, until in pairwise(bounds)]


def _shares(reference: Sequence[Sequence[int]]) -> list[float]:
    """The median fraction of a week's papers in each batch, and in the last batch's part after the week."""
    return [median(n[i] / sum(n[: _LAST + 1]) for n in reference) for i in range(_LAST + 2)]


def _share_after(since: datetime, shares: Sequence[float], bounds: Sequence[datetime]) -> float:
    """The usual fraction of a week's papers submitted after an instant; even within each batch."""
    after = sum(
        fraction * min(1.0, max(0.0, (until - since) / (until - start)))
        for fraction, (start, until) in zip(shares[: _LAST + 1], pairwise(bounds[: _LAST + 2]), strict=True)
    )
    return after / sum(shares[: _LAST + 1])


def _expected(n_before: int, after: float, at_least: float) -> float:
    """Papers to expect in the fraction ``after`` of a week with ``n_before`` others; ``at_least`` is for all of it."""
    return max(n_before / max(1 - after, _MIN_SEEN), at_least) * after


def _is_too_few(n: int, n_expected: float) -> bool:
    """Whether a number is far below a Poisson expectation."""
    if n >= END_RATIO * n_expected:
        return False
    return n_expected > _LARGE or _poisson_cdf(n, n_expected) <= END_LEVEL


def _poisson_cdf(n: int, mean: float) -> float:
    return math.exp(-mean) * sum(mean**k / math.factorial(k) for k in range(n + 1))


def _near_holiday(week: Week, position: int) -> bool:
    """Whether a holiday may have kept people from submitting, or moved an announcement, in or next to a batch."""
    days: list[date] = [
        week.monday + timedelta(days=i) for i in ((position - 1, position) if position < _LAST else (4, 7))
    ]
    return any(may_be_holiday(day) for day in days)
