"""Periods: each has its record, is in its place in menus, and is made of whole weeks."""

from __future__ import annotations

from datetime import date
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from domain.trend_periods import PERIODS, Period
from domain.week import Week

MONDAYS = st.dates(date(1991, 8, 14), date(2100, 1, 1)).map(lambda day: Week.containing_day(day).monday)


def test_every_period_has_a_record_under_its_own_key_in_order() -> None:
    assert tuple(PERIODS) == get_args(Period)
    assert [period.key for period in PERIODS.values()] == list(PERIODS)
    lengths = [period.n_months for period in PERIODS.values()]
    assert lengths == sorted(lengths)
    assert all(12 % n_months == 0 for n_months in lengths[1:])


@given(MONDAYS, st.sampled_from(sorted(PERIODS)))
def test_weeks_share_a_name_exactly_if_they_share_a_period(monday: date, key: Period) -> None:
    period, following = PERIODS[key], Week(monday).plus(1).monday
    is_same = period.first_day(monday) == period.first_day(following)
    assert (period.name(monday) == period.name(following)) == is_same
    assert (period.label(monday) == period.label(following)) == is_same
    assert period.first_day(monday) <= period.day_inside(monday)


def test_names_and_labels_are_those_that_people_know() -> None:
    new_year = date(2024, 12, 30)  # its Thursday is in January
    assert [period.name(new_year) for period in PERIODS.values()] == ["2025-W01", "2025-01", "2025-Q1", "2025"]
    assert [period.label(new_year) for period in PERIODS.values()] == ["2025-W01", "January 2025", "2025 Q1", "2025"]
