"""What a harvest knows: coverage by week and category, open windows, late arrivals, and how arXiv answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from domain.harvest import LateArrivals, WindowRecord
from domain.rate_limit import RequestOutcome, is_paused
from domain.week import Week
from ingest.harvest import settled_lateness, window_of
from runtime.context import AppContext
from store.digests import published_at
from store.oai_passes import oai_passes
from store.papers import count_by_category, count_seen_after
from store.rate_limit import count_outcomes, limiter_state, newest_outcomes
from store.weekly import weekly_totals
from store.windows import late_arrivals, window_records

_N_ANSWERS = 5


def coverage(context: AppContext) -> dict[str, Any]:
    """What the status says of harvests, from ``weeks`` to ``arxiv``, as docs/json.md describes it."""
    db, categories = context.db, context.settings.categories
    records = window_records(db, categories)
    arrivals = late_arrivals(db, categories)
    lateness = settled_lateness(arrivals)
    return {
        "weeks": _weeks(context, records, arrivals),
        "open_windows": [
            {
                "start": iso_instant(r.window.start_at),
                "end": iso_instant(r.window.end_at),
                "problem": r.problem,
                "n_said": r.n_said,
                "n_held": r.n_got,
                "tries": r.n_tries,
                "checked_at": iso_instant(r.checked_at),
            }
            for r in records
            if not r.is_complete
        ],
        "late_arrivals": {
            "weeks": lateness.n_weeks,
            "n": lateness.n_papers,
            "late": lateness.n_late,
            "share": round(lateness.n_late / lateness.n_papers, 6) if lateness.n_papers else None,
        }
        if lateness
        else None,
        "lists": [
            {
                "set": p.set_name,
                "format": p.metadata_format,
                "since": p.since.isoformat(),
                "read_until": p.from_date.isoformat() if p.from_date else None,
                "n_records": p.n_records,
                "finished_at": iso_instant(p.finished_at) if p.finished_at else None,
                "problem": p.problem,
            }
            for p in oai_passes(db)
        ],
        "arxiv": _arxiv(context),
    }


def _weeks(context: AppContext, records: list[WindowRecord], arrivals: list[LateArrivals]) -> list[dict[str, Any]]:
    db, categories, now = context.db, context.settings.categories, context.now()
    totals = weekly_totals(db, categories)
    record_of = {r.window: r for r in records}
    late_of = {a.window: a for a in arrivals}
    listed = count_by_category(db, categories)
    published = published_at(db)
    weeks = []
    for at, n, complete in zip(*(totals[name].tolist() for name in totals.columns), strict=True):
        week = Week(at.date())
        record, late = record_of.get(window_of(week)), late_of.get(window_of(week))
        weeks.append(
            {
                "week": str(week),
                "start": week.monday.isoformat(),
                "n": n,
                "closed": week.is_closed(now),
                "complete": complete,
                "problem": record.problem if record else None,
                "n_said": record.n_said if record else None,
                "tries": record.n_tries if record else 0,
                "checked_at": iso_instant(record.checked_at) if record else None,
                "categories": {c: listed.get(week, {}).get(c, 0) for c in categories},
                "late": {
                    "n": late.n_late,
                    "days_median": round(median(late.days), 1) if late.days else None,
                    "days_max": round(late.days[-1], 1) if late.days else None,
                }
                if late
                else None,
                "after_digest": count_seen_after(db, week, categories, published[week]) if week in published else None,
            }
        )
    return weeks


def _arxiv(context: AppContext) -> dict[str, Any]:
    now = context.clock()  # the gate keeps the wall clock's time, whatever the settings take for the present
    state = limiter_state(context.db)
    n, n_problems = count_outcomes(context.db, since=now - timedelta(days=1))
    return {
        "closed_until": iso_instant(state.closed_until) if state.closed_until and is_paused(state, now) else None,
        "free_at": iso_instant(state.free_at) if state.free_at else None,
        "refusals_in_a_row": state.n_refusals,
        "last_day": {"requests": n, "problems": n_problems},
        "answers": [_answer(a) for a in newest_outcomes(context.db, _N_ANSWERS)],
        "problems": [_answer(a) for a in newest_outcomes(context.db, _N_ANSWERS, only_problems=True)],
    }


def _answer(a: RequestOutcome) -> dict[str, Any]:
    return {
        "asked_at": iso_instant(a.asked_at),
        "source": a.source,
        "outcome": a.outcome,
        "status": a.status,
        "seconds": round(a.seconds, 2),
        "n_bytes": a.n_bytes,
        "problem": a.problem,
        "url": a.url,
    }


def iso_instant(at: datetime) -> str:
    """An instant as JSON has it: ``2026-06-23T06:00:00Z``."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
