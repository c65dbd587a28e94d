"""Runs every job when it is due, with APScheduler in this process."""

from __future__ import annotations

import ctypes
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from domain.errors import BusyError, DeliveryError, PapertideError, error_location
from ingest.stop_request import waits_ended_by
from mail.service import MailService
from scheduler.job_list import jobs_of
from scheduler.run_due_jobs import Ended, run_due

_log = logging.getLogger("papertide.scheduler")

_NOTIFY_AFTER = 3
"""Failures in a row after which the operator is mailed; a second mail follows when a period is given up."""


def run_once(mail_service: MailService, *, stop: Callable[[], bool] = lambda: False) -> Iterator[Ended]:
    """Run every job that is due now; those that another process is running are left to it."""
    has_worked = False
    for job in jobs_of(mail_service):
        if stop():
            return
        for ended in run_due(mail_service.context.db, job, clock=mail_service.context.now, stop=stop):
            has_worked = True
            _report(mail_service, ended)
            yield ended
    if has_worked:
        _release_memory()


def _release_memory() -> None:
    """Return the free memory of a fit or a harvest to the system; glibc would keep 200 MB of it."""
    with suppress(OSError, AttributeError):  # other C libraries have no such call
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _report(mail_service: MailService, ended: Ended) -> None:
    """Log how a period ended, and mail the operator about repeated failures."""
    line = f"{ended.job} {ended.period}: {ended.state}" + (f", {ended.message}" if ended.message else "")
    _log.log(logging.ERROR if ended.state in ("failed", "given up") else logging.INFO, "%s", line)
    if ended.state == "given up" or (ended.state == "failed" and ended.n_tries == _NOTIFY_AFTER):
        try:
            message = ": ".join(filter(None, (ended.message, ended.detail)))
            mail_service.notify_operator(f"{ended.job} {ended.period} {ended.state}", message)
        except DeliveryError as error:
            _log.error("the operator could not be mailed: %s", error.public)


class Scheduler:
    """Checks regularly for due jobs, with APScheduler; the run ledger decides what is due.

    Two threads check independently: one runs the jobs, the other sends confirmations, so that a new subscriber does not
    wait for a topic fit. APScheduler stores nothing between two starts.
    """

    def __init__(self, mail_service: MailService, *, confirmations_every_s: float = 5.0) -> None:
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        self._mail_service = mail_service
        self._stop = threading.Event()
        self._busy = {"jobs": threading.Lock(), "confirmations": threading.Lock()}
        once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={name: ThreadPoolExecutor(1) for name in self._busy},
            job_defaults=once,
        )
        every_s = mail_service.context.settings.schedule.every_s
        checks = (("jobs", self._run_jobs, every_s), ("confirmations", self._send_confirmations, confirmations_every_s))
        for name, check, seconds in checks:
            self._scheduler.add_job(check, "interval", seconds=seconds, id=name, executor=name)

    def start(self) -> None:
        """Start, with a first check at once."""
        if not self._mail_service.context.can_harvest:
            _log.info("the stored papers are the demo's, so nothing is harvested; for real ones use another --data-dir")
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=_soon())
        self._scheduler.start()

    def stop(self, timeout_s: float) -> bool:
        """Stop after the running units, and waits for arXiv at once; returns whether they ended in time.

        Others are rolled back on exit.
        """
        self._stop.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        deadline = time.monotonic() + timeout_s
        ended = True
        for busy in self._busy.values():
            if busy.acquire(timeout=max(0.0, deadline - time.monotonic())):
                busy.release()
            else:
                ended = False
        return ended

    def _run_jobs(self) -> None:
        self._check("jobs", lambda: [None for _ in run_once(self._mail_service, stop=self._stop.is_set)])

    def _send_confirmations(self) -> None:
        def send() -> None:
            for _ in self._mail_service.answer_requests():
                if self._stop.is_set():
                    return

        self._check("confirmations", send)

    def _check(self, name: str, work: Callable[[], Any]) -> None:
        """One check. Its errors are logged, so that they do not stop the next one."""
        if self._stop.is_set():
            return
        with self._busy[name], waits_ended_by(self._stop.is_set):
            try:
                work()
            except BusyError:
                return  # another process is doing it
            except PapertideError as error:
                _log.error("%s: %s", name, error.public)
            except Exception as error:  # noqa: BLE001 - one check's failure must not stop the scheduler
                _log.error("%s failed: %s", name, error_location(error))


def _soon() -> datetime:
    from datetime import UTC

    return datetime.now(UTC)
