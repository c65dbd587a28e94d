"""A month of ``papertide up`` in minutes: no job lost or doubled, every week covered, memory flat.

    python -m benchmarks.scheduler_month --weeks 5 --papers 60
    python -m benchmarks.scheduler_month --replay http://127.0.0.1:8807 --category stat.ML

The clock is injected and goes six hours at a time. At each look every job that is due is done as the scheduler does
it, in one process with the web application, which then answers for some pages. For one of the weeks nobody looks at
all. arXiv is the sample server on loopback, or a server elsewhere that plays arXiv and whose clock is set by
``POST /_now?at=``.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

from starlette.testclient import TestClient

from domain.subscription import Preferences
from domain.week import Week, weeks_between
from ingest.settings import DEFAULT_CATEGORIES, ArxivSettings
from mail.service import MailService
from runtime.cached_context import CachedContext
from runtime.context import AppContext
from runtime.service_settings import ServiceSettings
from runtime.settings import Settings
from sample.arxiv_server import SampleArxiv
from sample.corpus import make_corpus
from scheduler.run_due_jobs import cron_periods
from scheduler.scheduler import run_once
from service.web.app import make_app
from store.digests import newest_digest, published_weeks
from store.job_runs import RunRecord, runs_of
from store.subscribers import add_pending, confirm

LAST_WEEK = Week.parse("2026-W25")
HISTORY_WEEKS = 6
STEP = timedelta(hours=6)
PAGES = ("/", "/trends", "/topics", "/search?q=diffusion", "/status", "/metrics", "/api/v1/status")


class Clock:
    """The present of the simulation, for us and for arXiv."""

    def __init__(self, now: datetime, tell: Callable[[datetime], None]) -> None:
        self._tell = tell
        self.go_to(now)

    def go_to(self, now: datetime) -> None:
        """Let it be this instant."""
        self._now = now
        self._tell(now)

    def __call__(self) -> datetime:
        return self._now


@contextmanager
def _arxiv(
    replay: str | None, papers_per_week: int, n_weeks: int, now: datetime
) -> Iterator[tuple[ArxivSettings, Callable[[datetime], None]]]:
    """arXiv's addresses, and how to set its clock."""
    if replay is not None:

        def set_clock(at: datetime) -> None:
            urlopen(Request(f"{replay}/_now?at={at:%Y-%m-%dT%H:%M:%SZ}", method="POST"), timeout=60).close()

        yield ArxivSettings(api_url=f"{replay}/api/query", oai_url=f"{replay}/oai", delay_s=0), set_clock
        return
    corpus = make_corpus(last_week=LAST_WEEK, n_weeks=n_weeks, papers_per_week=papers_per_week)
    with SampleArxiv(corpus.papers, now=now) as arxiv:
        yield (
            ArxivSettings(api_url=arxiv.api_url, oai_url=arxiv.oai_url, delay_s=0),
            lambda at: setattr(arxiv, "now", at),
        )


def _memory_mb() -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def main() -> None:
    """Let a month go by and print what was done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=5)
    parser.add_argument("--papers", type=int, default=60)
    parser.add_argument("--replay", help="where a server plays arXiv, in place of the sample server")
    parser.add_argument("--category", action="append", help="watch these alone; may be repeated")
    given = parser.parse_args()
    first = LAST_WEEK.plus(1 - given.weeks)
    start, stop = first.closes_at, LAST_WEEK.closes_at + timedelta(days=2)
    asleep = (first.plus(2).start_at, first.plus(3).start_at)
    began, marks, ended, answers = time.monotonic(), list[float](), Counter[tuple[str, str]](), Counter[int]()
    with (
        tempfile.TemporaryDirectory(prefix="papertide-month-") as folder,
        _arxiv(given.replay, given.papers, given.weeks + HISTORY_WEEKS, start) as (arxiv, set_clock),
    ):
        settings = Settings(
            data_dir=Path(folder),
            weeks=HISTORY_WEEKS,
            history_weeks=0,
            categories=tuple(given.category or DEFAULT_CATEGORIES),
            arxiv=arxiv,
            service=ServiceSettings(requests_per_minute=0),
        )
        clock = Clock(start, set_clock)
        context = AppContext(settings, clock=clock)
        reader = add_pending(context.db, "ada@example.org", Preferences(), now=start)
        confirm(context.db, reader.subscriber_id, None, now=start)
        mail_service, n_looks = MailService(context, sleep=lambda _: None), 0
        with TestClient(make_app(settings, CachedContext(settings, clock=clock))) as web:
            while clock() <= stop:
                if not asleep[0] <= clock() < asleep[1]:
                    for end in run_once(mail_service):
                        ended[end.job, end.state] += 1
                        if end.state not in ("done", "waiting"):
                            print(f"  {clock():%Y-%m-%d %H:%M} {end.job} {end.period}: {end.state}, {end.message}")
                    answers.update(web.get(page).status_code for page in PAGES)
                    n_looks += 1
                    marks.append(_memory_mb())
                clock.go_to(clock() + STEP)
        troubles = _report(context, ended, marks, n_looks, first, time.monotonic() - began)
        print(f"  pages: {', '.join(f'{n} answered with {status}' for status, n in sorted(answers.items()))}")
        context.db.close()
    if troubles or set(answers) - {200}:
        sys.exit("; ".join(troubles) or "a page did not answer")


def _report(
    context: AppContext, ended: Counter[tuple[str, str]], marks: list[float], n_looks: int, first: Week, took_s: float
) -> list[str]:
    """Print what was done; gives what should not be."""
    troubles = [f"{n} times {job} {state}" for (job, state), n in ended.items() if state not in ("done", "waiting")]
    print(f"{n_looks} looks at what is due in {took_s:.0f} s")
    for (job, state), n in sorted(ended.items()):
        print(f"  {n:>4} {job}: {state}")
    weeks = published_weeks(context.db)
    wanted = list(weeks_between(first, LAST_WEEK))
    whole = [w for w in weeks if (d := newest_digest(context.db, w)) and d.edition.digest.completeness.complete]
    print(f"  digests of {len(weeks)} weeks, wanted {len(wanted)}, in order: {weeks == wanted}; complete: {len(whole)}")
    if not weeks == wanted == whole:
        troubles.append("not every week has a complete digest")
    schedule = context.settings.schedule
    for job, line, zone in (
        ("harvest", schedule.harvest, schedule.zone),
        ("changes", schedule.changes, "UTC"),
        ("backup", schedule.backup, "UTC"),
        ("clean up", schedule.clean_up, "UTC"),
    ):
        ledger = runs_of(context.db, job)
        if not ledger:
            print(f"  {job}: no period came")
            continue
        first_run = min(ledger)
        one: dict[str, RunRecord] = {first_run: ledger[first_run]}
        fired = set(cron_periods(line, zone, now=context.now(), ledger=one))
        done = {period for period, record in ledger.items() if record.state == "done"}
        n_covered = len(fired - done)  # that nobody looked at: the next one does their work
        print(f"  {job}: {len(fired)} periods came, {len(done)} are done, {n_covered} covered by later ones")
        if not done <= fired or max(fired) not in done or set(ledger) != done or ended[job, "done"] != len(done):
            troubles.append(f"{job} is not what its schedule says")
    mails = list((context.settings.data_dir / "mail").glob("*.eml"))
    print(f"  mails to one weekly reader: {len(mails)} for {len(weeks)} weekly issues")
    n = len(marks)
    shown = [marks[i * (n - 1) // 7] for i in range(8)]
    print(f"  memory through the month, MB: {' '.join(f'{m:.0f}' for m in shown)}")
    if len(mails) != len(weeks):
        troubles.append("not each issue once")
    return troubles


if __name__ == "__main__":
    main()
