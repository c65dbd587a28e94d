"""APScheduler in this process: runs every job when it is due."""

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
from mail.service import MailService
from scheduler.job_list import jobs_of
from scheduler.ledger import Ended, run_due

_log = logging.getLogger("papertide.scheduler")

_TELL_AFTER = 3
"""Failures in a row after which the operator is told, and again when a period is given up."""


def run_once(mail_service: MailService, *, stop: Callable[[], bool] = lambda: False) -> Iterator[Ended]:
    """Do everything that is due now, job by job; what others hold is left to them."""
    has_worked = False
    for job in jobs_of(mail_service):
        if stop():
            return
        for ended in run_due(mail_service.context.db, job, clock=mail_service.context.now, stop=stop):
            has_worked = True
            _tell(mail_service, ended)
            yield ended
    if has_worked:
        _give_memory_back()


def _give_memory_back() -> None:
    """Give back to the system what a fit or a harvest no longer needs; glibc would keep 200 MB of it."""
    with suppress(OSError, AttributeError):  # another C library has no such call, and may not need it
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _tell(mail_service: MailService, ended: Ended) -> None:
    line = f"{ended.job} {ended.period}: {ended.state}" + (f", {ended.message}" if ended.message else "")
    _log.log(logging.ERROR if ended.state in ("failed", "given up") else logging.INFO, "%s", line)
    if ended.state == "given up" or (ended.state == "failed" and ended.n_tries == _TELL_AFTER):
        try:
            words = ": ".join(filter(None, (ended.message, ended.detail)))
            mail_service.notify_operator(f"{ended.job} {ended.period} {ended.state}", words)
        except DeliveryError as error:
            _log.error("the operator could not be told: %s", error.public)


class Scheduler:
    """APScheduler at work in this process: it looks for what is due, the run ledger decides what that is.

    Two threads look, each by itself: one does the jobs, the other answers requests, since nobody who has just
    subscribed should wait for a fit of topics. APScheduler keeps nothing between two starts.
    """

    def __init__(self, mail_service: MailService, *, confirmations_every_s: float = 5.0) -> None:
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        self._mail_service = mail_service
        self._stop = threading.Event()
        self._busy = {"jobs": threading.Lock(), "letters": threading.Lock()}
        once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={name: ThreadPoolExecutor(1) for name in self._busy},
            job_defaults=once,
        )
        every_s = mail_service.context.settings.schedule.every_s
        for name, look, seconds in (("jobs", self._jobs, every_s), ("letters", self._letters, confirmations_every_s)):
            self._scheduler.add_job(look, "interval", seconds=seconds, id=name, executor=name)

    def start(self) -> None:
        """Begin, with a first look at once."""
        if not self._mail_service.context.can_harvest:
            _log.info(
                "the stored papers are the demo's, so nothing is harvested; for real ones give another --data-dir"
            )
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=_soon())
        self._scheduler.start()

    def stop(self, timeout_s: float) -> bool:
        """End after the units in hand; whether they ended in time. Those that did not are rolled back by ending."""
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

    def _jobs(self) -> None:
        self._look("jobs", lambda: [None for _ in run_once(self._mail_service, stop=self._stop.is_set)])

    def _letters(self) -> None:
        def answer() -> None:
            for _ in self._mail_service.answer_requests():
                if self._stop.is_set():
                    return

        self._look("letters", answer)

    def _look(self, name: str, work: Callable[[], Any]) -> None:
        """One look, whose troubles end with it: the next one comes."""
        if self._stop.is_set():
            return
        with self._busy[name]:
            try:
                work()
            except BusyError:
                return  # another process is at it
            except PapertideError as error:
                _log.error("%s: %s", name, error.public)
            except Exception as error:  # noqa: BLE001 - a fault of one look must not end all that come after it
                _log.error("%s failed: %s", name, error_location(error))


def _soon() -> datetime:
    from datetime import UTC

    return datetime.now(UTC)
