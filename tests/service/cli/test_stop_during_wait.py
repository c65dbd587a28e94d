"""SIGTERM ends a command within seconds, though it is waiting for arXiv."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.errors import Stopped
from ingest.stop_request import ended_by_stop, forget_stop, request_stop
from sample.arxiv_server import FaultKind, SampleArxiv

NOW = datetime(2026, 6, 23, 12, tzinfo=UTC)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["503", "stall"])
def test_sigterm_ends_a_wait_for_arxiv_within_seconds(tmp_path: Path, kind: FaultKind) -> None:
    # 503: ten minutes until the next try. stall: an answer that does not come.
    with SampleArxiv([], now=NOW).failing(kind, at=range(1, 99), arg=590 if kind == "503" else 60) as arxiv:
        environment = os.environ | {
            "PAPERTIDE_NOW": NOW.isoformat(),
            "PAPERTIDE_ARXIV__API_URL": arxiv.api_url,
            "PAPERTIDE_ARXIV__DELAY_S": "0",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        command = [sys.executable, "-m", "papertide", "--data-dir", str(tmp_path), "harvest", "--weeks", "1"]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not arxiv.n_requests and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1.0)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert time.monotonic() - began < 5
    assert process.returncode == 1
    assert "stopped as requested" in errors
    assert "Traceback" not in errors


def test_a_stop_is_noticed_before_the_next_wait_and_forgotten_by_the_next_command() -> None:
    try:
        request_stop()
        with pytest.raises(Stopped), ended_by_stop():
            pytest.fail("it waits")
    finally:
        forget_stop()
    with ended_by_stop(), pytest.raises(Stopped):
        request_stop()
    forget_stop()
    with ended_by_stop():
        pass
