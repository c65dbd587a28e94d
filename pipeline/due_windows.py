"""Decides which windows of submissions are due for harvesting, and from which week on papers are embedded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.harvest import Window
from domain.week import Week, last_closed_week, weeks_between
from ingest.harvest import weeks_to_cover, window_of, windows_due
from store.database import Database
from store.embeddings import embedded_since, embedding_counts
from store.windows import newest_week_held, window_records

HOLD_BACK = timedelta(days=6)
"""How long after its week closed a digest waits for arXiv's index: it comes before the next week's digest."""


def window_name(window: Window) -> str:
    """A window's name for people: its week, or its bounds if it is not a week."""
    week = Week.containing(window.start_at)
    if window == window_of(week):
        return str(week)
    return f"{window.start_at:%Y-%m-%d %H:%M} to {window.end_at:%Y-%m-%d %H:%M}"


def due_windows(
    db: Database, categories: tuple[str, ...], n_weeks: int, *, now: datetime, recheck_weeks: Sequence[int]
) -> list[Window]:
    """The windows that a harvest would fetch: missed weeks, incomplete windows, and complete ones due for a recheck."""
    weeks = weeks_to_cover(n_weeks, last_closed_week(now), newest_week_held(db, categories))
    return windows_due(weeks, window_records(db, categories), now=now, recheck_weeks=recheck_weeks)


def weeks_of_run(n_weeks: int, *, now: datetime) -> list[Week]:
    """The newest ``n_weeks`` closed weeks, oldest first."""
    last = last_closed_week(now)
    return list(weeks_between(last.plus(1 - n_weeks), last))


def first_week_to_embed(db: Database, n_weeks: int, *, now: datetime) -> Week:
    """The week from which on papers are embedded: the first of the weeks that a run covers.

    An earlier one where papers from then on are embedded already, with any model: so weeks stay embedded when newer
    ones come, and all of them are embedded again with another model. Papers before it are counted, but have no vector.
    """
    first = weeks_of_run(n_weeks, now=now)[0]
    held = embedded_since(db, list(embedding_counts(db)))
    return first if held is None else min(first, held)


def held_back_until(
    db: Database, week: Week, categories: tuple[str, ...], *, now: datetime
) -> tuple[datetime, str] | None:
    """Until when a week's digest waits because arXiv's index is behind, and the evidence; ``None`` if it need not."""
    record = next((r for r in window_records(db, categories) if r.window == window_of(week)), None)
    if record is None or record.gap is None or record.problem is None or now >= week.closes_at + HOLD_BACK:
        return None
    return week.closes_at + HOLD_BACK, record.problem
