"""Weeks that are held, for questions about one week."""

from __future__ import annotations

from domain.errors import UsageError
from domain.week import Week
from runtime.context import AppContext
from store.weekly import weekly_totals


def require_held(context: AppContext, week: Week) -> None:
    """Refuse a week without papers.

    Raises
    ------
    UsageError
        If no paper of the week is held.
    """
    totals = context.cached("totals", lambda: weekly_totals(context.db, context.settings.categories))
    if not totals["n"][totals["week_start"].dt.date == week.monday].any():
        raise UsageError(f"no paper of {week} is held; `papertide status` shows what is stored")
