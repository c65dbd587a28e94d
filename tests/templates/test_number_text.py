"""Numbers, dates and changes as text."""

from __future__ import annotations

import math
from datetime import date

import pytest

from domain.digest import N_RECENT_WEEKS, Change, MoveOfWave, Share, TopicCoverage, VenueWave
from domain.trend_calls import CallVerdict, FittedChange, TrendCall
from domain.week import Week
from templates import number_text

NB = "\u00a0"


def change(before: float, difference: float) -> Change:
    baseline = Share(1, 2, before, before, before)
    return Change(baseline, (), difference, difference - 0.001, difference + 0.001, 0.5, "steady")


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0914, "9.1"), (0.00896, "0.90"), (0.0, "0"), (1.0, "100.0"), (0.00003, "0.00"), (0.00999, "1.00")],
)
def test_a_share_has_one_decimal_and_two_below_one_percent(share: float, shown: str) -> None:
    assert number_text.percent(share) == f"{shown}{NB}%"


def test_an_interval_is_as_precise_as_its_share() -> None:
    assert number_text.interval(Share(26, 2902, 0.009, 0.0061, 0.0131)) == f"0.61 to 1.31{NB}%"


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


def fitted(before: float, now: float, low: float, high: float, n_weeks: int = 12) -> FittedChange:
    week = Week.parse("2026-W25")
    return FittedChange(week.plus(1 - n_weeks), week, before, now, now - before, low, high, 0.997)


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (fitted(0.06, 0.081, 0.005, 0.039), "+2.1 points (+0.5 to +3.9) over 12 weeks"),
        (fitted(0.06, 0.05, -0.02, 0.0001), "−1.0 points (−2.0 to 0.0) over 12 weeks"),
        # An end that is not zero is never shown as zero where it decides.
        (fitted(0.06, 0.081, 0.0002, 0.039), "+2.10 points (+0.02 to +3.90) over 12 weeks"),
        (fitted(0.002, 0.004, 0.0011, 0.0033, n_weeks=1), "+0.20 points (+0.11 to +0.33) over 1 week"),
    ],
)
def test_a_change_is_shown_with_its_interval_and_its_weeks(change: FittedChange, shown: str) -> None:
    assert number_text.change_text(change).replace(NB, " ") == shown


def _call(verdict: CallVerdict, change: FittedChange | None) -> TrendCall:
    return TrendCall(Week.parse("2026-W25"), "technique", "rl", verdict, 0.01, 0.08, 0.06, 9000, change)


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        (_call("emerging", fitted(0.06, 0.081, 0.005, 0.039)), "▲ emerging, +2.1 points (+0.5 to +3.9) over 12 weeks"),
        (_call("cooling", None), "▼ cooling"),
        (_call("steady", fitted(0.06, 0.07, -0.01, 0.03)), "≈ within noise, +1.0 points (−1.0 to +3.0) over 12 weeks"),
        (_call("unknown", None), "not known: too few weeks or papers"),
        (None, "not known: too few weeks or papers"),
    ],
)
def test_a_call_is_its_word_and_the_change_of_the_same_test(call: TrendCall | None, shown: str) -> None:
    assert number_text.call_text(call).replace(NB, " ") == shown


def test_a_wave_and_its_moves_are_shown_in_numbers() -> None:
    of_week = VenueWave("Interspeech", 45, 2.0, 12)
    assert number_text.venue_wave_text(of_week).replace(NB, " ") == (
        "Interspeech, 45 papers (usually 2 a week; 12 in the same week a year before)"
    )
    assert number_text.wave_text(MoveOfWave("Interspeech", 24, 56)).replace(NB, " ") == (
        "24 of its 56 papers name Interspeech; without that wave, within noise"
    )
    assert number_text.wave_text(MoveOfWave("ICML", 0, 9)).startswith("earlier weeks had a wave of ICML papers")


def test_the_papers_that_fit_a_topic_have_no_false_precision() -> None:
    assert number_text.coverage_text(TopicCoverage(9, Share(40, 40, 1.0, 0.9, 1.0))).startswith("all of the week")
    assert "100" not in number_text.coverage_text(TopicCoverage(9, Share(40, 40, 1.0, 0.9, 1.0)))
    assert number_text.coverage_text(TopicCoverage(9, Share(30, 40, 0.75, 0.6, 0.9))).startswith(f"75.0{NB}%")


def test_the_words_for_numbers_of_weeks_follow_the_constants() -> None:
    assert [number_text.number_word(n) for n in (N_RECENT_WEEKS, 12, 13)] == ["four", "twelve", "13"]
