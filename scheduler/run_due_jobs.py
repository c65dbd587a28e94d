"""Decides which jobs are due and runs each of their periods once, in order.

A job has periods: a week, an issue, the time of an announcement. A period is due if it has come and the run ledger does
not record it as done. There is no other state, so a scheduler that was off for three weeks finds what it missed. Two
schedulers on one database never do a period twice: a period runs under the job's lease, and is looked up again once the
lease is held.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from apscheduler.triggers.cron import CronTrigger

from domain.errors import (
    BusyError,
    MailServerUnavailable,
    PapertideError,
    PostponedError,
    SourceError,
    Stopped,
    private_detail,
    public_message,
)
from domain.progress import Progress
from domain.redaction import redact_private
from mail.issue_delivery import wait_after
from runtime.lease import held_lease
from store.database import Database
from store.job_runs import RunRecord, finish_run, reopen_run, runs_of, start_run

_PLAN = "what is due"
"""The period under which the ledger records that a job failed to say what is due."""
_MAX_IMMEDIATE_RETRIES = 2
"""How often a period whose process died is retried at once; after that a death counts as a failure."""
MAX_TRIES = 12
"""Failures in a row after which a period is given up: a day and a half, with the waits between them."""
_OUTSIDE_FAILURES = (MailServerUnavailable, SourceError)
"""An outage of a mail server or of arXiv ends some day, so no period is given up because of one."""
_DIED = "the process ended in the middle of it"
_LOOK_BACK = timedelta(days=400)
_MAX_MESSAGE = 500


@dataclass(frozen=True)
class Job:
    """Something to do once for each of its periods.

    ``periods`` gives the periods that have come by a time, oldest first, from the job's ledger; it may include done
    ones. ``lease`` names the lease that the work needs. With ``newest_covers`` the newest period does the work of all
    earlier ones, as a backup does.
    """

    name: str
    periods: Callable[[datetime, Mapping[str, RunRecord]], Sequence[str]]
    work: Callable[[str], Iterable[Progress]]
    lease: str
    newest_covers: bool = False


@dataclass(frozen=True)
class Ended:
    """How a period ended: ``done``, ``failed``, ``waiting``, ``given up`` or ``stopped``.

    ``message`` is public, ``detail`` is only for the operator.
    """

    job: str
    period: str
    state: str
    message: str
    n_tries: int = 0
    detail: str = ""


_FIRED = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z")


def cron_periods(expression: str, zone: str, *, now: datetime, ledger: Mapping[str, RunRecord]) -> list[str]:
    """The times at which a crontab line fired since the last one in the ledger, oldest first.

    If the ledger is empty, only the last one before ``now``. Daylight saving is followed: 20:30 in New York is 00:30
    UTC in summer and 01:30 in winter.

    Examples
    --------
    >>> at = datetime(2026, 6, 23, 12, tzinfo=UTC)
    >>> cron_periods("30 20 * * mon-thu,sun", "America/New_York", now=at, ledger={})
    ['2026-06-23T00:30Z']
    """
    trigger = CronTrigger.from_crontab(expression, timezone=zone)
    known = sorted(name for name in ledger if _FIRED.fullmatch(name))  # lines of commands have other names
    since = _instant(known[-1]) if known else now - timedelta(days=8)
    fired: list[datetime] = []
    at = _next_after(trigger, max(since, now - _LOOK_BACK))
    while at is not None and at <= now:
        fired.append(at)
        at = _next_after(trigger, at)
    names = [_name(at) for at in (fired if known else fired[-1:])]
    return [*known, *names]


def _next_after(trigger: CronTrigger, instant: datetime) -> datetime | None:
    """When a trigger fires next after an instant, UTC.

    Searches minute by minute in UTC: within the hour that a zone repeats at the end of summer time, the trigger's own
    arithmetic returns the same instant again and again.
    """
    candidate = instant
    while True:
        candidate += timedelta(minutes=1)
        at = trigger.get_next_fire_time(None, candidate.replace(second=0, microsecond=0))
        if at is None:
            return None
        found: datetime = at.astimezone(UTC)
        if found > instant:
            return found


def _name(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def _instant(name: str) -> datetime:
    return datetime.strptime(name, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)


def due_periods(job: Job, *, now: datetime, ledger: Mapping[str, RunRecord]) -> list[str]:
    """The periods to run now, in order.

    A failed period that waits for its next try holds back the later ones, because they build on it. One that was given
    up, or that is waiting for something outside, does not.
    """
    due = []
    for period in dict.fromkeys(job.periods(now, ledger)):
        record = ledger.get(period)
        if record is not None and record.state in ("done", "given up"):
            continue
        if record is not None and record.next_try_at is not None and record.next_try_at > now:
            if record.state == "waiting" or job.newest_covers:
                continue
            break
        due.append(period)
    return due


def run_due(
    db: Database, job: Job, *, clock: Callable[[], datetime], stop: Callable[[], bool] = lambda: False
) -> Iterator[Ended]:
    """Run every due period of a job; yields how each ended, once that is stored.

    Ends without an error if another process is running the job.
    """
    while not stop():
        ledger = runs_of(db, job.name)
        plan = ledger.pop(_PLAN, None)
        if plan is not None and plan.next_try_at is not None and plan.next_try_at > clock():
            return
        try:
            due = due_periods(job, now=clock(), ledger=ledger)
        except Exception as error:  # noqa: BLE001 - one job's failure must not stop the others
            start_run(db, job.name, _PLAN, now=clock())
            yield _failed(db, job, _PLAN, error, n_tries=plan.n_tries if plan else 0, clock=clock)
            return
        if plan is not None:
            reopen_run(db, job.name, _PLAN)
        if not due:
            return
        period = due[-1] if job.newest_covers else due[0]
        try:
            with held_lease(db, job.lease, clock=clock) as guarded:
                # The previous holder of the lease may have done it in the meantime.
                record = runs_of(db, job.name).get(period)
                if record is not None and record.state in ("done", "given up"):
                    continue
                n_tries = record.n_tries if record else 0
                if record is not None and record.state == "running":
                    n_tries += 1
                    died = PapertideError(_DIED, public=_DIED)
                    if n_tries > _MAX_IMMEDIATE_RETRIES:
                        yield _failed(db, job, period, died, n_tries=n_tries - 1, clock=clock)
                        return
                ended = _work(db, job, period, n_tries, guarded, clock=clock, stop=stop)
                if ended.state == "done" and job.newest_covers:
                    _cover(db, job, period, now=clock())
        except BusyError:
            return
        yield ended
        if ended.state in ("failed", "stopped"):
            return


def _cover(db: Database, job: Job, newest: str, *, now: datetime) -> None:
    """Record earlier periods as done by the newest one, including those that failed or were given up."""
    ledger = runs_of(db, job.name)
    for older in takewhile(lambda period: period != newest, job.periods(now, ledger)):
        if older not in ledger or ledger[older].state != "done":
            start_run(db, job.name, older, now=now)
            finish_run(db, job.name, older, state="done", message=f"covered by {newest}", now=now)


def _work(
    db: Database,
    job: Job,
    period: str,
    n_tries: int,
    guarded: Callable[[Iterable[Progress]], Iterator[Progress]],
    *,
    clock: Callable[[], datetime],
    stop: Callable[[], bool],
) -> Ended:
    start_run(db, job.name, period, now=clock(), n_tries=n_tries)
    note, next_try_at = "", None
    try:
        for step in guarded(job.work(period)):
            note = step.note or note
            if stop():
                raise Stopped("stopped as asked")
        state, n_tries = "done", 0
    except Stopped as error:
        state, note = "stopped", error.public
    except PostponedError as error:
        state, note, next_try_at = "waiting", error.public, error.until
    except BusyError:
        raise
    except Exception as error:  # noqa: BLE001 - one job's failure must not stop the others
        return _failed(db, job, period, error, n_tries=n_tries, clock=clock)
    note = redact_private(" ".join(note.split()))[:_MAX_MESSAGE]
    finish_run(db, job.name, period, state=state, message=note, now=clock(), n_tries=n_tries, next_try_at=next_try_at)
    return Ended(job.name, period, state, note, n_tries)


def _failed(
    db: Database, job: Job, period: str, error: Exception, *, n_tries: int, clock: Callable[[], datetime]
) -> Ended:
    """Record one more failure, and when to try again."""
    n_tries += 1
    is_last = n_tries >= MAX_TRIES and period != _PLAN and not isinstance(error, _OUTSIDE_FAILURES)
    state = "given up" if is_last else "failed"
    note, detail = (" ".join(text.split())[:_MAX_MESSAGE] for text in (public_message(error), private_detail(error)))
    next_try_at = clock() + wait_after(n_tries) if state == "failed" else None
    finish_run(
        db,
        job.name,
        period,
        state=state,
        message=note,
        detail=detail,
        now=clock(),
        n_tries=n_tries,
        next_try_at=next_try_at,
    )
    return Ended(job.name, period, state, note, n_tries, detail)
