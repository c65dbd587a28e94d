"""The movement of a term rests on weeks that can tell, and on the newest half year for its growth."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.trends.growth import change_points, fit_growth
from analysis.trends.growth_of_term import MIN_WEEK, growth_and_changes
from domain.week import Week

WEEKS = [Week.parse("2026-W25").plus(i - 51) for i in range(52)]


def _growing() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    n = np.full(52, 1000, dtype=np.int64)
    return np.linspace(50, 200, 52).astype(np.int64), n


def test_growth_is_that_of_the_last_26_weeks_and_changes_are_those_of_all() -> None:
    k, n = _growing()
    growth, changes = growth_and_changes(k, n, WEEKS, lacking=())
    assert growth == fit_growth(k[None, 26:], n[26:], WEEKS[26:]).changes()[0]
    assert changes == change_points(k, n, WEEKS)


def test_a_week_that_lacks_papers_or_has_few_says_nothing() -> None:
    k, n = _growing()
    plain, _ = growth_and_changes(k, n, WEEKS, lacking=())
    k[40], k[45], n[45] = 900, MIN_WEEK - 1, MIN_WEEK - 1
    disturbed, _ = growth_and_changes(k, n, WEEKS, lacking=())
    without, changes = growth_and_changes(k, n, WEEKS, lacking={WEEKS[40]})
    assert plain is not None
    assert without is not None
    assert disturbed != without
    assert without.difference == pytest.approx(plain.difference, rel=0.02)
    assert changes == []


@pytest.mark.parametrize("n_weeks", [0, 3])
def test_where_no_week_counts_nothing_is_told(n_weeks: int) -> None:
    few = np.full(n_weeks, MIN_WEEK - 1, dtype=np.int64)
    assert growth_and_changes(few, few, WEEKS[:n_weeks], lacking=()) == (None, [])
