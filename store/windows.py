"""Harvest windows: their records, and the papers in them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, case, func, or_, select

from domain.harvest import MAX_NAMED, HarvestedWindow, IndexGap, LateArrivals, Window, WindowRecord
from domain.paper import ArxivId
from domain.week import Week
from store.database import Database
from store.schema import harvest_window, paper
from store.sql_conditions import categories_key, is_in_window, is_listed, is_watched

_GAP = TypeAdapter(IndexGap)


def store_window(db: Database, connection: Connection, harvested: HarvestedWindow) -> None:
    """Store the result of a harvest inside the caller's transaction, replacing the window's previous record."""
    insert = db.upsert(harvest_window).values(
        start_at=harvested.window.start_at,
        end_at=harvested.window.end_at,
        categories=categories_key(harvested.categories),
        n_said=harvested.n_said,
        n_got=harvested.n_got,
        problem=harvested.problem,
        checked_at=harvested.checked_at,
        n_tries=1,
        first_complete_at=harvested.checked_at if harvested.is_complete else None,
        unreadable=list(harvested.unreadable[:MAX_NAMED]),
        gap=None if harvested.gap is None else _GAP.dump_python(harvested.gap, mode="json"),
    )
    new = insert.excluded
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["start_at", "end_at", "categories"],
            set_={
                "n_said": new.n_said,
                "n_got": new.n_got,
                "problem": new.problem,
                "checked_at": new.checked_at,
                "n_tries": harvest_window.c.n_tries + 1,
                "first_complete_at": func.coalesce(harvest_window.c.first_complete_at, new.first_complete_at),
                "unreadable": new.unreadable,
                "gap": new.gap,
            },
        )
    )


def window_records(db: Database, categories: Collection[str]) -> list[WindowRecord]:
    """Every window harvested with exactly these categories, oldest first."""
    query = (
        select(harvest_window)
        .where(harvest_window.c.categories == categories_key(categories))
        .order_by(harvest_window.c.start_at)
    )
    with db.read() as connection:
        return [
            WindowRecord(
                window=Window(row.start_at, row.end_at),
                categories=tuple(row.categories.split(" ")),
                n_said=row.n_said,
                n_got=row.n_got,
                problem=row.problem,
                checked_at=row.checked_at,
                n_tries=row.n_tries,
                first_complete_at=row.first_complete_at,
                unreadable=tuple(row.unreadable),
                gap=None if row.gap is None else _GAP.validate_python(row.gap),
            )
            for row in connection.execute(query)
        ]


def ids_by_window(db: Database, windows: Sequence[Window], categories: Collection[str]) -> dict[Window, set[ArxivId]]:
    """The stored papers of each window, withdrawn ones included, as arXiv's own count includes them.

    One query for all windows; windows may overlap.
    """
    if not windows:
        return {}
    query = (
        select(paper.c.submitted_at, paper.c.arxiv_id)
        .where(or_(*(is_in_window(window) for window in windows)), is_listed(categories))
        .order_by(paper.c.submitted_at)
    )
    with db.read() as connection:
        rows = connection.execute(query).all()
    times = [row.submitted_at for row in rows]
    return {
        window: {
            ArxivId(row.arxiv_id)
            for row in rows[bisect_left(times, window.start_at) : bisect_left(times, window.end_at)]
        }
        for window in windows
    }


def submission_times(db: Database, window: Window, categories: Collection[str]) -> dict[ArxivId, datetime]:
    """When the papers of a window were submitted, oldest first, withdrawn ones included."""
    query = (
        select(paper.c.arxiv_id, paper.c.submitted_at)
        .where(is_in_window(window), is_listed(categories))
        .order_by(paper.c.submitted_at)
    )
    with db.read() as connection:
        return {ArxivId(row.arxiv_id): row.submitted_at for row in connection.execute(query)}


def newest_week_held(db: Database, categories: Collection[str]) -> Week | None:
    """The newest harvested week, else the newest week with a watched paper; ``None`` if nothing is stored."""
    newest_window = select(func.max(harvest_window.c.start_at)).where(
        harvest_window.c.categories == categories_key(categories)
    )
    with db.read() as connection:
        if (start_at := connection.execute(newest_window).scalar_one()) is not None:
            return Week.containing(start_at)
        monday = connection.execute(select(func.max(paper.c.week_start)).where(is_watched(categories))).scalar_one()
    return None if monday is None else Week(monday)


def late_arrivals(db: Database, categories: Collection[str]) -> list[LateArrivals]:
    """The late papers of every window that was ever complete, oldest window first; one query for all windows."""
    record = harvest_window.c
    is_late = paper.c.first_seen_at > record.first_complete_at
    of_window = (record.start_at, record.end_at, record.first_complete_at, record.checked_at)
    # One row for each time at which late papers were seen, and one, without a time, for the papers that were not late.
    late_at = case((is_late, paper.c.first_seen_at)).label("late_at")
    # Not is_watched: for an equality on is_withdrawn, SQLite would build an index of all papers, three times as slow.
    is_counted = is_listed(categories) & paper.c.is_withdrawn.is_not(True)
    is_in_record = (paper.c.submitted_at >= record.start_at) & (paper.c.submitted_at < record.end_at)
    query = (
        select(*of_window, late_at, func.count(paper.c.arxiv_id).label("n_papers"))
        .select_from(harvest_window.outerjoin(paper, is_in_record & is_counted))
        .where(record.categories == categories_key(categories), record.first_complete_at.is_not(None))
        .group_by(*of_window, late_at)
        .order_by(record.start_at, record.end_at, late_at)
    )
    with db.read() as connection:
        rows = connection.execute(query).all()
    arrivals = []
    for (start_at, end_at, first_complete_at, checked_at), group in groupby(rows, key=_record_times):
        counts = {row.late_at: row.n_papers for row in group}
        n_papers = sum(counts.values())
        counts.pop(None, None)
        days = tuple((late_at - end_at) / timedelta(days=1) for late_at, n in counts.items() for _ in range(n))
        arrivals.append(LateArrivals(Window(start_at, end_at), first_complete_at, checked_at, n_papers, days))
    return arrivals


def _record_times(row: Row[Any]) -> tuple[datetime, datetime, datetime, datetime]:
    return row.start_at, row.end_at, row.first_complete_at, row.checked_at
