"""The jobs of an installation, and the process that does them when they are due."""

from __future__ import annotations

import ctypes
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from domain.digest import DigestEdition
from domain.errors import BusyError, DeliveryError, PapertideError, raised_at
from domain.week import Week, last_closed_week
from scheduler.jobs import Ended, Job, cron_periods, run_due
from scheduler.pipeline import Progress
from service.bounces import our_domains, read_bounces
from service.files import write_files
from service.post_office import DELIVERY_LEASE, PostOffice
from service.workshop import LEASE, LOOK_BACK_WEEKS, Workshop
from store.backup import back_up
from store.deliveries import forget_query_vectors
from store.digests import newest_digest, published_weeks
from store.runs import RunRecord, forget_runs
from store.subscribers import forget_idle, forget_requests, forget_tokens

_log = logging.getLogger("papertide.scheduler")

_TELL_AFTER = 3
"""Failures in a row after which the operator is told, and again when a period is given up."""
_KEEP_RUNS = timedelta(days=400)
_KEEP_REQUESTS = timedelta(days=35)
_KEEP_PENDING = timedelta(days=8)
_KEEP_UNSUBSCRIBED = timedelta(days=90)


def jobs_of(office: PostOffice) -> list[Job]:
    """Every job, in the order in which they are looked at: what others build on comes first."""
    shop, schedule = office.shop, office.shop.settings.schedule
    jobs = [
        Job("harvest", _by_cron(schedule.harvest, schedule.zone), lambda _: _harvest(shop), LEASE, newest_covers=True),
        Job("digest", lambda now, _: _weeks_due(shop, now), lambda period: _publish(shop, Week.parse(period)), LEASE),
        Job("delivery", lambda _now, _ledger: office.due_issues(), office.deliver, DELIVERY_LEASE),
        Job("changes", _by_cron(schedule.changes, "UTC"), lambda _: _changes(shop), LEASE, newest_covers=True),
        Job("clean up", _by_cron(schedule.clean_up, "UTC"), lambda _: _clean_up(shop), "clean up", newest_covers=True),
    ]
    if schedule.backup and shop.db.is_sqlite:
        jobs.append(
            Job("backup", _by_cron(schedule.backup, "UTC"), lambda at: _back_up(shop, at), "backup", newest_covers=True)
        )
    if shop.settings.mail.bounce_folder is not None:
        jobs.append(
            Job("bounces", _by_cron(schedule.bounces, "UTC"), lambda _: _bounces(shop), "bounces", newest_covers=True)
        )
    return jobs


def _by_cron(expression: str, zone: str) -> Callable[[datetime, Mapping[str, RunRecord]], Sequence[str]]:
    return lambda now, ledger: cron_periods(expression, zone, now=now, ledger=ledger) if expression else []


def _harvest(shop: Workshop) -> Iterator[Progress]:
    """Fetch what is not proven whole, look into it, and correct digests of weeks that have become whole."""
    n_weeks = shop.settings.weeks
    last = last_closed_week(shop.present(n_weeks))
    yield from shop.harvest(n_weeks)
    yield from shop.analyse(last_week=last)
    for week in published_weeks(shop.db)[-LOOK_BACK_WEEKS:]:
        published = newest_digest(shop.db, week)
        if published is not None and not published.edition.digest.completeness.complete:
            yield from _publish_and_write(shop, week)


def _changes(shop: Workshop) -> Iterator[Progress]:
    """Follow replacements and withdrawals of papers that are older than the last re-check of their week."""
    yield from shop.harvest_lists(None)
    yield from shop.analyse(last_week=last_closed_week(shop.now()))


def _weeks_due(shop: Workshop, now: datetime) -> list[str]:
    """Closed weeks without a digest."""
    published = published_weeks(shop.db)
    return [str(week) for week in shop.weeks_to_publish(now) if week not in published]


def _publish(shop: Workshop, week: Week) -> Iterator[Progress]:
    """A week from harvest to digest; weeks since then that are closed too are fetched with it."""
    n_missed = (last_closed_week(shop.now()).monday - week.monday).days // 7
    yield from shop.harvest(shop.settings.weeks + n_missed)
    # A week that was missed long ago must not take the topics back to what they were then.
    yield from shop.analyse(last_week=max([week, *published_weeks(shop.db)]))
    yield from _publish_and_write(shop, week)


def _publish_and_write(shop: Workshop, week: Week) -> Iterator[Progress]:
    yield from shop.publish(week)
    published = newest_digest(shop.db, week)
    if published is not None:
        write_edition(shop, published.edition)


def write_edition(shop: Workshop, edition: DigestEdition) -> None:
    """Write a digest's files into the data folder."""
    from templates.render import digest_files

    write_files(shop.settings.data_dir / "digests", digest_files(edition))


def backup_folder(shop: Workshop) -> Path:
    """Where the scheduler's backups are."""
    return shop.settings.data_dir / "backups"


def _back_up(shop: Workshop, at: str) -> Iterator[Progress]:
    folder = backup_folder(shop)
    name = f"papertide-{at.replace(':', '')}.sqlite"
    back_up(shop.db, folder / name)
    for old in sorted(folder.glob("papertide-*.sqlite"))[: -shop.settings.schedule.keep_backups]:
        old.unlink(missing_ok=True)
    yield Progress("backup", 1, 1, "files", f"backed up as {name}")


def _clean_up(shop: Workshop) -> Iterator[Progress]:
    """Forget what is not needed any more, people who never confirmed first of all."""
    db, now = shop.db, shop.now()
    forget_idle(db, pending_before=now - _KEEP_PENDING, unsubscribed_before=now - _KEEP_UNSUBSCRIBED)
    forget_requests(db, asked_before=now - _KEEP_REQUESTS)
    forget_tokens(db, expired_before=now - _KEEP_REQUESTS)
    forget_query_vectors(db)
    n_runs = forget_runs(db, finished_before=now - _KEEP_RUNS)
    # Anybody can read the note, and how many people came and went is nobody's business.
    yield Progress("clean-up", 1, 1, "times", f"forgot what is no longer needed, {n_runs} lines of the ledger among it")


def _bounces(shop: Workshop) -> Iterator[Progress]:
    folder = shop.settings.mail.bounce_folder
    if folder is not None:
        counts = read_bounces(shop.db, folder, domains=our_domains(shop.settings), now=shop.now())
        yield Progress("bounces", 1, 1, "times", "read what came" if counts else "no reports")


def run_once(office: PostOffice, *, stop: Callable[[], bool] = lambda: False) -> Iterator[Ended]:
    """Do everything that is due now, job by job; what others hold is left to them."""
    has_worked = False
    for job in jobs_of(office):
        if stop():
            return
        for ended in run_due(office.shop.db, job, clock=office.shop.now, stop=stop):
            has_worked = True
            _tell(office, ended)
            yield ended
    if has_worked:
        _give_memory_back()


def _give_memory_back() -> None:
    """Give back to the system what a fit or a harvest no longer needs; glibc would keep 200 MB of it."""
    with suppress(OSError, AttributeError):  # another C library has no such call, and may not need it
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _tell(office: PostOffice, ended: Ended) -> None:
    line = f"{ended.job} {ended.period}: {ended.state}" + (f", {ended.message}" if ended.message else "")
    _log.log(logging.ERROR if ended.state in ("failed", "given up") else logging.INFO, "%s", line)
    if ended.state == "given up" or (ended.state == "failed" and ended.n_tries == _TELL_AFTER):
        try:
            words = ": ".join(filter(None, (ended.message, ended.detail)))
            office.tell_operator(f"{ended.job} {ended.period} {ended.state}", words)
        except DeliveryError as error:
            _log.error("the operator could not be told: %s", error.public)


class Scheduler:
    """APScheduler at work in this process: it looks for what is due, the run ledger decides what that is.

    Two threads look, each by itself: one does the jobs, the other answers requests, since nobody who has just
    subscribed should wait for a fit of topics. APScheduler keeps nothing between two starts.
    """

    def __init__(self, office: PostOffice, *, letters_every_s: float = 5.0) -> None:
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        self._office = office
        self._stop = threading.Event()
        self._busy = {"jobs": threading.Lock(), "letters": threading.Lock()}
        once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={name: ThreadPoolExecutor(1) for name in self._busy},
            job_defaults=once,
        )
        every_s = office.shop.settings.schedule.every_s
        for name, look, seconds in (("jobs", self._jobs, every_s), ("letters", self._letters, letters_every_s)):
            self._scheduler.add_job(look, "interval", seconds=seconds, id=name, executor=name)

    def start(self) -> None:
        """Begin, with a first look at once."""
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
        self._look("jobs", lambda: [None for _ in run_once(self._office, stop=self._stop.is_set)])

    def _letters(self) -> None:
        def answer() -> None:
            for _ in self._office.answer_requests():
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
                _log.error("%s failed: %s", name, raised_at(error))


def _soon() -> datetime:
    from datetime import UTC

    return datetime.now(UTC)
