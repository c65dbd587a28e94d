"""What a monitoring system watches: how fresh the data is, and what waits or fails."""

from __future__ import annotations

from queries.results import ServiceHealth
from runtime.context import AppContext
from store.arxiv_rate_limit import limiter_state
from store.deliveries import mails_waiting
from store.digests import digest_summaries
from store.job_runs import last_successes
from store.windows import newest_week_held


def service_health(context: AppContext) -> ServiceHealth:
    """How fresh the data is, and what waits or fails; read from the database each time."""
    newest = max(digest_summaries(context.db), key=lambda summary: summary.week, default=None)
    n_waiting, oldest = mails_waiting(context.db)
    return ServiceHealth(
        newest_week=newest_week_held(context.db, context.settings.categories),
        newest_digest_at=newest.published_at if newest else None,
        last_successes=last_successes(context.db),
        arxiv_refusals=limiter_state(context.db).n_refusals,
        mails_waiting=n_waiting,
        oldest_mail_since=oldest,
    )
