"""Prometheus metrics of jobs and mail, read from the database at each scrape."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from mail.subscriptions import count_subscribers
from mail.unresolved_deliveries import count_deliveries
from queries.status import troubled_runs
from runtime.context import AppContext


class JobMetrics(Collector):
    """Failing jobs, readers by state, and deliveries of the newest issues by state."""

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
