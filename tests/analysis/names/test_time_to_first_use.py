"""The time to the first use by another team."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest

from analysis.names.time_to_first_use import Introduction, first_use_share
from domain.week import Week

START = Week(date(2025, 7, 7))


def of(week: int, used: int | None = None) -> Introduction:
    return Introduction(START.plus(week), None if used is None else START.plus(used))


def test_without_censoring_the_share_is_the_fraction_used_in_time() -> None:
    found = first_use_share([of(0, 3), of(0, 30), of(0), of(0)], until=START.plus(60), within_weeks=26)
    assert (found.n, found.n_used, found.n_watched) == (4, 1, 4)
    assert found.share == pytest.approx(0.25)
    assert 0 < found.low < 0.25 < found.high < 1


def test_things_watched_for_less_time_count_for_the_time_they_were_watched() -> None:
    # Kaplan and Meier by hand: at 5 weeks one of four is used, at 20 one of the two that are still watched.
    found = first_use_share([of(0, 5), of(0, 20), of(0), of(50)], until=START.plus(60), within_weeks=26)
    assert found.share == pytest.approx(1 - 3 / 4 * 1 / 2)
    assert found.n_watched == 3


def test_a_share_without_any_use_has_an_upper_end() -> None:
    found = first_use_share([of(0)] * 20, until=START.plus(60), within_weeks=26)
    assert (found.share, found.low) == (0, 0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 20))


def test_things_that_nobody_could_watch_for_so_long_have_no_share() -> None:
    found = first_use_share([of(50, 51)], until=START.plus(60), within_weeks=26)
    assert math.isnan(found.share)


def test_a_use_after_the_last_counted_week_has_not_happened_yet() -> None:
    assert first_use_share([of(0, 40)], until=START.plus(39), within_weeks=60).n_used == 0


def test_the_interval_covers_the_true_share() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(100):
        delays = rng.exponential(60, 60)
        starts = rng.integers(0, 40, 60)
        made = [of(int(s), int(s + d)) for s, d in zip(starts, delays, strict=True)]
        found = first_use_share(made, until=START.plus(60), within_weeks=26)
        covered += found.low <= 1 - math.exp(-27 / 60) <= found.high  # a delay of 26 weeks and some days counts as 26
    assert covered >= 88
