"""The run ledger: every run of a job, how it ended, and when it is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, exists, func, select, update

from domain.redaction import redact_addresses, redact_private
from store.database import Database
from store.schema import job_run


@dataclass(frozen=True)
class RunRecord:
    """A ledger entry: one job for one period.

    ``message`` is public. ``detail`` is for the operator: it may contain paths, but nothing about a reader.
    """

    job: str
    period: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    message: str
    n_tries: int = 0
    next_try_at: datetime | None = None
    detail: str = ""


def start_run(db: Database, job: str, period: str, *, now: datetime, n_tries: int = 0) -> None:
    """Record the start of a job for a period, after ``n_tries`` failures; replaces the previous entry."""
    insert = db.upsert(job_run).values(
        job=job,
        period=period,
        state="running",
        started_at=now,
        finished_at=None,
        message="",
        detail="",
        n_tries=n_tries,
    )
    new = insert.excluded
    with db.write() as connection:
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["job", "period"],
                set_={
                    "state": new.state,
                    "started_at": new.started_at,
                    "finished_at": None,
                    "message": "",
                    "detail": "",
                    "n_tries": new.n_tries,
                },
            )
        )


def finish_run(
    db: Database,
    job: str,
    period: str,
    *,
    state: str,
    message: str,
    detail: str = "",
    now: datetime,
    n_tries: int = 0,
    next_try_at: datetime | None = None,
) -> None:
    """Record the end of a job for a period.

    Parameters
    ----------
    state : ``done``; ``failed`` or ``waiting``, to be tried again after ``next_try_at``; ``stopped``; ``given up``.
    message : one public line about what the job did.
    detail : further text for the operator.
    n_tries : consecutive failures.

    Notes
    -----
    ``message`` is published and ``detail`` outlives the data of readers, so both are redacted here once more.
    """
    words = {"message": redact_private(message), "detail": redact_addresses(detail)}
    with db.write() as connection:
        connection.execute(
            update(job_run)
            .where(job_run.c.job == job, job_run.c.period == period)
            .values(state=state, finished_at=now, n_tries=n_tries, next_try_at=next_try_at, **words)
        )


def runs_of(db: Database, job: str) -> dict[str, RunRecord]:
    """The ledger entries of one job, by period."""
    with db.read() as connection:
        rows = connection.execute(select(job_run).where(job_run.c.job == job).order_by(job_run.c.period)).all()
    return {row.period: _record(row) for row in rows}


def reopen_run(db: Database, job: str, period: str) -> None:
    """Delete the entry of a period, so that the job runs for it again."""
    with db.write() as connection:
        connection.execute(delete(job_run).where(job_run.c.job == job, job_run.c.period == period))


def unresolved_failures(db: Database) -> list[RunRecord]:
    """Failed jobs that have not succeeded since, oldest first.

    A failed command is resolved once the same command succeeds.
    """
    later = job_run.alias()
    succeeded_later = exists().where(
        later.c.job == job_run.c.job, later.c.state == "done", later.c.started_at > job_run.c.started_at
    )
    # Failures of the scheduler belong to a period, which a later success for another period does not resolve.
    of_command = (job_run.c.state == "failed") & job_run.c.next_try_at.is_(None)
    unresolved = job_run.c.state.in_(["failed", "given up"]) & ~(of_command & succeeded_later)
    with db.read() as connection:
        rows = connection.execute(select(job_run).where(unresolved).order_by(job_run.c.started_at)).all()
    return [_record(row) for row in rows]


def delete_finished_runs(db: Database, *, finished_before: datetime) -> int:
    """Delete finished runs older than the cutoff, except each job's latest success; returns the number deleted."""
    newest = select(func.max(job_run.c.run_id)).where(job_run.c.state == "done").group_by(job_run.c.job)
    is_over = job_run.c.state.in_(["done", "stopped", "failed"]) & job_run.c.next_try_at.is_(None)
    old = is_over & (job_run.c.finished_at < finished_before)
    with db.write() as connection:
        return connection.execute(delete(job_run).where(old, job_run.c.run_id.not_in(newest))).rowcount


def _record(row: Row[Any]) -> RunRecord:
    return RunRecord(
        row.job,
        row.period,
        row.state,
        row.started_at,
        row.finished_at,
        row.message,
        row.n_tries,
        row.next_try_at,
        row.detail,
    )


def last_successes(db: Database) -> dict[str, datetime]:
    """When each job last succeeded."""
    newest = func.max(job_run.c.finished_at).label("at")
    query = select(job_run.c.job, newest).where(job_run.c.state == "done").group_by(job_run.c.job)
    with db.read() as connection:
        return {row.job: row.at for row in connection.execute(query.order_by(job_run.c.job))}


def newest_runs(db: Database, limit: int) -> list[RunRecord]:
    """The newest ledger entries, newest first."""
    query = select(job_run).order_by(job_run.c.started_at.desc(), job_run.c.run_id.desc()).limit(limit)
    with db.read() as connection:
        return [_record(row) for row in connection.execute(query)]
