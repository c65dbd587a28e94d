"""Numbers, dates and lists as text."""

from __future__ import annotations

import math
from datetime import date

import pytest

from domain.digest import N_RECENT_WEEKS, Change, Share
from domain.week import Week
from templates import number_text

NB = "\u00a0"


def change(before: float, difference: float) -> Change:
    baseline = Share(1, 2, before, before, before)
    return Change(baseline, (), difference, difference - 0.001, difference + 0.001, 0.5, "steady")


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0914, "9.1"),
        (0.00896, "0.90"),
        (0.0, "0"),
        (1.0, "100.0"),
        (0.00003, "0.003"),
        (0.0000003, "under 0.0001"),
        (0.00999, "1.00"),
    ],
)
def test_a_share_has_one_decimal_and_two_below_one_percent(share: float, shown: str) -> None:
    assert number_text.percent(share) == f"{shown}{NB}%"


def test_an_interval_is_as_precise_as_its_share() -> None:
    assert number_text.interval(Share(26, 2902, 0.009, 0.0061, 0.0131)) == f"0.61 to 1.31{NB}%"
    assert number_text.interval(Share(1, 34886, 0.000029, 0.000005, 0.00016)) == f"0.001 to 0.016{NB}%"


def test_an_unknown_number_is_shown_as_text() -> None:
    assert (
        number_text.percent(math.nan) == number_text.interval(Share(0, 0, math.nan, math.nan, math.nan)) == "not known"
    )
    assert number_text.count(math.nan) == "not known"


@pytest.mark.parametrize(
    ("before", "difference", "shown"),
    [(0.08, 0.0118, "+1.2"), (0.08, -0.0118, "−1.2"), (0.08, -0.0001, "0.0"), (0.009, -0.0028, "−0.28")],
)
def test_a_change_has_its_sign_and_the_precision_of_this_weeks_share(
    before: float, difference: float, shown: str
) -> None:
    assert number_text.points(change(before, difference)) == f"{shown}{NB}points"


def test_counts_have_thousands_and_the_right_plural() -> None:
    assert number_text.plural(1, "paper") == f"1{NB}paper"
    assert number_text.plural(2902, "paper") == f"2,902{NB}papers"


@pytest.mark.parametrize(
    ("monday", "shown"),
    [
        (date(2026, 6, 15), "15 to 21 June 2026"),
        (date(2026, 6, 29), "29 June to 5 July 2026"),
        (date(2025, 12, 29), "29 December 2025 to 4 January 2026"),
    ],
)
def test_a_week_shows_month_and_year_once_if_they_are_the_same(monday: date, shown: str) -> None:
    assert number_text.dates(Week(monday)) == shown


def test_consecutive_weeks_become_a_range() -> None:
    week = Week.parse("2025-W51")
    weeks = [week, week.plus(1), week.plus(2), week.plus(5)]
    assert number_text.week_range(weeks) == "2025-W51 to 2026-W01 and 2026-W04"
    assert number_text.week_range([week]) == "2025-W51"


def test_the_words_for_numbers_of_weeks_follow_the_constants() -> None:
    assert [number_text.number_word(n) for n in (N_RECENT_WEEKS, 12, 13)] == ["four", "twelve", "13"]
