"""Shares stay in their bounds, and series keep every paper."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.trends.shares import share_of, share_points, share_series
from domain.trend_periods import PERIODS, Period
from domain.week import Week, weeks_between
from domain.weekly_table_schemas import WEEKLY_TOTALS

FIRST = Week.parse("2024-W48")
_COUNTS = st.lists(
    st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=70
)


def _totals(n: list[int], *, incomplete: tuple[int, ...] = (), first: Week = FIRST) -> pd.DataFrame:
    weeks = pd.to_datetime([first.plus(i).monday for i in range(len(n))]).astype("datetime64[us]")
    complete = [i not in incomplete for i in range(len(n))]
    return WEEKLY_TOTALS.check(
        pd.DataFrame({"week_start": weeks, "n": pd.Series(n, dtype="int64"), "complete": complete})
    )


def _by_week(k: list[int]) -> dict[Week, int]:
    return {FIRST.plus(i): value for i, value in enumerate(k) if value}


@given(n=st.integers(1, 10**6), data=st.data())
def test_an_interval_holds_its_share_within_0_and_1(n: int, data: st.DataObject) -> None:
    share = share_of(data.draw(st.integers(0, n)), n)
    assert -1e-12 <= share.low <= share.share + 1e-12
    assert share.share - 1e-12 <= share.high <= 1 + 1e-12


def test_the_interval_is_wilsons() -> None:
    share = share_of(10, 100)
    assert (share.low, share.high) == pytest.approx((0.05523, 0.17437), abs=1e-5)


def test_too_few_papers_have_no_share_but_keep_their_counts() -> None:
    share = share_of(3, 9, min_papers=10)
    assert (share.k, share.n) == (3, 9)
    assert all(math.isnan(x) for x in (share.share, share.low, share.high))
    assert math.isnan(share_of(0, 0).share)


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match=f"k={k}, n={n}"):
        share_of(k, n)


@given(counts=_COUNTS, by=st.sampled_from(tuple(PERIODS)))
def test_a_series_keeps_every_paper_and_leaves_no_gap(counts: list[tuple[int, int]], by: Period) -> None:
    k, n = [c[0] for c in counts], [c[1] for c in counts]
    totals = _totals(n)
    before = totals.copy(deep=True)
    series = share_series(totals, _by_week(k), by=by)
    pd.testing.assert_frame_equal(totals, before)
    assert (series["k"].sum(), series["n"].sum()) == (sum(k), sum(n))
    assert series["start"].iloc[0] == totals["week_start"].iloc[0]
    gaps = series["start"].iloc[1:].to_numpy() - series["end"].iloc[:-1].to_numpy()
    assert (gaps == np.timedelta64(1, "D")).all()
    assert (series["share"].isna() == (series["n"] == 0)).all()


def test_a_week_belongs_to_the_month_of_its_thursday() -> None:
    series = share_series(_totals([10] * 7), _by_week([1] * 7), by="month")
    assert series["start"].dt.date.tolist() == [date(2024, 11, 25), date(2024, 12, 2), date(2024, 12, 30)]
    assert series["n"].tolist() == [10, 40, 20]


def test_a_period_is_complete_only_if_all_its_weeks_are() -> None:
    series = share_series(_totals([10] * 10, incomplete=(2,)), {}, by="month")
    assert series["start"].dt.month.tolist() == [11, 12, 12]
    assert series["complete"].tolist() == [False, False, True]  # of November only the last week is there


@pytest.mark.parametrize(
    ("by", "first", "last"),
    [
        ("month", "2026-W23", "2026-W26"),
        ("month", "2026-W27", "2026-W31"),  # five Thursdays
        ("quarter", "2026-W14", "2026-W26"),
        ("year", "2020-W01", "2020-W53"),
        ("year", "2025-W01", "2025-W52"),
    ],
)
def test_a_period_that_lacks_its_first_or_last_week_is_not_complete(by: Period, first: str, last: str) -> None:
    weeks = list(weeks_between(Week.parse(first), Week.parse(last)))
    for held, complete in ((weeks, True), (weeks[1:], False), (weeks[:-1], False)):
        [period] = share_points(share_series(_totals([10] * len(held), first=held[0]), {}, by=by))
        assert (period.n, period.complete) == (10 * len(held), complete)
        assert (period.start, period.end) == (held[0].monday, held[-1].sunday)


def test_points_are_the_rows_of_the_series() -> None:
    first, gap = share_points(share_series(_totals([4, 0]), _by_week([1])))
    assert (first.start, first.end, first.k, first.n, first.share, first.complete) == (
        FIRST.monday,
        FIRST.sunday,
        1,
        4,
        0.25,
        True,
    )
    assert (gap.n, math.isnan(gap.share)) == (0, True)


def test_an_empty_table_gives_an_empty_series() -> None:
    for by in PERIODS:
        assert share_series(WEEKLY_TOTALS.empty(), {}, by=by).empty
