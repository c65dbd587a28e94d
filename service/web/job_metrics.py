"""Prometheus metrics of jobs and mail, read from the database at each scrape."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from mail.deliveries_for_operator import count_deliveries
from mail.subscriptions import count_subscribers
from queries.service_health import service_health
from queries.status import troubled_runs
from runtime.context import AppContext


class JobMetrics(Collector):
    """Freshness of the data, jobs, arXiv and mail; readers and mails in numbers only if the settings say so."""

    def __init__(self, context: AppContext) -> None:
        self._context = context

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: registering must not open the database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The metrics now."""
        context = self._context
        troubled = GaugeMetricFamily(
            "papertide_job_failures", "Failures in a row of jobs that are not done.", labels=["job", "period", "state"]
        )
        for run in troubled_runs(context):
            troubled.add_metric([run.job, run.period, run.state], run.n_tries)
        yield troubled
        yield from self._health()
        if not context.settings.service.metrics_count_readers:
            return
        readers = GaugeMetricFamily("papertide_readers", "Readers by mail.", labels=["state"])
        for state, n in count_subscribers(context).items():
            readers.add_metric([state], n)
        yield readers
        deliveries = GaugeMetricFamily("papertide_deliveries", "Mails of the newest issues.", labels=["issue", "state"])
        counts = count_deliveries(context)
        for issue in sorted(counts)[-4:]:
            for state, n in counts[issue].items():
                deliveries.add_metric([issue, state], n)
        yield deliveries

    def _health(self) -> Iterator[GaugeMetricFamily]:
        context = self._context
        health, now = service_health(context), context.now()
        if health.newest_week is not None:
            week = GaugeMetricFamily(
                "papertide_newest_week_start_timestamp_seconds", "Monday of the newest week held.", labels=["week"]
            )
            week.add_metric([str(health.newest_week)], health.newest_week.start_at.timestamp())
            yield week
        if health.newest_digest_at is not None:
            age_s = (now - health.newest_digest_at).total_seconds()
            yield GaugeMetricFamily(
                "papertide_newest_digest_age_seconds", "Time since the newest digest was published.", value=age_s
            )
        succeeded = GaugeMetricFamily(
            "papertide_job_last_success_timestamp_seconds", "When each job last succeeded.", labels=["job"]
        )
        for job, at in health.last_successes.items():
            succeeded.add_metric([job], at.timestamp())
        yield succeeded
        yield GaugeMetricFamily(
            "papertide_arxiv_refusals", "Refusals by arXiv since its last good answer.", value=health.arxiv_refusals
        )
        oldest_s = (now - health.oldest_mail_since).total_seconds() if health.oldest_mail_since else 0.0
        yield GaugeMetricFamily(
            "papertide_mail_oldest_waiting_seconds", "How long the oldest unsent mail has waited.", value=oldest_s
        )
        if context.settings.service.metrics_count_readers:
            yield GaugeMetricFamily(
                "papertide_mails_waiting", "Mails that wait to be sent.", value=health.mails_waiting
            )
