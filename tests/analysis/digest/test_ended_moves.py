"""A move of the week before that this week does not call is told, because its readers have read of it."""

from __future__ import annotations

from math import nan

from analysis.digest.ended_moves import ended_moves
from domain.digest import EndedMove
from domain.trend_calls import CallVerdict, MoveOfWave, TrendCall, with_wave
from domain.week import Week

WEEK = Week.parse("2026-W25")
NAMES = {("topic", str(i)): f"topic {i}" for i in range(9)}


def _call(key: int, verdict: CallVerdict, week: Week = WEEK) -> TrendCall:
    return TrendCall(week, "topic", str(key), verdict, 0.01, nan, nan, 4000)


def test_a_move_that_is_called_no_longer_has_its_verdict_then_and_now() -> None:
    before = [_call(1, "falling", WEEK.plus(-1)), _call(2, "steady", WEEK.plus(-1)), _call(3, "rising", WEEK.plus(-1))]
    now = [_call(1, "steady"), _call(2, "steady"), _call(3, "emerging")]
    assert ended_moves(before, now, NAMES) == (EndedMove("topic", "1", "topic 1", "falling", "steady"),)


def test_a_move_that_is_a_waves_now_says_so_and_one_that_was_a_waves_was_none() -> None:
    wave = MoveOfWave("Interspeech", 26, 61)
    before = [_call(1, "rising", WEEK.plus(-1)), with_wave(_call(2, "rising", WEEK.plus(-1)), wave)]
    [ended] = ended_moves(before, [with_wave(_call(1, "rising"), wave), _call(2, "steady")], NAMES)
    assert (ended.key, ended.now) == ("1", "wave")
    assert ended.wave is not None
    assert ended.wave.venue == "Interspeech"


def test_a_term_without_a_call_or_a_name_is_left_out() -> None:
    before = [_call(1, "rising", WEEK.plus(-1)), _call(99, "rising", WEEK.plus(-1))]
    assert ended_moves(before, [_call(99, "steady")], NAMES) == ()


def test_a_term_of_which_nothing_is_known_now_has_not_ended() -> None:
    before = [_call(1, "rising", WEEK.plus(-1)), _call(2, "rising", WEEK.plus(-1))]
    assert [move.key for move in ended_moves(before, [_call(1, "unknown"), _call(2, "seasonal")], NAMES)] == ["2"]
