"""Trend calls, and how past calls turned out."""

from __future__ import annotations

from typing import Any

from domain.week import Week, last_closed_week
from queries.coverage import iso_instant
from queries.numbers import growth_json, json_number
from runtime.context import AppContext
from store.calls import call_records, is_late, stored_calls

# -- calls


def calls(context: AppContext, week: Week | None) -> dict[str, Any]:
    """All calls of a week, or without one the newest moves of all weeks, each with what became of it."""
    model = context.topic_model
    names: dict[tuple[str, str], str] = {(t.kind, t.key): t.name for t in context.detector.taxonomy.terms}
    names.update({("topic", str(t.topic_id)): t.label for t in (model.topics if model else ())})
    return {
        "week": str(week) if week else None,
        "record": [
            {"horizon_weeks": r.horizon_weeks, "held": r.n_held, "failed": r.n_failed, "unknown": r.n_unknown}
            for r in call_records(context.db, until=last_closed_week(context.now()))
        ],
        "calls": [
            {
                "week": str(kept.call.week),
                "kind": kept.call.kind,
                "key": kept.call.key,
                "name": names.get((kept.call.kind, kept.call.key), kept.call.key),
                "verdict": kept.call.verdict,
                "growth": growth_json(kept.call.growth),
                "q_value": kept.call.q_value,
                "share": json_number(kept.call.share),
                "share_before": json_number(kept.call.share_before),
                "n": kept.call.n,
                "made_at": iso_instant(kept.made_at),
                "made_with": kept.made_with,
                "late": is_late(kept.call.week, kept.made_at),
                "scores": [
                    {
                        "horizon_weeks": s.horizon_weeks,
                        "held": s.held,
                        "share_after": None if s.share_after is None else json_number(s.share_after),
                    }
                    for s in kept.scores
                ],
            }
            for kept in stored_calls(context.db, week=week)
        ],
    }
