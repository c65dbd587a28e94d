"""What is new for a saved search or a topic: every paper of some weeks whose score reaches a calibrated threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from domain.paper import ArxivId
from domain.paper_arrays import day_number
from domain.personal_digest import ScoreThreshold
from domain.week import Week

CALIBRATION_WEEKS = 8
"""A week's threshold is set on so many weeks before it."""
MIN_CALIBRATION_WEEKS = 4
"""With fewer weeks before it, a week's threshold is set on the first weeks held, which may include it."""

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, eq=False)
class NewPapers:
    """The rows of new papers, best first, and what set the bar for them.

    Attributes
    ----------
    rows : every paper asked about whose score reaches the threshold of its week.
    n_below : papers asked about that were found, but score less.
    thresholds : of each week that was asked about.
    """

    rows: list[int]
    n_below: int
    thresholds: Mapping[Week, ScoreThreshold]

    @property
    def newest_threshold(self) -> ScoreThreshold | None:
        """The threshold of the newest week asked about; ``None`` if no paper was asked about."""
        return self.thresholds[max(self.thresholds)] if self.thresholds else None


def new_papers(
    scores: NDArray[np.float32],
    found: NDArray[np.bool_],
    *,
    ids: Sequence[ArxivId],
    day: NDArray[np.int32],
    among: NDArray[np.bool_],
    per_week: int | None,
    share_of_best: float,
    last_closed: Week,
    ranked_by: NDArray[np.float32] | None = None,
) -> NewPapers:
    """The papers ``among`` some that are above the threshold of their week, best first.

    A paper's bar depends only on the weeks before its own, so a paper that is new in one place is new in all, and stays
    so later.

    Parameters
    ----------
    scores : of each paper, ``(n_papers,)``; higher is better. The threshold is one of them.
    found : whether each paper is a candidate at all.
    ids : the papers, which decide between equal scores.
    day : the day of each paper's first submission, days since 1970-01-01.
    among : the papers that are asked about.
    per_week : about how many papers a week are wanted, at least 1; ``None`` for those near the best.
    share_of_best : which share of the best score counts as near it where no number is wanted, in (0, 1].
    last_closed : the newest week whose papers are all there; later ones calibrate nothing.
    ranked_by : what orders the papers, ``(n_papers,)``; the scores if it is not given.
    """
    order = scores if ranked_by is None else ranked_by
    mondays = _mondays(day)
    held = np.unique(mondays[mondays <= day_number(last_closed.monday)])
    wanted = np.unique(mondays[among])
    thresholds: dict[Week, ScoreThreshold] = {}
    is_new = np.zeros(len(scores), dtype=bool)
    for monday in wanted.tolist():
        threshold = _threshold(scores, found, mondays, _calibration_weeks(held, monday), per_week, share_of_best)
        thresholds[_week(monday)] = threshold
        of_week = among & found & (mondays == monday)
        is_new |= of_week if threshold.score is None else of_week & (scores >= threshold.score)
    rows = sorted(np.flatnonzero(is_new).tolist(), key=lambda row: (-order[row], ids[row]))
    return NewPapers(rows, int((among & found).sum()) - len(rows), thresholds)


def _calibration_weeks(held: NDArray[np.int32], monday: int) -> NDArray[np.int32]:
    before = held[held < monday]
    return before[-CALIBRATION_WEEKS:] if len(before) >= MIN_CALIBRATION_WEEKS else held[:CALIBRATION_WEEKS]


def _threshold(
    scores: NDArray[np.float32],
    found: NDArray[np.bool_],
    mondays: NDArray[np.int32],
    weeks: NDArray[np.int32],
    per_week: int | None,
    share_of_best: float,
) -> ScoreThreshold:
    """The score that ``per_week`` papers a week have reached in some weeks, or a share of their best score."""
    if per_week is not None and per_week < 1:
        raise ValueError(f"at least 1 paper a week must be wanted, got {per_week}")
    pool = scores[found & np.isin(mondays, weeks)]
    if not len(weeks):
        return ScoreThreshold(per_week, share_of_best, None)
    first, last = _week(int(weeks[0])), _week(int(weeks[-1]))
    n_wanted = len(pool) if per_week is None else per_week * len(weeks)
    if not len(pool) or (per_week is not None and len(pool) <= n_wanted):
        return ScoreThreshold(per_week, share_of_best, None, first, last, len(pool) / len(weeks))
    least = share_of_best * pool.max() if per_week is None else np.partition(pool, len(pool) - n_wanted)[-n_wanted]
    n_reached = int((pool >= least).sum())
    return ScoreThreshold(per_week, share_of_best, float(least), first, last, n_reached / len(weeks))


def _mondays(day: NDArray[np.int32]) -> NDArray[np.int32]:
    """The Monday of each day's week; 1970-01-01 was a Thursday."""
    mondays: NDArray[np.int32] = (day + 3) // 7 * 7 - 3
    return mondays


def _week(monday: int) -> Week:
    return Week(date.fromordinal(monday + _EPOCH))
