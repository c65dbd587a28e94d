"""Prometheus metrics of jobs and mail, read from the database at each scrape."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from runtime.context import AppContext
from store.deliveries import delivery_counts
from store.runs import unresolved_failures
from store.subscribers import subscriber_counts


class JobMetrics(Collector):
    """Failing jobs, readers by state, and deliveries of the newest issues by state."""

    def __init__(self, context: AppContext) -> None:
        self._context = context

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: registering must not open the database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The metrics now."""
        db = self._context.db
        troubled = GaugeMetricFamily(
            "papertide_job_failures", "Failures in a row of jobs that are not done.", labels=["job", "period", "state"]
        )
        for run in unresolved_failures(db):
            troubled.add_metric([run.job, run.period, run.state], run.n_tries)
        yield troubled
        readers = GaugeMetricFamily("papertide_readers", "Readers by mail.", labels=["state"])
        for state, n in subscriber_counts(db).items():
            readers.add_metric([state], n)
        yield readers
        deliveries = GaugeMetricFamily("papertide_deliveries", "Mails of the newest issues.", labels=["issue", "state"])
        counts = delivery_counts(db)
        for issue in sorted(counts)[-4:]:
            for state, n in counts[issue].items():
                deliveries.add_metric([issue, state], n)
        yield deliveries
