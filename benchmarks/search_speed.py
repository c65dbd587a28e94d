"""The speed of searches that nobody asked before, over HTTP, of one running service or of several in turn.

    python -m benchmarks.search_speed --data-dir FOLDER URL [URL ...] [--connections 8] [--seconds 30] [--pid PID ...]

Each URL is that of a service that is already running, such as one of this code and one of an older state, over the
same papers; start them with ``service.requests_per_minute`` and ``service.work_s_per_minute`` 0. The queries are three
to six words in a row of random titles from ``FOLDER``, none of them twice. Each service gets its turn twice, in the
order given and then reversed. Printed are the median and the 95th percentile of each turn, requests a second, errors,
and with ``--pid`` the processor time of that service's process for each search.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import numpy as np

from domain.search_text import search_words
from runtime.context import AppContext
from runtime.settings import Settings
from store.papers import known_papers


def never_twice(data_dir: Path, n: int, seed: int) -> Iterator[str]:
    """Three to six words in a row of random titles, none of them twice."""
    rng = random.Random(seed)
    with AppContext(Settings(data_dir=data_dir), read_only=True) as context:
        ids = list(context.paper_index.ids)
        papers = known_papers(context.db, rng.sample(ids, min(n, len(ids))))
    seen = set()
    for p in papers.values():
        words = search_words(p.title)
        length = rng.randint(3, 6)
        at = rng.randint(0, max(0, len(words) - length))
        query = " ".join(words[at : at + length])
        if len(words) >= 3 and query not in seen:
            seen.add(query)
            yield query


def processor_s(pid: int) -> float:
    """The processor time that a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def turn(url: str, queries: Iterator[str], *, connections: int, seconds: float) -> tuple[list[float], int]:
    """The milliseconds of each search answered, and how many were not."""
    host = urlsplit(url)
    lock, times, errors = threading.Lock(), [], [0]
    end = time.perf_counter() + seconds

    def ask() -> None:
        connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=60)
        while time.perf_counter() < end:
            with lock:
                query = next(queries)
            began = time.perf_counter()
            connection.request("GET", f"/api/v1/search?q={quote(query)}")
            answer = connection.getresponse()
            answer.read()
            took = 1000 * (time.perf_counter() - began)
            with lock:
                if answer.status == 200:
                    times.append(took)
                else:
                    errors[0] += 1

    threads = [threading.Thread(target=ask) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, errors[0]


def main() -> None:
    """Ask each service in turn and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", nargs="+")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--pid", type=int, action="append", default=[])
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    queries = never_twice(options.data_dir, 20_000, options.seed)
    print("| service | searches | a second | median ms | p95 ms | errors | processor ms each |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    pids = dict(zip(options.url, options.pid, strict=False))
    for url in (*options.url, *reversed(options.url)):
        before = processor_s(pids[url]) if url in pids else 0.0
        times, n_errors = turn(url, queries, connections=options.connections, seconds=options.seconds)
        used = f"{1000 * (processor_s(pids[url]) - before) / max(1, len(times)):.1f}" if url in pids else ""
        median, high = np.percentile(times, [50, 95]) if times else (float("nan"), float("nan"))
        rate = len(times) / options.seconds
        print(f"| {url} | {len(times)} | {rate:.1f} | {median:.0f} | {high:.0f} | {n_errors} | {used} |", flush=True)


if __name__ == "__main__":
    main()
