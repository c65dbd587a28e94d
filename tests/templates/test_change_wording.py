"""Verdicts, changes, calls and waves as text."""

from __future__ import annotations

import pytest

from domain.digest import VenueWave
from domain.trend_calls import CallVerdict, FittedChange, MoveOfWave, TrendCall, with_wave
from domain.week import Week
from templates import change_wording

NB = "\u00a0"


def fitted(before: float, now: float, low: float, high: float, n_weeks: int = 12) -> FittedChange:
    week = Week.parse("2026-W25")
    return FittedChange(week.plus(1 - n_weeks), week, before, now, now - before, low, high, 0.997)


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (fitted(0.06, 0.081, 0.005, 0.039), "+2.1 points (+0.5 to +3.9) over 12 weeks, fitted 6.0 to 8.1 %"),
        (fitted(0.06, 0.05, -0.02, 0.0001), "−1.0 points (−2.0 to 0.0) over 12 weeks, fitted 6.0 to 5.0 %"),
        # An end that is not zero is never shown as zero where it decides.
        (fitted(0.06, 0.081, 0.0002, 0.039), "+2.10 points (+0.02 to +3.90) over 12 weeks, fitted 6.0 to 8.1 %"),
        (
            fitted(0.002, 0.004, 0.0011, 0.0033, n_weeks=1),
            "+0.20 points (+0.11 to +0.33) over 1 week, fitted 0.20 to 0.40 %",
        ),
    ],
)
def test_a_change_is_shown_with_its_interval_and_its_weeks(change: FittedChange, shown: str) -> None:
    assert change_wording.change_text(change).replace(NB, " ") == shown


def _call(verdict: CallVerdict, change: FittedChange | None) -> TrendCall:
    return TrendCall(Week.parse("2026-W25"), "technique", "rl", verdict, 0.01, 0.08, 0.06, 9000, change)


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        (
            _call("emerging", fitted(0.06, 0.081, 0.005, 0.039)),
            "▲ emerging, +2.1 points (+0.5 to +3.9) over 12 weeks, fitted 6.0 to 8.1 %",
        ),
        (_call("cooling", None), "▼ cooling"),
        (
            _call("steady", fitted(0.06, 0.07, -0.01, 0.03)),
            "≈ within noise, +1.0 points (−1.0 to +3.0) over 12 weeks, fitted 6.0 to 7.0 %",
        ),
        (_call("unknown", None), "not known: too few weeks or papers"),
        (None, "not known: too few weeks or papers"),
    ],
)
def test_a_call_is_its_word_and_the_change_of_the_same_test(call: TrendCall | None, shown: str) -> None:
    assert change_wording.call_text(call).replace(NB, " ") == shown


def test_a_wave_and_its_moves_are_shown_in_numbers() -> None:
    of_week = VenueWave("Interspeech", 45, 2.0, 12)
    assert change_wording.venue_wave_text(of_week).replace(NB, " ") == (
        "Interspeech, 45 papers (usually 2 a week; 12 in the same week a year before)"
    )
    assert change_wording.wave_text(MoveOfWave("Interspeech", 24, 56)).replace(NB, " ") == (
        "24 of its 56 papers name Interspeech"
    )
    assert change_wording.wave_text(MoveOfWave("ICML", 0, 9)).startswith("earlier weeks had a wave of ICML papers")


def test_a_move_of_a_wave_is_worded_as_what_remains_without_it() -> None:
    week = Week.parse("2026-W25")
    change = FittedChange(week.plus(-11), week, 0.02, 0.03, 0.01, 0.005, 0.015, 0.99)
    rise = TrendCall(week, "topic", "7", "rising", 0.01, 0.03, 0.02, 8000, change)
    call = with_wave(rise, MoveOfWave("Interspeech", 24, 56))
    assert change_wording.call_text(call).replace(NB, " ") == (
        "≈ within noise without a wave of Interspeech papers, with them +1.0 points (+0.5 to +1.5) over 12 weeks, "
        "fitted 2.0 to 3.0 % (24 of its 56 papers name Interspeech)"
    )
    assert change_wording.verdict_class(call.verdict) == "steady"
    assert change_wording.verdict_text("wave") == "a wave of one venue’s papers"


def test_a_share_below_and_one_above_1_percent_have_as_many_decimals_wherever_they_stand() -> None:
    week = Week.parse("2026-W25")
    change = FittedChange(week.plus(-11), week, 0.00762, 0.01849, 0.01087, 0.002, 0.021, 0.99)
    assert [end.replace(NB, " ") for end in change_wording.fitted_ends(change)] == ["0.76 %", "1.85 %"]
    assert change_wording.over_weeks(change).replace(NB, " ") == "over 12 weeks, fitted 0.76 to 1.85 %"


def test_a_share_of_almost_nothing_gives_the_other_end_and_the_change_no_more_decimals() -> None:
    week = Week.parse("2026-W25")
    tiny, large = 0.000001, 0.116
    rise = FittedChange(week.plus(-11), week, tiny, large, large - tiny, 0.05, 0.18, 0.99)
    fall = FittedChange(week.plus(-11), week, large, tiny, tiny - large, -0.18, -0.05, 0.99)
    assert change_wording.change_text(rise).replace(NB, " ") == (
        "+11.6 points (+5.0 to +18.0) over 12 weeks, fitted 0.00 to 11.60 %"
    )
    assert change_wording.change_text(fall).replace(NB, " ") == (
        "−11.60 points (−18.00 to −5.00) over 12 weeks, fitted 11.60 to 0.00 %"
    )
