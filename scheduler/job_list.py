"""The list of jobs: when each is due, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from analysis.search.search_query import embedded_texts
from domain.progress import Progress
from domain.week import Week, last_closed_week
from mail.bounces import our_domains, read_bounces
from mail.deliveries_for_operator import DELIVERY_JOB
from mail.service import DELIVERY_LEASE, MailService
from pipeline import stages
from pipeline.history_plan import next_history_week
from pipeline.run import HISTORY_JOB, extend_history, publish_week, refresh, weeks_to_publish
from runtime.context import AppContext
from runtime.exclusive_run import RUN_LEASE
from scheduler.run_due_jobs import Job, cron_periods, due_periods
from store.backup import back_up
from store.digests import published_weeks
from store.job_runs import RunRecord, delete_finished_runs, runs_of
from store.saved_searches import delete_unused_query_vectors, followed_searches, scanned_searches
from store.subscriber_tokens import delete_expired_tokens
from store.subscribers import delete_idle_subscribers
from store.subscription_requests import delete_requests

_KEEP_RUNS = timedelta(days=400)
_KEEP_REQUESTS = timedelta(days=35)
_KEEP_PENDING = timedelta(days=8)
_KEEP_UNSUBSCRIBED = timedelta(days=90)


def jobs_of(mail_service: MailService) -> list[Job]:
    """Every job, in the order in which they run: those that others build on come first.

    Jobs that need arXiv are left out if the context cannot harvest: with the demo's papers they would only fail.
    """
    context, schedule = mail_service.context, mail_service.context.settings.schedule
    jobs = [
        Job(
            "harvest",
            _by_cron(schedule.harvest, schedule.zone),
            lambda _: refresh(context, context.settings.weeks),
            RUN_LEASE,
            newest_covers=True,
        ),
        Job(
            "digest",
            lambda now, _: _weeks_due(context, now),
            lambda period: publish_week(context, Week.parse(period)),
            RUN_LEASE,
        ),
        Job(DELIVERY_JOB, lambda _now, _ledger: mail_service.due_issues(), mail_service.deliver, DELIVERY_LEASE),
        Job("changes", _by_cron(schedule.changes, "UTC"), lambda _: _changes(context), RUN_LEASE, newest_covers=True),
        Job(
            "clean up", _by_cron(schedule.clean_up, "UTC"), lambda _: _clean_up(context), "clean up", newest_covers=True
        ),
    ]
    if schedule.backup and context.db.is_sqlite:
        jobs.append(
            Job(
                "backup",
                _by_cron(schedule.backup, "UTC"),
                lambda at: _back_up(context, at),
                "backup",
                newest_covers=True,
            )
        )
    if context.settings.mail.bounce_folder is not None:
        jobs.append(
            Job(
                "bounces", _by_cron(schedule.bounces, "UTC"), lambda _: _bounces(context), "bounces", newest_covers=True
            )
        )
    jobs.append(_history_job(context, list(jobs)))
    left_out = set() if context.can_harvest else {"harvest", "digest", HISTORY_JOB}
    if not context.can_harvest_oai:
        left_out.add("changes")
    return [job for job in jobs if job.name not in left_out]


def _by_cron(expression: str, zone: str) -> Callable[[datetime, Mapping[str, RunRecord]], Sequence[str]]:
    return lambda now, ledger: cron_periods(expression, zone, now=now, ledger=ledger) if expression else []


def _history_job(context: AppContext, others: Sequence[Job]) -> Job:
    """The job that counts earlier weeks, whenever no other job is due; its period is the week that it begins with."""

    def others_are_due() -> bool:
        now = context.now()
        return any(due_periods(job, now=now, ledger=runs_of(context.db, job.name)) for job in others)

    def periods(_now: datetime, ledger: Mapping[str, RunRecord]) -> list[str]:
        if (week := next_history_week(context)) is None:
            # Nothing is left to do, also of what was interrupted or failed.
            return [period for period, record in ledger.items() if record.state in ("running", "failed")]
        return [] if others_are_due() else [*sorted(ledger, reverse=True), str(week)]

    return Job(
        HISTORY_JOB,
        periods,
        lambda _: extend_history(context, is_wanted_elsewhere=others_are_due),
        RUN_LEASE,
        newest_covers=True,
    )


def _changes(context: AppContext) -> Iterator[Progress]:
    """Fetch replacements and withdrawals of papers whose weeks are no longer rechecked."""
    yield from stages.harvest_oai(context, None)
    yield from stages.analyse(context, last_week=last_closed_week(context.now()))


def _weeks_due(context: AppContext, now: datetime) -> list[str]:
    """Closed weeks without a digest."""
    published = published_weeks(context.db)
    return [str(week) for week in weeks_to_publish(context, now) if week not in published]


def backup_folder(context: AppContext) -> Path:
    """The folder of the scheduler's backups."""
    return context.settings.data_dir / "backups"


def _back_up(context: AppContext, at: str) -> Iterator[Progress]:
    folder = backup_folder(context)
    if folder.is_dir():
        folder.chmod(0o700)  # an earlier version left it open to others
    name = f"papertide-{at.replace(':', '')}.sqlite"
    back_up(context.db, folder / name)
    for old in sorted(folder.glob("papertide-*.sqlite"))[: -context.settings.schedule.keep_backups]:
        old.unlink(missing_ok=True)
    yield Progress("backup", 1, 1, "files", f"backed up as {name}")


def _clean_up(context: AppContext) -> Iterator[Progress]:
    """Delete what is no longer needed, above all the data of people who never confirmed."""
    db, now = context.db, context.now()
    delete_idle_subscribers(db, pending_before=now - _KEEP_PENDING, unsubscribed_before=now - _KEEP_UNSUBSCRIBED)
    delete_requests(db, asked_before=now - _KEEP_REQUESTS)
    delete_expired_tokens(db, expired_before=now - _KEEP_REQUESTS)
    delete_unused_query_vectors(db, [*embedded_texts(followed_searches(db)), *scanned_searches(db)])
    n_runs = delete_finished_runs(db, finished_before=now - _KEEP_RUNS)
    # The note is public, so it must not count readers.
    yield Progress("clean-up", 1, 1, "times", f"deleted what is no longer needed, including {n_runs} finished runs")


def _bounces(context: AppContext) -> Iterator[Progress]:
    folder = context.settings.mail.bounce_folder
    if folder is not None:
        counts = read_bounces(context.db, folder, domains=our_domains(context.settings), now=context.now())
        yield Progress("bounces", 1, 1, "times", "read new reports" if counts else "no new reports")
