"""The run ledger, and the lease that keeps two runs from working on one database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, exists, func, literal, or_, select, update

from domain.errors import BusyError, redact_addresses, redact_private
from store.database import Database
from store.schema import job_run, lease


@dataclass(frozen=True)
class RunRecord:
    """One line of the ledger: a job for a period, once.

    ``message`` is for anybody. ``detail`` is for the operator alone: it may name files, but no reader.
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
    """Note that a job has begun for a period, after so many failures; beginning again replaces what was noted."""
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
    """Note how a job ended, and in one line what it did.

    ``done``; ``failed`` or ``waiting``, to be tried again after ``next_try_at``; ``given up``. ``n_tries`` counts
    the failures in a row.

    ``message`` is published, and ``detail`` outlives readers. Both come without addresses, and the message without
    paths; this door looks again, because what passes it is shown for a year.
    """
    words = {"message": redact_private(message), "detail": redact_addresses(detail)}
    with db.write() as connection:
        connection.execute(
            update(job_run)
            .where(job_run.c.job == job, job_run.c.period == period)
            .values(state=state, finished_at=now, n_tries=n_tries, next_try_at=next_try_at, **words)
        )


def runs_of(db: Database, job: str) -> dict[str, RunRecord]:
    """The ledger of one job, by period."""
    with db.read() as connection:
        rows = connection.execute(select(job_run).where(job_run.c.job == job).order_by(job_run.c.period)).all()
    return {row.period: _record(row) for row in rows}


def reopen_run(db: Database, job: str, period: str) -> None:
    """Forget that a period is done: there is something to do again."""
    with db.write() as connection:
        connection.execute(delete(job_run).where(job_run.c.job == job, job_run.c.period == period))


def unresolved_failures(db: Database) -> list[RunRecord]:
    """Jobs that failed and are not done yet, oldest first.

    A command that failed is nobody's trouble any more once the same one has succeeded.
    """
    later = job_run.alias()
    came_right = exists().where(
        later.c.job == job_run.c.job, later.c.state == "done", later.c.started_at > job_run.c.started_at
    )
    # What the scheduler will try again, or has given up, is a period of its own, and still to be done.
    of_command = (job_run.c.state == "failed") & job_run.c.next_try_at.is_(None)
    troubled = job_run.c.state.in_(["failed", "given up"]) & ~(of_command & came_right)
    with db.read() as connection:
        rows = connection.execute(select(job_run).where(troubled).order_by(job_run.c.started_at)).all()
    return [_record(row) for row in rows]


def delete_finished_runs(db: Database, *, finished_before: datetime) -> int:
    """Delete old lines that nothing comes of any more, but for each job's newest that is done; returns how many."""
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


def newest_runs(db: Database, limit: int) -> list[RunRecord]:
    """The ledger's newest lines, newest first."""
    question = select(job_run).order_by(job_run.c.started_at.desc(), job_run.c.run_id.desc()).limit(limit)
    with db.read() as connection:
        return [_record(row) for row in connection.execute(question)]


def acquire_lease(
    db: Database, name: str, holder: str, *, now: datetime, duration: timedelta, has_ended: Callable[[str], bool]
) -> None:
    """Take or renew the sole right to do something, until ``now + duration``.

    A lease may be taken over once it has expired, or at once where ``has_ended`` knows that its holder's process
    has ended (it can only know of this machine).

    Raises
    ------
    BusyError
        If somebody else holds it.
    """
    with db.write() as connection:
        row = connection.execute(select(lease).where(lease.c.name == name)).one_or_none()
        if row is None:
            insert = db.upsert(lease).values(name=name, holder=holder, expires_at=now + duration)
            # Asked by RETURNING: after an INSERT, SQLAlchemy's rowcount says -1 on PostgreSQL.
            question = insert.on_conflict_do_nothing().returning(lease.c.name)
            taken = connection.execute(question).one_or_none() is not None
        else:
            free = row.holder == holder or has_ended(row.holder)
            statement = (
                update(lease)
                .where(lease.c.name == name, lease.c.holder == row.holder)
                .where(or_(lease.c.expires_at <= now, literal(free)))  # the condition decides, not what we read before
                .values(holder=holder, expires_at=now + duration)
            )
            taken = connection.execute(statement).rowcount == 1
        if not taken:
            current = row.holder if row else "another process"
            raise BusyError(
                f"another Papertide process uses this database ({_describe_holder(current)}); wait for it, or stop it",
                holder=current,
            )


def _describe_holder(holder: str) -> str:
    """A holder, ``host:process:place.start``, as a person would look for it."""
    host, _, rest = holder.partition(":")
    process = rest.partition(":")[0]
    return f"process {process} on {host}" if process else holder


def lease_holders(db: Database, prefix: str, *, now: datetime) -> list[str]:
    """Who holds a lease whose name begins so; those that have expired are deleted."""
    named = lease.c.name.startswith(prefix, autoescape=True)
    with db.write() as connection:
        connection.execute(delete(lease).where(named, lease.c.expires_at <= now))
        return list(connection.execute(select(lease.c.holder).where(named)).scalars())


def release_lease(db: Database, name: str, holder: str) -> None:
    """Let the next one take the lease at once."""
    with db.write() as connection:
        connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))
