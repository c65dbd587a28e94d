"""Coverage of the harvest: weeks and categories, open windows, late arrivals, and the state of requests to arXiv."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from statistics import median

from domain.arxiv_rate_limit import RequestOutcome, is_paused
from domain.harvest import LateArrivals, WindowRecord
from domain.public_address import public_request, without_servers
from ingest.harvest import settled_lateness, window_of
from queries.results import (
    ArxivRequest,
    ArxivStatus,
    Coverage,
    LateArrivalsTotal,
    LateCount,
    OaiList,
    OpenWindow,
    RequestCounts,
    StoredWeek,
)
from runtime.context import AppContext
from store.arxiv_rate_limit import count_outcomes, limiter_state, newest_outcomes
from store.digests import published_at
from store.oai_passes import oai_passes
from store.papers import count_by_category, count_papers, count_seen_after
from store.weekly import totals_by_week
from store.windows import late_arrivals, window_records
from templates.harvest_wording import unreadable_records

_N_ANSWERS = 5


def coverage(context: AppContext) -> Coverage:
    """Which papers are stored, what is proven complete, and the state of the connection to arXiv."""
    db, categories = context.db, context.settings.categories
    records = window_records(db, categories)
    arrivals = late_arrivals(db, categories)
    return Coverage(
        papers=count_papers(db),
        weeks=tuple(_weeks(context, records, arrivals)),
        open_windows=tuple(
            OpenWindow(
                start=r.window.start_at,
                end=r.window.end_at,
                problem=r.problem,
                n_said=r.n_said,
                n_held=r.n_got,
                tries=r.n_tries,
                checked_at=r.checked_at,
                unreadable=r.unreadable,
                index_gap=r.gap,
            )
            for r in records
            if not r.is_complete
        ),
        late_arrivals=_late_total(arrivals),
        lists=tuple(
            OaiList(
                set=p.set_name,
                format=p.metadata_format,
                since=p.since,
                read_until=p.from_date,
                n_records=p.n_records,
                finished_at=p.finished_at,
                problem=unreadable_records(p.n_unreadable, p.unreadable),
                unreadable=p.unreadable,
            )
            for p in oai_passes(db)
        ),
        arxiv=_arxiv(context),
    )


def _late_total(arrivals: Iterable[LateArrivals]) -> LateArrivalsTotal | None:
    lateness = settled_lateness(arrivals)
    if lateness is None:
        return None
    n, n_late = lateness.n_papers, lateness.n_late
    return LateArrivalsTotal(lateness.n_weeks, n, n_late, round(n_late / n, 6) if n else None)


def _weeks(context: AppContext, records: list[WindowRecord], arrivals: list[LateArrivals]) -> Iterator[StoredWeek]:
    db, categories, now = context.db, context.settings.categories, context.now()
    record_of = {r.window: r for r in records}
    late_of = {a.window: a for a in arrivals}
    listed = count_by_category(db, categories)
    published = published_at(db)
    for week, (n, complete) in totals_by_week(db, categories).items():
        record, late = record_of.get(window_of(week)), late_of.get(window_of(week))
        yield StoredWeek(
            week=week,
            start=week.monday,
            n=n,
            closed=week.is_closed(now),
            complete=complete,
            problem=without_servers(record.problem) if record and record.problem else None,
            n_said=record.n_said if record else None,
            tries=record.n_tries if record else 0,
            checked_at=record.checked_at if record else None,
            categories={c: listed.get(week, {}).get(c, 0) for c in categories},
            late=_late_count(late) if late else None,
            after_digest=count_seen_after(db, week, categories, published[week]) if week in published else None,
        )


def _late_count(late: LateArrivals) -> LateCount:
    if not late.days:
        return LateCount(0, None, None)
    return LateCount(late.n_late, round(median(late.days), 1), round(late.days[-1], 1))


def _arxiv(context: AppContext) -> ArxivStatus:
    now = context.clock()  # the rate limiter uses the wall clock, even if the settings fix the current time
    state = limiter_state(context.db)
    n, n_problems = count_outcomes(context.db, since=now - timedelta(days=1))
    return ArxivStatus(
        closed_until=state.closed_until if is_paused(state, now) else None,
        free_at=state.free_at,
        refusals_in_a_row=state.n_refusals,
        last_day=RequestCounts(n, n_problems),
        answers=tuple(map(_request, newest_outcomes(context.db, _N_ANSWERS))),
        problems=tuple(map(_request, newest_outcomes(context.db, _N_ANSWERS, only_problems=True))),
    )


def _request(outcome: RequestOutcome) -> ArxivRequest:
    return ArxivRequest(
        asked_at=outcome.asked_at,
        source=outcome.source,
        outcome=outcome.outcome,
        status=outcome.status,
        seconds=round(outcome.seconds, 2),
        n_bytes=outcome.n_bytes,
        problem=None if outcome.problem is None else without_servers(outcome.problem),
        url=public_request(outcome.url),
    )
