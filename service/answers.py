"""The questions that people ask, answered as JSON; the command line and the web speak with the same words."""

from __future__ import annotations

from runtime.context import AppContext
from store.runs import troubled_runs


def trouble_details(context: AppContext) -> list[dict[str, str]]:
    """What went wrong in each job that is in trouble, with the files that it names; for the operator."""
    return [{"job": r.job, "period": r.period, "detail": r.detail} for r in troubled_runs(context.db) if r.detail]
