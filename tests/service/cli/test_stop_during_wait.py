"""SIGTERM ends a command or service within seconds, though it is waiting for arXiv, and its run is stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.errors import Stopped
from ingest.stop_request import MESSAGE, ended_by_stop, waits_ended_by
from sample.arxiv_server import FaultKind, SampleArxiv
from store.database import open_database
from store.job_runs import newest_runs

NOW = datetime(2026, 6, 23, 12, tzinfo=UTC)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "kind", "status"),
    [
        (["harvest", "--weeks", "1"], "503", 1),
        (["harvest", "--weeks", "1"], "stall", 1),
        (["run", "--weeks", "1"], "503", 1),
        (["scheduler", "--once"], "stall", 1),
        (["scheduler"], "503", 0),
        (["scheduler"], "stall", 0),
        (["up", "--port", "0"], "503", 0),
        (["up", "--only-web", "--port", "0"], None, 0),
    ],
)
def test_sigterm_ends_a_wait_for_arxiv_within_seconds(
    tmp_path: Path, command: list[str], kind: FaultKind | None, status: int
) -> None:
    # 503: ten minutes until the next try. stall: an answer that does not come.
    with SampleArxiv([], now=NOW) as arxiv:
        if kind is not None:
            arxiv.failing(kind, at=range(1, 99), arg=590 if kind == "503" else 60)
        environment = os.environ | {
            "PAPERTIDE_NOW": NOW.isoformat(),
            "PAPERTIDE_ARXIV__API_URL": arxiv.api_url,
            "PAPERTIDE_ARXIV__DELAY_S": "0",
            "PAPERTIDE_SCHEDULE__CHANGES": "",
            "PAPERTIDE_SCHEDULE__BACKUP": "",
            "PAPERTIDE_SCHEDULE__CLEAN_UP": "",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        port = free_port() if "--port" in command else 0
        words = [str(port) if word == "0" else word for word in command]
        process = subprocess.Popen(
            [sys.executable, "-m", "papertide", "--data-dir", str(tmp_path), *words],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 150
        while time.monotonic() < deadline and not (answers(port) if kind is None else arxiv.n_requests):
            assert process.poll() is None, process.communicate()
            time.sleep(0.1)
        time.sleep(1.0)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert time.monotonic() - began < (5 if status else 10)
    assert process.returncode == status, errors
    assert status == 0 or "stopped as requested" in errors
    assert "Traceback" not in errors
    assert "too long" not in errors
    if kind is not None:
        db = open_database(f"sqlite:///{tmp_path / 'papertide.sqlite'}")
        states = {run.state for run in newest_runs(db, 9)}
        db.close()
        assert "running" not in states
        assert "stopped" in states


def test_a_stop_ends_a_wait_of_any_thread_and_the_next_one() -> None:
    stop, began = threading.Event(), threading.Event()
    stopped: list[str] = []

    def long() -> None:
        began.set()
        time.sleep(60)

    def work() -> None:
        with waits_ended_by(stop.is_set):
            assert ended_by_stop(lambda: 7) == 7
            for wait in (long, lambda: pytest.fail("it waits")):
                try:
                    ended_by_stop(wait)
                except Stopped as error:
                    stopped.append(str(error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert began.wait(10)
    stop.set()
    thread.join(10)
    assert stopped == [MESSAGE, MESSAGE]
    assert ended_by_stop(lambda: 8) == 8  # this thread was not asked to stop


def test_what_a_wait_raises_is_raised_where_it_waits() -> None:
    def fail() -> None:
        raise TimeoutError

    with waits_ended_by(lambda: False), pytest.raises(TimeoutError):
        ended_by_stop(fail)
