"""How far back weeks are counted, and which one is counted next."""

from __future__ import annotations

from domain.harvest import CountedHistory
from domain.week import Week, last_closed_week
from ingest.counted_history import counted_history
from runtime.context import AppContext
from store.digests import published_weeks
from store.papers import weeks_with_papers
from store.windows import newest_week_held, window_records


def history_of(context: AppContext) -> CountedHistory:
    """How far back weeks are counted, from the newest closed week that is held."""
    db, settings, last = context.db, context.settings, last_closed_week(context.now())
    held = newest_week_held(db, settings.categories)
    last = last if held is None else min(last, held)
    n_wanted = max(settings.history_weeks if context.can_harvest else 0, settings.weeks)
    held_weeks: set[Week] = set()
    n_asked, is_more = 0, True
    while is_more:  # an imported folder can hold more than is wanted
        weeks = [last.plus(-i) for i in range(n_asked, n_asked + n_wanted)]
        found = weeks_with_papers(db, weeks, settings.categories)
        held_weeks |= found
        n_asked, is_more = n_asked + n_wanted, bool(found)
    return counted_history(
        window_records(db, settings.categories),
        held_weeks,
        n_weeks=settings.weeks,
        n_wanted=n_wanted,
        last=last,
    )


def next_history_week(context: AppContext) -> Week | None:
    """The week that is counted next; ``None`` before the first digest, and where nothing is left to count."""
    if not context.settings.history_weeks or not context.can_harvest or not published_weeks(context.db):
        return None
    return history_of(context).next_week
