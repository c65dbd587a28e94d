"""What a harvest knows: coverage by week and category, open windows, late arrivals, and how arXiv answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from domain.gate import SourceAnswer, is_closed
from domain.harvest import LateArrivals, WindowRecord
from domain.week import Week
from ingest.harvest import settled_lateness, window_of
from service.workshop import Workshop
from store.digests import published_at
from store.gate import count_answers, gate_state, newest_answers
from store.lists import list_passes
from store.papers import count_by_category, count_seen_after, late_arrivals, window_records
from store.weekly import weekly_totals

_N_ANSWERS = 5


def coverage(shop: Workshop) -> dict[str, Any]:
    """What the status says of harvests, from ``weeks`` to ``arxiv``, as docs/json.md describes it."""
    db, categories = shop.db, shop.settings.categories
    records = window_records(db, categories)
    arrivals = late_arrivals(db, categories)
    lateness = settled_lateness(arrivals)
    return {
        "weeks": _weeks(shop, records, arrivals),
        "open_windows": [
            {
                "start": instant(r.window.start_at),
                "end": instant(r.window.end_at),
                "problem": r.problem,
                "n_said": r.n_said,
                "n_held": r.n_got,
                "tries": r.n_tries,
                "checked_at": instant(r.checked_at),
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
                "finished_at": instant(p.finished_at) if p.finished_at else None,
                "problem": p.problem,
            }
            for p in list_passes(db)
        ],
        "arxiv": _arxiv(shop),
    }


def _weeks(shop: Workshop, records: list[WindowRecord], arrivals: list[LateArrivals]) -> list[dict[str, Any]]:
    db, categories, now = shop.db, shop.settings.categories, shop.now()
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
                "checked_at": instant(record.checked_at) if record else None,
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


def _arxiv(shop: Workshop) -> dict[str, Any]:
    now = shop.clock()  # the gate keeps the wall clock's time, whatever the settings take for the present
    state = gate_state(shop.db)
    n, n_problems = count_answers(shop.db, since=now - timedelta(days=1))
    return {
        "closed_until": instant(state.closed_until) if state.closed_until and is_closed(state, now) else None,
        "free_at": instant(state.free_at) if state.free_at else None,
        "refusals_in_a_row": state.n_refusals,
        "last_day": {"requests": n, "problems": n_problems},
        "answers": [_answer(a) for a in newest_answers(shop.db, _N_ANSWERS)],
        "problems": [_answer(a) for a in newest_answers(shop.db, _N_ANSWERS, only_problems=True)],
    }


def _answer(a: SourceAnswer) -> dict[str, Any]:
    return {
        "asked_at": instant(a.asked_at),
        "source": a.source,
        "outcome": a.outcome,
        "status": a.status,
        "seconds": round(a.seconds, 2),
        "n_bytes": a.n_bytes,
        "problem": a.problem,
        "url": a.url,
    }


def coverage_lines(answer: dict[str, Any]) -> list[str]:
    """The same for a person: open weeks, late arrivals and arXiv's answers, a line each."""
    weeks = answer["weeks"]
    open_weeks = [w for w in weeks if not w["complete"]]
    lines = [f"{answer['papers']:,} papers in {len(weeks)} weeks, {len(weeks) - len(open_weeks)} of them complete"]
    for w in open_weeks:
        tries = f" (asked {w['tries']} times)" if w["tries"] > 1 else ""
        lines.append(f"  {w['week']}: {w['n']:,} papers, not proven complete: {w['problem'] or 'not harvested'}{tries}")
    if weeks and (newest := next((w for w in reversed(weeks) if w["closed"]), None)):
        by_category = ", ".join(f"{category} {n:,}" for category, n in newest["categories"].items())
        lines.append(f"newest closed week {newest['week']}: {newest['n']:,} papers ({by_category})")
    lines += [
        f"  {w['week']}: {w['after_digest']:,} papers came after its digest"
        + (f", the last {w['late']['days_max']:g} days after the week" if w["late"] and w["late"]["n"] else "")
        for w in weeks
        if w["after_digest"]
    ]
    if late := answer["late_arrivals"]:
        lines.append(
            f"late arrivals: {late['late']:,} of {late['n']:,} papers of {late['weeks']} weeks came after their week "
            "was complete"
        )
    for part in answer["lists"]:
        until = f"all changes before {part['read_until']} read" if part["read_until"] else "not read to its end yet"
        if part["problem"] or not part["finished_at"]:
            problem = f": {part['problem']}" if part["problem"] else ""
            lines.append(f"  OAI-PMH {part['set']} ({part['format']}), {until}{problem}")
    return lines + _arxiv_lines(answer["arxiv"])


def _arxiv_lines(arxiv: dict[str, Any]) -> list[str]:
    day = arxiv["last_day"]
    lines = [f"arXiv, last 24 hours: {day['requests']:,} requests, {day['problems']:,} without a usable answer"]
    if arxiv["closed_until"]:
        lines.append(f"arXiv refused too often or asked for a rest: it is not asked before {arxiv['closed_until']}")
    lines += [f"  {a['asked_at']}  {a['source']}: {a['problem']}" for a in arxiv["problems"][:3]]
    return lines


def instant(at: datetime) -> str:
    """An instant as JSON has it: ``2026-06-23T06:00:00Z``."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
