"""The scheduler as a process: it runs due jobs, stops cleanly, and survives being killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.subscription import Preferences
from mail.service import MailService
from runtime.context import AppContext
from runtime.settings import Settings
from scheduler.process_lifecycle import sigterm_ends_normally
from scheduler.scheduler import Scheduler
from store.database import open_database
from store.job_runs import newest_runs
from store.subscription_requests import add_request

ROOT = Path(__file__).resolve().parents[2]


def _environment(folder: Path) -> dict[str, str]:
    # No harvest: there is nobody to ask. The schedule has one job that is always due at the start.
    return {
        **os.environ,
        "PAPERTIDE_DATA_DIR": str(folder),
        "PAPERTIDE_ARXIV__API_URL": "http://127.0.0.1:9/api/query",
        "PAPERTIDE_ARXIV__MAX_TRIES": "1",
        "PAPERTIDE_ARXIV__DELAY_S": "0",
        "PAPERTIDE_SCHEDULE__HARVEST": "",
        "PAPERTIDE_SCHEDULE__CHANGES": "",
        "PAPERTIDE_SCHEDULE__EVERY_S": "1",
    }


def _started(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "papertide", "scheduler"]
    return subprocess.Popen(command, cwd=ROOT, env=_environment(folder), stderr=subprocess.PIPE, text=True)


def _wait_for_backup(folder: Path, process: subprocess.Popen[str]) -> None:
    for _ in range(300):
        if list((folder / "backups").glob("papertide-*.sqlite")):
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    pytest.fail("no backup came within 30 s")


@pytest.mark.slow
def test_it_stops_within_ten_seconds_of_sigterm_and_recovers_from_a_kill(tmp_path: Path) -> None:
    first = _started(tmp_path)
    _wait_for_backup(tmp_path, first)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = _started(tmp_path)
    time.sleep(3)
    [backup] = (tmp_path / "backups").glob("papertide-*.sqlite")
    restore = [sys.executable, "-m", "papertide", "restore", str(backup)]
    refused = subprocess.run(restore, cwd=ROOT, env=_environment(tmp_path), capture_output=True, text=True, check=False)
    assert "stop" in refused.stderr
    began = time.monotonic()
    second.send_signal(signal.SIGTERM)
    _, errors = second.communicate(timeout=30)
    assert second.returncode == 0, errors
    assert time.monotonic() - began < 10
    db = open_database(f"sqlite:///{tmp_path / 'papertide.sqlite'}")
    states = {(run.job, run.state) for run in newest_runs(db, 50)}
    db.close()
    assert ("backup", "done") in states
    assert ("clean up", "done") in states
    assert ("digest", "failed") in states  # nobody answers at that address, and the others went on
    assert subprocess.run(restore, cwd=ROOT, env=_environment(tmp_path), check=False).returncode == 0


def test_a_confirmation_is_sent_within_seconds_while_a_job_is_running(tmp_path: Path) -> None:
    context = AppContext(
        Settings(data_dir=tmp_path, schedule={"harvest": "", "changes": "", "backup": "", "clean_up": ""})
    )  # type: ignore[arg-type]
    mail_service = MailService(context)
    add_request(context.db, "ada@example.org", Preferences(), network="n", now=context.now())
    began, answered = time.monotonic(), 0.0

    class Busy(Scheduler):
        def _run_jobs(self) -> None:
            self._check("jobs", lambda: time.sleep(4))

    scheduler = Busy(mail_service, confirmations_every_s=0.2)
    scheduler.start()
    try:
        for _ in range(100):
            if list((tmp_path / "mail").glob("*.eml")):
                answered = time.monotonic() - began
                break
            time.sleep(0.1)
    finally:
        ended = scheduler.stop(8)
    assert ended
    assert 0 < answered < 4
    [mail] = (tmp_path / "mail").glob("*.eml")
    assert b"ada@example.org" in mail.read_bytes()
    context.db.close()


@pytest.mark.slow
def test_three_weeks_of_downtime_are_caught_up_in_order_once(tmp_path: Path) -> None:
    from domain.week import CLOSE_LAG, Week
    from ingest.settings import ArxivSettings
    from sample.arxiv_server import SampleArxiv
    from sample.corpus import make_corpus
    from scheduler.job_list import jobs_of
    from scheduler.run_due_jobs import run_due
    from store.digests import published_weeks
    from store.subscribers import add_pending, confirm

    last = Week.parse("2026-W25")
    corpus = make_corpus(last_week=last, n_weeks=7, papers_per_week=12)
    mail_service: MailService | None = None
    with SampleArxiv(corpus.papers, now=last.end_at + CLOSE_LAG) as arxiv:
        for n_back in (3, 0):  # one look three weeks ago, then none until today
            now = last.plus(-n_back).end_at + CLOSE_LAG
            settings = Settings(
                data_dir=tmp_path,
                weeks=3,
                now=now,
                arxiv=ArxivSettings(api_url=arxiv.api_url, delay_s=0, page_size=50),
            )
            context = AppContext(settings)
            mail_service = MailService(context, sleep=lambda _: None)
            reader = add_pending(context.db, "ada@example.org", Preferences(), now=now)
            confirm(context.db, reader.subscriber_id, None, now=now)
            ended = [
                (e.job, e.period, e.state)
                for job in jobs_of(mail_service)[1:3]
                for e in run_due(context.db, job, clock=context.now)
                if "W" in e.period  # a month may end in between
            ]
            again = [
                e
                for job in jobs_of(mail_service)
                if job.name in ("digest", "delivery")
                for e in run_due(context.db, job, clock=context.now)
            ]
            assert again == []
            weeks = [str(last.plus(-i)) for i in ([3] if n_back else [2, 1, 0])]
            assert ended == [("digest", w, "done") for w in weeks] + [("delivery", w, "done") for w in weeks]
            assert published_weeks(context.db)[-1] == last.plus(-n_back)
            context.db.close()
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 4


@pytest.mark.slow
def test_changes_to_old_papers_are_fetched_once_a_month(tmp_path: Path) -> None:
    from dataclasses import replace

    from domain.week import Week
    from ingest.settings import ArxivSettings
    from sample.arxiv_server import SampleArxiv
    from sample.corpus import make_corpus
    from scheduler.job_list import jobs_of
    from scheduler.run_due_jobs import run_due
    from store.papers import known_papers

    corpus = make_corpus(last_week=Week.parse("2026-W25"), n_weeks=14, papers_per_week=4)
    old = corpus.papers[0]
    first, second = datetime(2026, 6, 2, 8, tzinfo=UTC), datetime(2026, 7, 2, 8, tzinfo=UTC)
    changed = replace(old, version=old.version + 1, title="Another title", updated_at=second - timedelta(days=9))
    ended, titles = [], []
    for now, papers in ((first, corpus.papers), (second, (changed, *corpus.papers[1:]))):
        with SampleArxiv(papers, now=now) as arxiv:
            addresses = ArxivSettings(api_url=arxiv.api_url, oai_url=arxiv.oai_url, delay_s=0)
            settings = Settings(data_dir=tmp_path, weeks=13, now=now, arxiv=addresses)
            context = AppContext(settings, clock=lambda now=now: now)  # type: ignore[misc]
            [job] = [job for job in jobs_of(MailService(context)) if job.name == "changes"]
            ended += [(e.period, e.state) for _ in range(2) for e in run_due(context.db, job, clock=context.now)]
            titles.append(known_papers(context.db, [old.arxiv_id])[old.arxiv_id].title)
            context.db.close()
    assert ended == [("2026-06-02T07:00Z", "done"), ("2026-07-02T07:00Z", "done")]
    assert titles == [old.title, "Another title"]


def test_a_server_that_re_raises_its_signal_ends_normally() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with sigterm_ends_normally():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before
