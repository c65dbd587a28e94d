"""Several web processes and a standby scheduler on one database: errors, waiting times, and who takes over.

    python -m benchmarks.cluster --data FOLDER [--database-url URL] [--seconds 30] [--connections 64]

On a copy of a data folder, or on a database to which one was moved. Two ``papertide up --only-web`` and two ``papertide
scheduler`` start as processes of their own. 64 connections ask both web processes for pages and searches, no search
twice, while jobs begin and end and a digest is published again, so that both reload the papers. Then one process
takes the lease of runs and is killed with SIGKILL; printed is how long another waits for it.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import numpy as np

from benchmarks.search_speed import never_twice
from domain.errors import BusyError
from runtime.context import AppContext
from runtime.exclusive_run import RUN_LEASE, exclusive_run
from runtime.lease import LEASE_DURATION, held_lease
from runtime.settings import load_settings

PAGES = ("/", "/trends?term=diffusion&term=transformer", "/topics", "/names", "/api/v1/trends?term=llm", "/status")
READY_S = 600.0
_HOLDER = """
import sys, time
from datetime import UTC, datetime
from runtime.exclusive_run import RUN_LEASE
from runtime.lease import held_lease
from store.database import open_database
with held_lease(open_database(sys.argv[1]), RUN_LEASE, clock=lambda: datetime.now(UTC)):
    print("held", flush=True)
    time.sleep(3600)
"""


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def papertide(data: Path, url: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs until the end of the ``with`` block."""
    environment = {
        **os.environ,
        "PAPERTIDE_SERVICE__REQUESTS_PER_MINUTE": "0",
        "PAPERTIDE_SERVICE__WORK_S_PER_MINUTE": "0",
        "PAPERTIDE_SERVICE__QUERY_S": "30",
        "PAPERTIDE_SERVICE__TRUSTED_PROXIES": "127.0.0.1",
        **({"PAPERTIDE_DATABASE_URL": url} if url else {}),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "papertide", "--data-dir", str(data), *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_ready(port: int) -> float:
    """Seconds until the papers and the model are loaded."""
    began = time.monotonic()
    while time.monotonic() - began < READY_S:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return time.monotonic() - began
        except OSError:
            pass
        time.sleep(0.5)
    raise SystemExit(f"the service at port {port} is not ready after {READY_S:.0f} s")


def ask(ports: list[int], queries: Iterator[str], *, connections: int, seconds: float) -> None:
    """Load both services and print."""
    lock, times, statuses = threading.Lock(), list[float](), Counter[str]()
    end = time.perf_counter() + seconds

    def client(number: int) -> None:
        chance = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", ports[number % len(ports)], timeout=120)
        while time.perf_counter() < end:
            with lock:
                path = chance.choice(PAGES) if chance.random() < 0.7 else f"/api/v1/search?q={quote(next(queries))}"
            began = time.perf_counter()
            try:
                # Each connection is a reader of another network, because limits apply to networks.
                connection.request("GET", path, headers={"X-Forwarded-For": f"198.51.{number}.1"})
                response = connection.getresponse()
                response.read()
                status = str(response.status)
            except (OSError, http.client.HTTPException) as error:
                status = type(error).__name__
                connection.close()
            took = 1000 * (time.perf_counter() - began)
            with lock:
                times.append(took)
                statuses[status] += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    half, most = np.percentile(times, [50, 95])
    n_errors = len(times) - statuses["200"]
    print(
        f"{connections} connections, {len(ports)} web processes: {len(times):,} requests, {n_errors} errors"
        f"{f' ({dict(statuses)})' if n_errors else ''}, p50 {half:.0f} ms, p95 {most:.0f} ms",
        flush=True,
    )


def main() -> None:
    """Start, ask, kill, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--database-url", default="")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--connections", type=int, default=64)
    given = parser.parse_args()
    settings = load_settings(None, os.environ, {"data_dir": given.data, "database_url": given.database_url or None})
    queries = never_twice(given.data, 20_000, 3)
    ports = [free_port(), free_port()]
    with (
        AppContext(settings) as context,
        papertide(given.data, given.database_url, "scheduler"),
        papertide(given.data, given.database_url, "scheduler"),
        papertide(given.data, given.database_url, "up", "--only-web", "--port", str(ports[0])),
        papertide(given.data, given.database_url, "up", "--only-web", "--port", str(ports[1])),
    ):
        print(f"web processes ready after {', '.join(f'{wait_ready(port):.0f}' for port in ports)} s", flush=True)
        stop = threading.Event()
        n_runs = [0]

        def publish() -> None:
            """A run that begins and ends; both web processes then load the papers again."""
            while not stop.wait(5):
                try:
                    with exclusive_run(context, "benchmark", f"run {n_runs[0]}"):
                        n_runs[0] += 1
                except BusyError:
                    continue

        publishing = threading.Thread(target=publish)
        publishing.start()
        ask(ports, queries, connections=given.connections, seconds=given.seconds)
        stop.set()
        publishing.join()
        print(f"{n_runs[0]} runs ended meanwhile")
        print(f"a lease whose holder is killed is taken over after {takeover_s(context, settings.store_url):.2f} s "
              f"(the lease lasts {LEASE_DURATION.total_seconds():.0f} s)")  # fmt: skip


def takeover_s(context: AppContext, url: str) -> float:
    """Seconds from the kill of a lease's holder until another has it."""
    holder = subprocess.Popen([sys.executable, "-c", _HOLDER, url], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    holder.kill()
    began = time.monotonic()
    while True:
        try:
            with held_lease(context.db, RUN_LEASE, clock=lambda: datetime.now(UTC)):
                return time.monotonic() - began
        except BusyError:
            time.sleep(0.01)


if __name__ == "__main__":
    main()
