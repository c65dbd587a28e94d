"""What is new: every paper above the threshold of its week, which only the weeks before it set."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.search.new_papers import CALIBRATION_WEEKS, NewPapers, new_papers
from domain.paper import ArxivId
from domain.paper_arrays import day_number
from domain.week import Week

FIRST = Week.parse("2026-W01")
N_WEEKS, PER_WEEK = 12, 20


def _corpus(seed: int, n_weeks: int = N_WEEKS) -> tuple[NDArray[np.float32], NDArray[np.int32], tuple[ArxivId, ...]]:
    """Scores, days and ids of some weeks, twenty papers each, oldest first."""
    rng = np.random.default_rng(seed)
    days = np.array(
        [day_number(FIRST.plus(w).monday) + i % 7 for w in range(n_weeks) for i in range(PER_WEEK)], dtype=np.int32
    )
    ids = tuple(ArxivId(f"2601.{n:05d}") for n in range(len(days)))
    return rng.random(len(days)).astype(np.float32), days, ids


def _new(
    seed: int, weeks: range, per_week: int | None, *, n_weeks: int = N_WEEKS, held: int | None = None
) -> NewPapers:
    scores, day, ids = _corpus(seed, n_weeks)
    among = np.isin(np.arange(len(day)) // PER_WEEK, list(weeks))
    if held is not None:  # only the first weeks are stored yet
        kept = np.arange(len(day)) // PER_WEEK < held
        scores, day, among, ids = scores[kept], day[kept], among[kept], ids[: int(kept.sum())]
    last = FIRST.plus((held or n_weeks) - 1)
    return new_papers(
        scores, scores > 0.2, ids=ids, day=day, among=among, per_week=per_week, share_of_best=0.5, last_closed=last
    )


@given(st.integers(0, 1000), st.integers(1, 12), st.integers(5, N_WEEKS - 1))
def test_every_paper_above_the_threshold_is_new_and_no_other(seed: int, per_week: int, week: int) -> None:
    scores, day, _ = _corpus(seed)
    new = _new(seed, range(week, week + 1), per_week)
    threshold = new.thresholds[FIRST.plus(week)]
    of_week = (np.arange(len(day)) // PER_WEEK == week) & (scores > 0.2)
    least = -1.0 if threshold.score is None else threshold.score
    assert set(new.rows) == set(np.flatnonzero(of_week & (scores >= least)).tolist())
    assert new.n_below == int(of_week.sum()) - len(new.rows)
    assert [float(scores[row]) for row in new.rows] == sorted((float(scores[row]) for row in new.rows), reverse=True)


@given(st.integers(0, 1000), st.integers(1, 10))
def test_the_weeks_that_set_a_threshold_had_as_many_papers_as_are_wanted(seed: int, per_week: int) -> None:
    scores, day, _ = _corpus(seed)
    threshold = _new(seed, range(10, 11), per_week).newest_threshold
    assert threshold is not None
    assert threshold.score is not None
    assert (threshold.first_week, threshold.last_week) == (FIRST.plus(2), FIRST.plus(9))
    number = np.arange(len(day)) // PER_WEEK
    reached = scores[(number >= 2) & (number <= 9)] >= threshold.score
    assert reached.sum() == per_week * CALIBRATION_WEEKS


@given(st.integers(0, 1000))
def test_without_a_number_papers_with_half_the_best_score_are_new(seed: int) -> None:
    scores, day, _ = _corpus(seed)
    threshold = _new(seed, range(10, 11), None).newest_threshold
    assert threshold is not None
    number = np.arange(len(day)) // PER_WEEK
    pool = scores[(number >= 2) & (number <= 9) & (scores > 0.2)]
    assert threshold.score == pytest.approx(pool.max() / 2)
    assert threshold.n_per_week == pytest.approx((pool >= pool.max() / 2).sum() / 8)


@given(st.integers(0, 1000), st.integers(1, 10), st.integers(5, N_WEEKS))
def test_what_was_new_stays_new_when_later_weeks_come(seed: int, per_week: int, held: int) -> None:
    weeks = range(4, 5)
    assert _new(seed, weeks, per_week, held=held).rows == _new(seed, weeks, per_week).rows


def test_a_week_alone_and_among_others_brings_the_same() -> None:
    alone = {row for week in range(4, 9) for row in _new(3, range(week, week + 1), 4).rows}
    assert set(_new(3, range(4, 9), 4).rows) == alone


def test_the_first_weeks_are_set_on_those_that_are_held() -> None:
    threshold = _new(1, range(1), 4, n_weeks=3).newest_threshold
    assert threshold is not None
    assert (threshold.first_week, threshold.last_week) == (FIRST, FIRST.plus(2))


def test_where_no_week_is_closed_every_paper_found_is_new() -> None:
    scores, day, ids = _corpus(1, 1)
    new = new_papers(
        scores,
        scores > 0.2,
        ids=ids,
        day=day,
        among=np.ones(len(day), dtype=bool),
        per_week=1,
        share_of_best=0.5,
        last_closed=FIRST.plus(-1),
    )
    assert len(new.rows) == int((scores > 0.2).sum())
    assert new.newest_threshold is not None
    assert new.newest_threshold.score is None


def test_what_ranks_papers_neither_sets_the_threshold_nor_lets_one_in() -> None:
    scores, day, ids = _corpus(1)
    given_as_well: dict[str, Any] = {
        "ids": ids,
        "day": day,
        "among": np.ones(len(day), dtype=bool),
        "per_week": 3,
        "share_of_best": 0.5,
        "last_closed": FIRST.plus(N_WEEKS - 1),
    }
    by_score = new_papers(scores, scores > 0.2, **given_as_well)
    lowest = by_score.rows[-1]
    ranked_by = np.where(np.arange(len(day)) == lowest, np.float32(2), scores)
    ranked = new_papers(scores, scores > 0.2, ranked_by=ranked_by, **given_as_well)
    assert ranked.rows == [lowest, *by_score.rows[:-1]]
    assert ranked.thresholds == by_score.thresholds


def test_without_papers_nothing_is_new() -> None:
    new = _new(1, range(0), 3)
    assert (new.rows, new.n_below, new.newest_threshold) == ([], 0, None)


def test_less_than_one_paper_a_week_cannot_be_wanted() -> None:
    with pytest.raises(ValueError, match="at least 1 paper"):
        _new(1, range(5, 6), 0)


def test_the_week_of_a_day_is_that_of_its_monday() -> None:
    day = np.array([day_number(date(2026, 1, 4)), day_number(date(2026, 1, 5))], dtype=np.int32)
    ids = (ArxivId("2601.00001"), ArxivId("2601.00002"))
    both = np.ones(2, dtype=bool)
    new = new_papers(
        both.astype(np.float32),
        both,
        ids=ids,
        day=day,
        among=both,
        per_week=1,
        share_of_best=0.5,
        last_closed=FIRST.plus(5),
    )
    assert set(new.thresholds) == {Week.parse("2026-W01"), Week.parse("2026-W02")}
