"""Shares by meaning have an interval only where somebody has read a dozen of their papers."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.trends.count_by_meaning_error import MIN_ANSWERS, with_measured_error
from analysis.trends.shares import share_of
from domain.trends import TrendPoint


def _point(k: int, n: int) -> TrendPoint:
    share = share_of(k, n)
    values = (share.share, share.low, share.high) if n else (None, None, None)
    return TrendPoint(date(2026, 6, 15), date(2026, 6, 21), k, n, *values, True, None, None, None)


def test_without_enough_answers_there_is_no_interval() -> None:
    for precision in (None, share_of(9, MIN_ANSWERS - 1)):
        [point] = with_measured_error([_point(20, 1000)], precision)
        assert (point.share, point.low, point.high) == (0.02, None, None)


@given(st.integers(0, 400), st.integers(400, 3000), st.integers(0, 40))
def test_answers_widen_the_interval_downwards_and_keep_the_share_in_it(k: int, n: int, n_right: int) -> None:
    before = _point(k, n)
    [point] = with_measured_error([before], share_of(n_right, 40))
    assert point.low is not None
    assert before.low is not None
    assert 0 <= point.low <= before.low + 1e-6
    assert point.high == before.high


def test_more_answers_and_more_right_ones_narrow_it() -> None:
    lows = [
        with_measured_error([_point(60, 1000)], share_of(*answers))[0].low for answers in ((6, 12), (9, 12), (90, 120))
    ]
    assert lows == sorted(lows)  # type: ignore[type-var]
    assert with_measured_error([_point(60, 1000)], share_of(0, 12))[0].low == 0


def test_a_period_without_papers_stays_as_it_is() -> None:
    assert with_measured_error([_point(0, 0)], share_of(9, 12)) == (_point(0, 0),)


@pytest.mark.parametrize(("k", "n", "right", "read"), [(60, 1000, 9, 12), (200, 1000, 30, 40), (20, 2000, 12, 24)])
def test_the_lower_end_covers_the_papers_that_are_meant_in_most_samples(k: int, n: int, right: int, read: int) -> None:
    """Simulated: the share that is meant lies above the lower end in at least 95 of 100 draws."""
    rng = np.random.default_rng(3)
    truth = k / n * right / read
    covered = 0
    for _ in range(2_000):
        counted, answered = int(rng.binomial(n, k / n)), int(rng.binomial(read, right / read))
        [point] = with_measured_error([_point(counted, n)], share_of(answered, read))
        covered += point.low is not None and point.low <= truth
    assert covered >= 0.95 * 2_000
