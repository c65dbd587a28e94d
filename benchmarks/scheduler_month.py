"""A month of the scheduler in minutes: no job lost or doubled, every week covered, memory flat.

    python -m benchmarks.scheduler_month --weeks 5 --papers 60

The clock is injected and goes six hours at a time; arXiv is the sample server on loopback, whose clock goes along. At
each look every job that is due is done as ``papertide scheduler`` does it. For one of the weeks nobody looks at all.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from domain.subscription import Preferences
from domain.week import Week, weeks_between
from ingest.settings import ArxivSettings
from sample.corpus import make_corpus
from sample.server import SampleArxiv
from scheduler.jobs import cron_periods
from service.jobs import run_once
from service.post_office import PostOffice
from service.settings import Settings
from service.workshop import Workshop
from store.digests import newest_digest, published_weeks
from store.runs import RunRecord, runs_of
from store.subscribers import add_pending, confirm

LAST_WEEK = Week.parse("2026-W25")
HISTORY_WEEKS = 6
STEP = timedelta(hours=6)


def _memory_mb() -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def main() -> None:
    """Let a month go by and print what was done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=5)
    parser.add_argument("--papers", type=int, default=60)
    given = parser.parse_args()
    first = LAST_WEEK.plus(1 - given.weeks)
    corpus = make_corpus(last_week=LAST_WEEK, n_weeks=given.weeks + HISTORY_WEEKS, papers_per_week=given.papers)
    began, marks, ended = time.monotonic(), list[float](), Counter[tuple[str, str]]()
    start, stop = first.closes_at, LAST_WEEK.closes_at + timedelta(days=2)
    asleep = (first.plus(2).start_at, first.plus(3).start_at)
    with tempfile.TemporaryDirectory(prefix="papertide-month-") as folder:
        now, n_looks = start, 0
        shop: Workshop | None = None
        while now <= stop:
            if not asleep[0] <= now < asleep[1]:
                with SampleArxiv(corpus.papers, now=now) as arxiv:
                    settings = Settings(
                        data_dir=Path(folder),
                        weeks=HISTORY_WEEKS,
                        now=now,
                        arxiv=ArxivSettings(api_url=arxiv.api_url, delay_s=0),
                    )
                    before, shop = shop, Workshop(settings)
                    if before is not None:  # one process: the model and the database stay open
                        shop.__dict__.update({k: v for k, v in vars(before).items() if k in ("db", "encoder")})
                    else:
                        reader = add_pending(shop.db, "ada@example.org", Preferences(), now=now)
                        confirm(shop.db, reader.subscriber_id, None, now=now)
                    for end in run_once(PostOffice(shop, sleep=lambda _: None)):
                        ended[end.job, end.state] += 1
                        if end.state not in ("done", "waiting"):
                            print(f"  {now:%Y-%m-%d %H:%M} {end.job} {end.period}: {end.state}, {end.message}")
                    n_looks += 1
                    marks.append(_memory_mb())
            now += STEP
        if shop is None:
            raise SystemExit("there was no time to look")
        _report(shop, ended, marks, n_looks, first, time.monotonic() - began)
        shop.db.close()


def _report(
    shop: Workshop, ended: Counter[tuple[str, str]], marks: list[float], n_looks: int, first: Week, took_s: float
) -> None:
    print(f"{n_looks} looks at what is due in {took_s:.0f} s")
    for (job, state), n in sorted(ended.items()):
        print(f"  {n:>4} {job}: {state}")
    weeks = published_weeks(shop.db)
    wanted = list(weeks_between(first, LAST_WEEK))
    whole = [w for w in weeks if (d := newest_digest(shop.db, w)) and d.edition.digest.completeness.complete]
    print(f"  digests of {len(weeks)} weeks, wanted {len(wanted)}, in order: {weeks == wanted}; complete: {len(whole)}")
    schedule = shop.settings.schedule
    for job, line, zone in (("harvest", schedule.harvest, schedule.zone), ("backup", schedule.backup, "UTC")):
        ledger = runs_of(shop.db, job)
        first_run = min(ledger)
        one: dict[str, RunRecord] = {first_run: ledger[first_run]}
        fired = cron_periods(line, zone, now=shop.now(), ledger=one)
        done = sum(record.state == "done" for record in ledger.values())
        print(f"  {job}: {len(fired)} periods came, {done} are done, {len(set(fired) - set(ledger))} missing")
    mails = list((shop.settings.data_dir / "mail").glob("*.eml"))
    print(f"  mails to one weekly reader: {len(mails)} for {len(weeks)} weekly issues")
    n = len(marks)
    shown = [marks[i * (n - 1) // 7] for i in range(8)]
    print(f"  memory through the month, MB: {' '.join(f'{m:.0f}' for m in shown)}")


if __name__ == "__main__":
    main()
