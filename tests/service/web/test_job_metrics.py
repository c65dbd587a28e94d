"""The metrics of data, jobs, arXiv and mail."""

from __future__ import annotations

from datetime import timedelta

from runtime.cached_context import CachedContext
from service.web.job_metrics import JobMetrics
from store.database import Database
from store.deliveries import mails_waiting
from store.job_runs import finish_run, last_successes, start_run
from store.subscription_requests import add_request
from tests.service.web.conftest import LAST_WEEK, NOW


def _values(context: CachedContext) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in JobMetrics(context).collect()
        for sample in family.samples
    }


def test_metrics_tell_how_fresh_the_data_is_and_what_waits(context: CachedContext) -> None:
    values = _values(context)
    week = [labels[0] for name, *labels in values if name == "papertide_newest_week_start_timestamp_seconds"]
    assert week == [str(LAST_WEEK)]
    assert values["papertide_newest_week_start_timestamp_seconds", week[0]] == LAST_WEEK.start_at.timestamp()
    assert values["papertide_newest_digest_age_seconds",] >= 0
    assert values["papertide_arxiv_refusals",] == 0
    assert values["papertide_mail_oldest_waiting_seconds",] == 0
    private = {"papertide_readers", "papertide_deliveries", "papertide_mails_waiting"}
    assert not private & {name for name, *_ in values}


def test_the_last_success_of_each_job_is_known(database: Database) -> None:
    for hours, state in ((0, "done"), (1, "done"), (2, "failed")):
        at = NOW + timedelta(hours=hours)
        start_run(database, "backup", str(hours), now=at)
        finish_run(database, "backup", str(hours), state=state, message="", now=at)
    assert last_successes(database) == {"backup": NOW + timedelta(hours=1)}


def test_waiting_mails_are_counted_from_the_oldest_on(database: Database) -> None:
    assert mails_waiting(database) == (0, None)
    for minutes in (5, 0):
        add_request(database, f"r{minutes}@example.org", None, network="n", now=NOW + timedelta(minutes=minutes))
    assert mails_waiting(database) == (2, NOW)
