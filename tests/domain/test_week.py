"""ISO weeks in UTC, also around New Year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.week import Week, last_closed_week, weeks_before, weeks_between

_INSTANTS = st.datetimes(datetime(1991, 1, 8), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(_INSTANTS)
def test_every_instant_is_in_exactly_one_week(at: datetime) -> None:
    week = Week.containing(at)
    assert week.start_at <= at < week.end_at
    assert week.end_at == week.plus(1).start_at
    assert Week.parse(str(week)) == week


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2024, 1, 1), "2024-W01"),
        (date(2024, 12, 30), "2025-W01"),
        (date(2021, 1, 3), "2020-W53"),
        (date(2026, 6, 21), "2026-W25"),
    ],
)
def test_weeks_around_new_year_have_their_iso_name(day: date, name: str) -> None:
    assert str(Week.containing(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))) == name


def test_an_instant_is_placed_by_utc_and_not_by_its_own_zone() -> None:
    auckland = timezone(timedelta(hours=12))
    assert str(Week.containing(datetime(2026, 6, 22, 11, 59, tzinfo=auckland))) == "2026-W25"


@pytest.mark.parametrize("text", ["2026-25", "2026-W60", "2025-W53", "2026-W00", "2026-W1", "W25", "", "2026-W25 "])
def test_what_is_no_week_is_refused_with_what_came(text: str) -> None:
    with pytest.raises(ValueError, match="not a week") as caught:
        Week.parse(text)
    assert repr(text) in str(caught.value)


def test_a_week_starts_on_a_monday_and_knows_no_naive_instant() -> None:
    with pytest.raises(ValueError, match="Monday"):
        Week(date(2026, 6, 16))
    with pytest.raises(ValueError, match="timezone"):
        Week.containing(datetime(2026, 6, 16))  # noqa: DTZ001


def test_a_week_is_closed_from_tuesday_six_utc() -> None:
    week, tuesday = Week.parse("2026-W25"), datetime(2026, 6, 23, 6, tzinfo=UTC)
    assert week.is_closed(tuesday)
    assert not week.is_closed(tuesday - timedelta(seconds=1))
    assert last_closed_week(tuesday) == week
    assert last_closed_week(tuesday - timedelta(seconds=1)) == week.plus(-1)


@given(_INSTANTS)
def test_the_last_closed_week_is_closed_and_the_next_is_not(now: datetime) -> None:
    last = last_closed_week(now)
    assert last.is_closed(now)
    assert not last.plus(1).is_closed(now)


def test_weeks_between_hold_both_ends_without_gaps() -> None:
    first = Week.parse("2020-W52")
    assert [str(w) for w in weeks_between(first, first.plus(2))] == ["2020-W52", "2020-W53", "2021-W01"]
    assert list(weeks_between(first, first.plus(-1))) == []


def test_weeks_before_a_week_leave_it_out() -> None:
    week = Week.parse("2021-W02")
    assert [str(w) for w in weeks_before(week, 3)] == ["2020-W52", "2020-W53", "2021-W01"]
    assert weeks_before(week, 3) == tuple(weeks_between(week.plus(-3), week.plus(-1)))
    assert weeks_before(week, 0) == ()


@pytest.mark.parametrize(
    ("week", "closes"),
    [
        ("2026-W25", "2026-06-23T06:00"),
        ("2026-W03", "2026-01-21T06:00"),  # 19 January: arXiv rests on Martin Luther King's day
        ("2026-W36", "2026-09-09T06:00"),  # 7 September: Labor Day
        ("2028-W52", "2029-01-03T06:00"),  # New Year's Day is a Monday
    ],
)
def test_a_week_closes_after_the_first_announcement_behind_it(week: str, closes: str) -> None:
    at = datetime.fromisoformat(f"{closes}+00:00")
    one = Week.parse(week)
    assert one.closes_at == at
    assert last_closed_week(at) == one
    assert last_closed_week(at - timedelta(minutes=1)) == one.plus(-1)
    assert not one.is_closed(at - timedelta(minutes=1))


@given(_INSTANTS, st.integers(-520, 520))
def test_weeks_until_undoes_plus(now: datetime, n_weeks: int) -> None:
    week = Week.containing(now)
    assert week.weeks_until(week.plus(n_weeks)) == n_weeks


@pytest.mark.parametrize(
    ("week", "closes"),
    [
        ("2026-W26", "2026-06-30"),
        ("2027-W26", "2027-07-07"),  # Sunday, 4 July 2027, is observed on Monday
        ("2026-W27", "2026-07-07"),  # Saturday, 4 July 2026, was observed on Friday
        ("2026-W36", "2026-09-09"),
        ("2022-W51", "2022-12-28"),  # Christmas on a Sunday
        ("2028-W24", "2028-06-21"),  # 19 June on a Monday
    ],
)
def test_a_week_closes_a_day_later_where_monday_is_a_holiday_or_observed_as_one(week: str, closes: str) -> None:
    assert Week.parse(week).closes_at.isoformat() == f"{closes}T06:00:00+00:00"
