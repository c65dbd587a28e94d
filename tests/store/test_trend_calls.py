"""Trend calls never change, are scored once, and late ones do not count."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from domain.trend_calls import CallRecord, CallScore, CallVerdict, FittedChange, MoveOfWave, TrendCall
from domain.week import Week
from store.database import Database
from store.trend_calls import (
    add_calls,
    add_scores,
    add_waves,
    call_records,
    calls_of_week,
    movements_to_score,
    newest_calls,
    stored_calls,
    unmarked_moves,
    upward_calls_between,
)

WEEK = Week.parse("2026-W10")
AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


def _call(key: str, verdict: CallVerdict, week: Week = WEEK) -> TrendCall:
    change = FittedChange(week.plus(-11), week, 0.02, 0.05, 0.05 - 0.02, 0.01, 0.06, 0.997)
    return TrendCall(week, "technique", key, verdict, 0.01, 0.04, 0.02, 9000, change)


def test_a_call_is_stored_as_made_and_only_once(database: Database) -> None:
    unknown = TrendCall(WEEK, "query", "test-time scaling OR o1*", "unknown", None, math.nan, math.nan, 0)
    add_calls(database, [_call("rl", "rising"), unknown], made_with="growth-1", made_at=AT)
    add_calls(database, [_call("rl", "falling")], made_with="growth-2", made_at=AT)
    first, second = calls_of_week(database, WEEK)
    assert first == _call("rl", "rising")
    assert (second.key, second.change, math.isnan(second.share)) == (unknown.key, None, True)
    assert newest_calls(database)[0] == first
    assert upward_calls_between(database, WEEK.plus(-1), WEEK) == {("technique", "rl")}
    assert calls_of_week(database, WEEK.plus(1)) == []


def test_only_moves_are_scored_and_each_once(database: Database) -> None:
    calls = [_call("rl", "rising"), _call("gnn", "cooling"), _call("llm", "steady")]
    add_calls(database, calls, made_with="growth-1", made_at=AT)
    due = movements_to_score(database, horizon_weeks=8, until=WEEK)
    assert [kept.call.key for kept in due] == ["rl", "gnn"]
    assert movements_to_score(database, horizon_weeks=8, until=WEEK.plus(-1)) == []
    add_scores(database, [(due[0].call_id, CallScore(8, True, 0.05))], scored_at=AT)
    add_scores(database, [(due[0].call_id, CallScore(8, False, 0.01))], scored_at=AT)
    assert [kept.call.key for kept in movements_to_score(database, horizon_weeks=8, until=WEEK)] == ["gnn"]
    assert {kept.call.key: kept.scores for kept in stored_calls(database)} == {
        "rl": (CallScore(8, True, 0.05),),
        "gnn": (),
    }
    assert len(stored_calls(database, week=WEEK)) == 3


def test_a_call_that_a_wave_explains_is_marked_once_and_its_record_stays(database: Database) -> None:
    steady = [_call("llm", "steady")]
    add_calls(database, [_call("rl", "rising"), _call("gnn", "cooling"), *steady], made_with="growth-1", made_at=AT)
    assert unmarked_moves(database) == [_call("rl", "rising"), _call("gnn", "cooling")]
    add_waves(database, WEEK, {("technique", "rl"): MoveOfWave("ICRA", 24, 56)})
    assert unmarked_moves(database) == [_call("gnn", "cooling")], "a move that was not looked at stays unmarked"
    add_waves(database, WEEK, {("technique", "gnn"): None})
    assert unmarked_moves(database) == []
    add_waves(database, WEEK, {("technique", "gnn"): MoveOfWave("LoG", 9, 20)})
    wave, cooling, _ = calls_of_week(database, WEEK)
    assert (wave.verdict, wave.called, wave.is_movement) == ("wave", "rising", False)
    assert wave.wave == MoveOfWave("ICRA", 24, 56, called="rising", without="steady")
    assert cooling == _call("gnn", "cooling")
    due = movements_to_score(database, horizon_weeks=8, until=WEEK)
    assert [(kept.call.key, kept.call.called) for kept in due] == [("rl", "rising"), ("gnn", "cooling")]


def test_the_record_counts_what_was_known_by_then_and_no_late_call(database: Database) -> None:
    add_calls(database, [_call("rl", "rising"), _call("gnn", "cooling")], made_with="growth-1", made_at=AT)
    late = WEEK.plus(-3)
    add_calls(database, [_call("rl", "rising", late)], made_with="growth-1", made_at=late.end_at + timedelta(days=22))
    held = {"rl": True, "gnn": None}
    for kept in stored_calls(database):
        add_scores(database, [(kept.call_id, CallScore(8, held[kept.call.key], 0.05))], scored_at=AT)
    assert call_records(database, until=WEEK.plus(7)) == []
    assert call_records(database, until=WEEK.plus(8)) == [CallRecord(8, 1, 0, 1)]
