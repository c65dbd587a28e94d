"""Trend calls, and the outcomes of past calls."""

from __future__ import annotations

from domain.trend_calls import CallScore, StoredCall
from domain.week import Week, last_closed_week
from queries.held_weeks import require_held
from queries.results import Call, Calls, CallsOutcome, ScoredCall, rounded, rounded_change
from runtime.context import AppContext
from store.trend_calls import call_records, is_late, stored_calls


def calls(context: AppContext, week: Week | None) -> Calls:
    """All calls of a week, or without a week the newest rises and falls, each with its outcome.

    Raises
    ------
    UsageError
        If no paper of the week is held.
    """
    if week is not None:
        require_held(context, week)
    stored = stored_calls(context.db, week=week)
    model = context.topic_model
    names: dict[tuple[str, str], str] = {(t.kind, t.key): t.name for t in context.detector.taxonomy.terms}
    names.update({("topic", str(t.topic_id)): t.label for t in (model.topics if model else ())})
    return Calls(
        week=week,
        record=tuple(
            CallsOutcome(r.horizon_weeks, r.n_held, r.n_failed, r.n_unknown)
            for r in call_records(context.db, until=last_closed_week(context.now()))
        ),
        calls=tuple(_call(one, names.get((one.call.kind, one.call.key), one.call.key)) for one in stored),
    )


def _call(stored: StoredCall, name: str) -> Call:
    call = stored.call
    return Call(
        week=call.week,
        kind=call.kind,
        key=call.key,
        name=name,
        verdict=call.verdict,
        called=call.called,
        wave=call.wave,
        change=rounded_change(call.change),
        q_value=call.q_value,
        share=rounded(call.share),
        share_before=rounded(call.share_before),
        n=call.n,
        made_at=stored.made_at,
        made_with=stored.made_with,
        late=is_late(call.week, stored.made_at),
        scores=tuple(map(_score, stored.scores)),
    )


def _score(score: CallScore) -> ScoredCall:
    after = score.share_after
    return ScoredCall(score.horizon_weeks, score.held, None if after is None else rounded(after))
