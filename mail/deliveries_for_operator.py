"""Deliveries for the operator: what is uncertain, refused or due, and how to send it again."""

from __future__ import annotations

from domain.issues_and_deliveries import Delivery, Issue
from runtime.context import AppContext
from store import deliveries
from store.job_runs import reopen_run, runs_of
from store.subscribers import subscribers

DELIVERY_JOB = "delivery"
"""The job that sends issues; its periods are their names."""
MAX_REFUSED = 50


def count_deliveries(context: AppContext) -> dict[str, dict[str, int]]:
    """Number of deliveries by issue and state."""
    return deliveries.delivery_counts(context.db)


def uncertain_deliveries(context: AppContext) -> list[tuple[Delivery, str]]:
    """Deliveries that may or may not have arrived, with their addresses, oldest first."""
    return deliveries.uncertain_deliveries(context.db)


def refused_deliveries(context: AppContext) -> list[tuple[Delivery, str]]:
    """The newest ``MAX_REFUSED`` deliveries that the mail server refused, with their addresses, newest first."""
    return deliveries.refused_deliveries(context.db, limit=MAX_REFUSED)


def resolve_uncertain(context: AppContext, delivery_id: int, *, arrived: bool) -> None:
    """Record that an uncertain delivery arrived, or let it be sent again.

    Raises
    ------
    UsageError
        If the delivery is not uncertain.
    """
    issues = {d.delivery_id: d.issue for d, _ in uncertain_deliveries(context)}
    deliveries.resolve_uncertain(context.db, delivery_id, arrived=arrived, now=context.now())
    if not arrived:
        reopen_run(context.db, DELIVERY_JOB, issues[delivery_id])


def reopen_given_up(context: AppContext) -> None:
    """Let the job send what is left of the issues that it gave up."""
    ledger = runs_of(context.db, DELIVERY_JOB)
    for issue in deliveries.open_issues(context.db):
        if issue in ledger and ledger[issue].state == "given up":
            reopen_run(context.db, DELIVERY_JOB, issue)


def count_unsent(context: AppContext, issue_name: str) -> int:
    """Number of mails of an issue that would be sent now: its open deliveries, or its readers if none is decided."""
    if issue_name in deliveries.planned_issues(context.db):
        return deliveries.open_deliveries(context.db, issue_name)[0]
    frequency = Issue.parse(issue_name).frequency
    return sum(reader.preferences.frequency == frequency for reader in subscribers(context.db, "active"))
