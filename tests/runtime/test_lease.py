"""A lease holder is known to have ended only if its process id belongs to our PID namespace."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from domain.errors import BusyError
from ingest.rate_limiter import RateLimiter
from ingest.settings import ArxivSettings
from runtime.lease import LEASE_DURATION, has_ended, held_lease, pid_namespace
from store.database import Database
from store.leases import acquire_lease

NOW = datetime(2026, 6, 23, 6, tzinfo=UTC)


def _dead() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_process_that_has_ended_or_had_our_id_before_us_is_gone() -> None:
    for pid in (_dead(), os.getpid()):
        assert has_ended(f"{socket.gethostname()}:{pid}:{pid_namespace()}.1")


def test_nothing_is_known_of_processes_of_another_container_or_boot() -> None:
    for pid in (_dead(), os.getpid()):
        assert not has_ended(f"{socket.gethostname()}:{pid}:0000-1.1")
        assert not has_ended(f"{socket.gethostname()}:{pid}:1")
        assert not has_ended(f"elsewhere:{pid}:{pid_namespace()}.1")


def test_a_live_container_with_our_host_name_and_process_id_keeps_its_lease(database: Database) -> None:
    neighbour = f"{socket.gethostname()}:{os.getpid()}:0000-1.1"
    acquire_lease(database, "run", neighbour, now=NOW, duration=LEASE_DURATION, has_ended=has_ended)
    with pytest.raises(BusyError), held_lease(database, "run", clock=lambda: NOW):
        pass


def test_who_asks_arxiv_says_in_which_container_its_number_counts() -> None:
    rate_limiter = RateLimiter(ArxivSettings(delay_s=0), has_ended=has_ended, pid_namespace=pid_namespace())
    process, _, _ = rate_limiter.acquire().rpartition(":")
    assert process.rpartition(":")[2].startswith(f"{pid_namespace()}.")
