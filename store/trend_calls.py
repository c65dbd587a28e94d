"""Trend calls and their scores. There is one call per week and term, and it never changes; a mark says if the
move is a venue's wave.

Names are called by themselves, because false discoveries are controlled over thousands of them: all questions are of
the other terms unless ``of_names`` is set.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, update

from domain.trend_calls import (
    DOWNWARD,
    UPWARD,
    CallKind,
    CallRecord,
    CallScore,
    FittedChange,
    MoveOfWave,
    StoredCall,
    TrendCall,
    with_wave,
)
from domain.week import Week
from store.database import Database
from store.schema import trend_call, trend_call_score

LATE_AFTER = timedelta(days=21)
"""A call made later than this after the end of its week may have been influenced by later papers."""

_MOVEMENTS = sorted(UPWARD | DOWNWARD)
_WAVE_RULE = 2
"""By which rule waves are looked for (``analysis.trends.venue_waves``): the second asks for a quarter of the slope."""
_MARK = ("wave_venue", "wave_k", "wave_n", "wave_without", "wave_rule")
_NOT_LOOKED_FOR = trend_call.c.wave_rule.is_distinct_from(_WAVE_RULE)


def add_calls(db: Database, calls: Sequence[TrendCall], *, made_with: str, made_at: datetime) -> None:
    """Store calls in one transaction; an existing call for the same week and term stays."""
    rows = [
        {
            "week_start": call.week.monday,
            "kind": call.kind,
            "key": call.key,
            "verdict": call.called,
            "q_value": call.q_value,
            "share": _or_none(call.share),
            "share_before": _or_none(call.share_before),
            "n": call.n,
            "first_week_start": call.change.first_week.monday if call.change else None,
            "share_first": call.change.share_first if call.change else None,
            "share_last": call.change.share_last if call.change else None,
            "change_low": call.change.low if call.change else None,
            "change_high": call.change.high if call.change else None,
            "interval_level": call.change.level if call.change else None,
            "made_with": made_with,
            "made_at": made_at,
        }
        for call in calls
    ]
    if rows:
        with db.write() as connection:
            insert = db.upsert(trend_call).on_conflict_do_nothing(index_elements=["week_start", "kind", "key"])
            connection.execute(insert, rows)


def unmarked_moves(db: Database) -> list[TrendCall]:
    """Moves as called for which waves were not looked for yet by the present rule, oldest week first."""
    query = select(trend_call).where(_NOT_LOOKED_FOR, trend_call.c.verdict.in_(_MOVEMENTS), _of(of_names=False))
    with db.read() as connection:
        return [
            _as_called(row) for row in connection.execute(query.order_by(trend_call.c.week_start, trend_call.c.call_id))
        ]


def add_waves(db: Database, week: Week, waves: Mapping[tuple[CallKind, str], MoveOfWave | None]) -> None:
    """Mark a week's moves with their wave, or as no wave's where it is ``None``. A mark of the present rule stays."""
    of_week = update(trend_call).where(trend_call.c.week_start == week.monday, _NOT_LOOKED_FOR)
    with db.write() as connection:
        for (kind, key), wave in waves.items():
            found = ("", None, None, None) if wave is None else (wave.venue, wave.k, wave.n, wave.without)
            mark = dict(zip(_MARK, (*found, _WAVE_RULE), strict=True))
            connection.execute(of_week.where(trend_call.c.kind == kind, trend_call.c.key == key).values(mark))


def _of(of_names: bool) -> ColumnElement[bool]:
    return trend_call.c.kind == "name" if of_names else trend_call.c.kind != "name"


def calls_of_week(db: Database, week: Week, *, of_names: bool = False) -> list[TrendCall]:
    """All calls of a week, in the order they were stored."""
    query = select(trend_call).where(trend_call.c.week_start == week.monday, _of(of_names))
    query = query.order_by(trend_call.c.call_id)
    with db.read() as connection:
        return [_call(row) for row in connection.execute(query)]


def newest_calls(db: Database, *, of_names: bool = False) -> list[TrendCall]:
    """All calls of the newest week that has any."""
    with db.read() as connection:
        monday = connection.execute(select(func.max(trend_call.c.week_start)).where(_of(of_names))).scalar_one()
    return calls_of_week(db, Week(monday), of_names=of_names) if monday else []


def upward_calls_between(db: Database, first: Week, last: Week) -> set[tuple[str, str]]:
    """Kind and key of the terms called rising or emerging in these weeks."""
    query = select(trend_call.c.kind, trend_call.c.key).where(
        trend_call.c.week_start.between(first.monday, last.monday), trend_call.c.verdict.in_(sorted(UPWARD))
    )
    with db.read() as connection:
        return {(kind, key) for kind, key in connection.execute(query)}


def movements_to_score(db: Database, *, horizon_weeks: int, until: Week, of_names: bool = False) -> list[StoredCall]:
    """Movement calls up to week ``until`` without a score at this horizon, oldest first."""
    scored = select(trend_call_score.c.call_id).where(trend_call_score.c.horizon_weeks == horizon_weeks)
    query = (
        select(trend_call)
        .where(
            trend_call.c.verdict.in_(_MOVEMENTS),
            trend_call.c.week_start <= until.monday,
            trend_call.c.call_id.not_in(scored),
            _of(of_names),
        )
        .order_by(trend_call.c.week_start, trend_call.c.call_id)
    )
    with db.read() as connection:
        return [_stored_call(row, ()) for row in connection.execute(query)]


def add_scores(db: Database, scores: Collection[tuple[int, CallScore]], *, scored_at: datetime) -> None:
    """Store scores by call id; existing scores stay."""
    rows = [
        {
            "call_id": call_id,
            "horizon_weeks": score.horizon_weeks,
            "held": score.held,
            "share_after": score.share_after,
            "scored_at": scored_at,
        }
        for call_id, score in scores
    ]
    if rows:
        with db.write() as connection:
            insert = db.upsert(trend_call_score).on_conflict_do_nothing(index_elements=["call_id", "horizon_weeks"])
            connection.execute(insert, rows)


def stored_calls(db: Database, *, week: Week | None = None, limit: int = 1000) -> list[StoredCall]:
    """Calls with their scores, newest week first: all of one week, or the newest movement calls of all weeks."""
    query = select(trend_call).where(_of(of_names=False))
    query = query.order_by(trend_call.c.week_start.desc(), trend_call.c.call_id).limit(limit)
    if week is not None:
        query = query.where(trend_call.c.week_start == week.monday)
    else:
        query = query.where(trend_call.c.verdict.in_(_MOVEMENTS))
    with db.read() as connection:
        rows = connection.execute(query).all()
        scores: dict[int, list[CallScore]] = defaultdict(list)
        scored = select(trend_call_score).where(trend_call_score.c.call_id.in_([row.call_id for row in rows]))
        for row in connection.execute(scored.order_by(trend_call_score.c.horizon_weeks)):
            scores[row.call_id].append(CallScore(row.horizon_weeks, row.held, row.share_after))
    return [_stored_call(row, tuple(scores[row.call_id])) for row in rows]


def call_records(db: Database, *, until: Week, of_names: bool = False) -> list[CallRecord]:
    """Outcomes of movement calls by horizon, as known in week ``until``.

    Late calls are left out, because their topics and taxonomy already reflect later papers.
    """
    score = trend_call_score.c
    query = select(score.horizon_weeks, trend_call.c.week_start, trend_call.c.made_at, score.held).join_from(
        trend_call_score, trend_call, trend_call.c.call_id == score.call_id
    )
    query = query.where(_of(of_names))
    with db.read() as connection:
        found = connection.execute(query).all()
    return records_of(
        (horizon_weeks, held)
        for horizon_weeks, monday, made_at, held in found
        if Week(monday).plus(horizon_weeks) <= until and not is_late(Week(monday), made_at)
    )


def records_of(outcomes: Iterable[tuple[int, bool | None]]) -> list[CallRecord]:
    """How calls turned out, counted by horizon; each outcome is a horizon in weeks and whether the call held."""
    counted = Counter(outcomes)
    horizons = sorted({horizon for horizon, _ in counted})
    return [CallRecord(h, counted[h, True], counted[h, False], counted[h, None]) for h in horizons]


def is_late(week: Week, made_at: datetime) -> bool:
    """Whether a call was made too long after its week to count as a prediction."""
    return made_at > week.end_at + LATE_AFTER


def _or_none(value: float) -> float | None:
    return None if value != value else value


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _call(row: Row[Any]) -> TrendCall:
    call = _as_called(row)
    if not row.wave_venue:
        return call
    return with_wave(call, MoveOfWave(row.wave_venue, row.wave_k, row.wave_n, without=row.wave_without))


def _as_called(row: Row[Any]) -> TrendCall:
    return TrendCall(
        week=Week(row.week_start),
        kind=row.kind,
        key=row.key,
        verdict=row.verdict,
        q_value=row.q_value,
        share=_or_nan(row.share),
        share_before=_or_nan(row.share_before),
        n=row.n,
        change=_change(row),
    )


def _change(row: Row[Any]) -> FittedChange | None:
    if row.first_week_start is None:
        return None
    return FittedChange(
        first_week=Week(row.first_week_start),
        last_week=Week(row.week_start),
        share_first=row.share_first,
        share_last=row.share_last,
        difference=row.share_last - row.share_first,
        low=row.change_low,
        high=row.change_high,
        level=row.interval_level,
    )


def _stored_call(row: Row[Any], scores: tuple[CallScore, ...]) -> StoredCall:
    return StoredCall(row.call_id, _call(row), row.made_with, row.made_at, scores)
