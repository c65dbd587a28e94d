"""Which jobs are due, and doing them: once each, in order, whatever happened in between.

A job has periods: a week, an issue, the instant of an announcement. What is due is the periods that have come and
that the run ledger does not call done. Nothing else is remembered, so a scheduler that was off for three weeks finds
what it missed, and two of them on one database never do a period twice: a period is worked on under the job's lease,
and looked up again once the lease is held.
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
    redact_private,
)
from domain.progress import Progress
from mail.issues import wait_after
from runtime.lease import held_lease
from store.database import Database
from store.runs import RunRecord, finish_run, reopen_run, runs_of, start_run

_PLAN = "what is due"
"""The period under which the ledger holds that a job could not even say what is due."""
_DEATHS_AT_ONCE = 2
"""So often a period whose process died is tried again at once; after that it waits as one that failed."""
MAX_TRIES = 12
"""Failures in a row after which a period is given up: a day and a half, with the waits between them."""
_OTHERS_FAULT = (MailServerUnavailable, SourceError)
"""Troubles of a mail server or of arXiv, however long they last, end some day: no period is given up for them."""
_DIED = "the process that was at it ended in the middle"
_LOOK_BACK = timedelta(days=400)
_MESSAGE = 500


@dataclass(frozen=True)
class Job:
    """Something that is to be done once for each of its periods.

    ``periods`` gives those that have come by an instant, oldest first, from what the ledger holds; that done ones
    are among them does no harm. ``lease`` names the right that the work needs. With ``newest_covers`` the newest
    period does the work of all before it, as a backup does.
    """

    name: str
    periods: Callable[[datetime, Mapping[str, RunRecord]], Sequence[str]]
    work: Callable[[str], Iterable[Progress]]
    lease: str
    newest_covers: bool = False


@dataclass(frozen=True)
class Ended:
    """How a period ended: ``done``, ``failed``, ``waiting``, ``given up`` or ``stopped``.

    ``message`` is for anybody, ``detail`` for the operator alone.
    """

    job: str
    period: str
    state: str
    message: str
    n_tries: int = 0
    detail: str = ""


_FIRED = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z")


def cron_periods(expression: str, zone: str, *, now: datetime, ledger: Mapping[str, RunRecord]) -> list[str]:
    """The instants at which a crontab line fired since the last one that is in the ledger, oldest first.

    Where the ledger is empty, the last one before ``now`` alone. The zone's daylight changes are followed: 20:30 in
    New York is 00:30 UTC in summer and 01:30 in winter.

    Examples
    --------
    >>> at = datetime(2026, 6, 23, 12, tzinfo=UTC)
    >>> cron_periods("30 20 * * mon-thu,sun", "America/New_York", now=at, ledger={})
    ['2026-06-23T00:30Z']
    """
    trigger = CronTrigger.from_crontab(expression, timezone=zone)
    known = sorted(name for name in ledger if _FIRED.fullmatch(name))  # a command's own lines are named otherwise
    since = _instant(known[-1]) if known else now - timedelta(days=8)
    fired: list[datetime] = []
    at = _next_after(trigger, max(since, now - _LOOK_BACK))
    while at is not None and at <= now:
        fired.append(at)
        at = _next_after(trigger, at)
    names = [_name(at) for at in (fired if known else fired[-1:])]
    return [*known, *names]


def next_fire(expression: str, zone: str, *, now: datetime) -> datetime | None:
    """When a crontab line fires next."""
    return _next_after(CronTrigger.from_crontab(expression, timezone=zone), now)


def _next_after(trigger: CronTrigger, instant: datetime) -> datetime | None:
    """When a trigger fires next after an instant, UTC.

    Looked for from one minute on to the next, in UTC: within the hour that a zone repeats when summer ends, the
    trigger's own arithmetic gives the same instant again and again.
    """
    asked = instant
    while True:
        asked += timedelta(minutes=1)
        at = trigger.get_next_fire_time(None, asked.replace(second=0, microsecond=0))
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
    """Periods to be worked on now, in order.

    A period that failed and waits for its next try holds the later ones back, since they build on it; one that was
    given up, or that waits for something outside, does not.
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
    """Work on every period of a job that is due; yields how each ended, after that is stored.

    Ends without a word where somebody else is at it.
    """
    while not stop():
        ledger = runs_of(db, job.name)
        plan = ledger.pop(_PLAN, None)
        if plan is not None and plan.next_try_at is not None and plan.next_try_at > clock():
            return
        try:
            due = due_periods(job, now=clock(), ledger=ledger)
        except Exception as error:  # noqa: BLE001 - one job's fault, whatever it is, must not stop the others
            start_run(db, job.name, _PLAN, now=clock())
            yield _failed(db, job, _PLAN, error, n_tries=plan.n_tries if plan else 0, clock=clock)
            return
        if plan is not None:
            reopen_run(db, job.name, _PLAN)
        if not due:
            return
        period = due[-1] if job.newest_covers else due[0]
        try:
            with held_lease(db, job.lease, clock=clock) as keeping:
                # Whoever held the lease before may have done it in the meantime.
                record = runs_of(db, job.name).get(period)
                if record is not None and record.state in ("done", "given up"):
                    continue
                n_tries = record.n_tries if record else 0
                if record is not None and record.state == "running":
                    n_tries += 1
                    died = PapertideError(_DIED, public=_DIED)
                    if n_tries > _DEATHS_AT_ONCE:
                        yield _failed(db, job, period, died, n_tries=n_tries - 1, clock=clock)
                        return
                ended = _work(db, job, period, n_tries, keeping, clock=clock, stop=stop)
                if ended.state == "done" and job.newest_covers:
                    _cover(db, job, period, now=clock())
        except BusyError:
            return
        yield ended
        if ended.state in ("failed", "stopped"):
            return


def _cover(db: Database, job: Job, newest: str, *, now: datetime) -> None:
    """Note that a period has done the work of all before it: those that failed or were given up too."""
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
    keeping: Callable[[Iterable[Progress]], Iterator[Progress]],
    *,
    clock: Callable[[], datetime],
    stop: Callable[[], bool],
) -> Ended:
    start_run(db, job.name, period, now=clock(), n_tries=n_tries)
    note, next_try_at = "", None
    try:
        for step in keeping(job.work(period)):
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
    except Exception as error:  # noqa: BLE001 - one job's fault, whatever it is, must not stop the others
        return _failed(db, job, period, error, n_tries=n_tries, clock=clock)
    note = redact_private(" ".join(note.split()))[:_MESSAGE]
    finish_run(db, job.name, period, state=state, message=note, now=clock(), n_tries=n_tries, next_try_at=next_try_at)
    return Ended(job.name, period, state, note, n_tries)


def _failed(
    db: Database, job: Job, period: str, error: Exception, *, n_tries: int, clock: Callable[[], datetime]
) -> Ended:
    """Note one failure more, and when to try again."""
    n_tries += 1
    is_last = n_tries >= MAX_TRIES and period != _PLAN and not isinstance(error, _OTHERS_FAULT)
    state = "given up" if is_last else "failed"
    note, detail = (" ".join(words.split())[:_MESSAGE] for words in (public_message(error), private_detail(error)))
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
