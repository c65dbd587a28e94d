"""The web service under load, on a year of arXiv, beside plain FAISS and pandas.

    python -m benchmarks.service [--shared ../shared] [--data FOLDER] [--seconds 10]

Builds a database of every paper in ``arxiv/recent`` (detections are real; vectors and topics are random around the
vectors of 150 papers, which for speed makes no difference), starts ``papertide up`` as a process of its own, and asks
it over loopback with 8 connections that each wait for their answer. Nothing is asked twice, but for the pages whose
line says so. With ``--data`` the database is kept and used again.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd

from analysis.embed import paper_text
from domain.embeddings import Embeddings
from domain.paper import ArxivId, Paper
from domain.topics import FittedTopics, Topic, TopicAssignment
from domain.week import CLOSE_LAG, Week
from ingest.harvest import plan_harvest
from pipeline import stages
from runtime.cached_context import CachedContext
from runtime.context import AppContext
from runtime.settings import Settings
from store.embeddings import add_embeddings
from store.job_runs import finish_run, start_run
from store.papers import apply_harvest
from store.search import words_of
from store.topics import add_topic_model

LAST_WEEK = Week.parse("2026-W25")
NOW = LAST_WEEK.end_at + CLOSE_LAG
N_TOPICS = 150
N_CONNECTIONS = 8
AHEAD_S = 30
TARGETS_MS = {"digest": 50, "topic": 50, "trends": 150, "search": 200}


# -- the database


def read_papers(folder: Path) -> Iterator[Paper]:
    """Every paper of the months in a folder."""
    for month in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(month, "rt", encoding="utf-8") as lines:
            for line in lines:
                p = json.loads(line)
                yield Paper(
                    arxiv_id=ArxivId(p["arxiv_id"]),
                    version=p["version"],
                    title=p["title"],
                    abstract=p["abstract"],
                    authors=tuple(p["authors"]),
                    primary_category=p["primary_category"],
                    categories=tuple(p["categories"]),
                    submitted_at=_instant(p["published"]),
                    updated_at=_instant(p["published"]),
                )


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def build(context: AppContext, papers: Sequence[Paper]) -> None:
    """Papers, detections, vectors, topics, tables and a digest."""
    start_run(context.db, "benchmark", "all", now=NOW)
    for step in (add_papers, add_detections, add_places, add_digest):
        began = time.perf_counter()
        step(context, papers)
        print(f"  {step.__name__}: {time.perf_counter() - began:.0f} s", flush=True)
    finish_run(context.db, "benchmark", "all", state="done", message="", now=NOW)


def add_papers(context: AppContext, papers: Sequence[Paper]) -> None:
    """Every paper, as a harvest would store it."""
    for start in range(0, len(papers), 5_000):
        apply_harvest(context.db, plan_harvest(papers[start : start + 5_000], {}), None, seen_at=NOW)


def add_detections(context: AppContext, _: Sequence[Paper]) -> None:
    """What the detector finds."""
    for _step in stages.detect(context):
        pass


def add_places(context: AppContext, papers: Sequence[Paper]) -> None:
    """A random vector for each paper around one of 150 papers' own, and those as topics."""
    rng = np.random.default_rng(0)
    centres = [papers[i] for i in rng.choice(len(papers), N_TOPICS, replace=False)]
    centroids = context.encoder.encode([paper_text(p) for p in centres])
    number = rng.integers(0, N_TOPICS, len(papers))
    ids = tuple(p.arxiv_id for p in papers)
    model_id = context.encoder.model_id  # of the number type that is fast here, as queries will be
    for start in range(0, len(papers), 5_000):
        part = slice(start, start + 5_000)
        vectors = centroids[number[part]] + rng.normal(scale=0.04, size=(len(ids[part]), 384)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        add_embeddings(context.db, Embeddings(ids[part], vectors.astype(np.float32), model_id))
    labels = tuple(f"topic number {i}" for i in range(N_TOPICS))
    sizes = tuple(np.bincount(number, minlength=N_TOPICS).tolist())
    terms = tuple((f"term {i}", "more") for i in range(N_TOPICS))
    topic = np.where(rng.random(len(ids)) < 0.15, -1, number).astype(np.int32)
    add_topic_model(
        context.db,
        FittedTopics(model_id, centroids, sizes, labels, terms, 0.3),
        [Topic(i + 1, labels[i], terms[i], LAST_WEEK.plus(-30), sizes[i]) for i in range(N_TOPICS)],
        [],
        TopicAssignment(ids, topic, rng.random(len(ids)).astype(np.float32)),
        fitted_week=LAST_WEEK,
        fitted_at=NOW,
        settings={},
        library_versions={},
    )


def add_digest(context: AppContext, _: Sequence[Paper]) -> None:
    """The weekly tables, and the digest of the last week."""
    for _step in (*stages.tables(context), *stages.publish(context, LAST_WEEK)):
        pass


# -- the service and its readers


class Service:
    """``papertide up`` as a process, on a free port, without limits."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = os.environ | {
            "PAPERTIDE_DATA_DIR": str(data),
            "PAPERTIDE_NOW": NOW.isoformat(),
            "PAPERTIDE_SERVICE__REQUESTS_PER_MINUTE": "0",
        }
        self._began = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "papertide", "up", "--only-web", "--port", str(self.port)],
            env=environment,
            stdout=subprocess.DEVNULL,
        )

    def until(self, path: str) -> float:
        """Seconds from the start to the first answer 200 at an address."""
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return time.perf_counter() - self._began
            except OSError:
                pass
            time.sleep(0.02)

    def resident_mb(self) -> tuple[float, float]:
        """Resident memory now and at its highest, in MB of 1,000,000 bytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        by_name = dict(line.split(":", 1) for line in status.splitlines())
        return tuple(int(by_name[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]

    def cpu_s(self) -> float:
        """Seconds of processor time that the service has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """End the process."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)


def ask(port: int, paths: Iterator[str], seconds: float) -> tuple[list[float], int]:
    """Milliseconds of each answer over ``N_CONNECTIONS``, and how many were no 200."""
    times: list[float] = []
    wrong = 0
    lock = threading.Lock()
    end = time.perf_counter() + seconds

    def reader() -> None:
        nonlocal wrong
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while time.perf_counter() < end:
            with lock:
                path = next(paths, None)
            if path is None:
                return
            began = time.perf_counter()
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            took = 1000 * (time.perf_counter() - began)
            with lock:
                times.append(took)
                wrong += response.status != 200

    readers = [threading.Thread(target=reader) for _ in range(N_CONNECTIONS)]
    for one in readers:
        one.start()
    for one in readers:
        one.join()
    return times, wrong


def line(name: str, times: Sequence[float], seconds: float, *, target: int | None = None, wrong: int = 0) -> str:
    """One line of the result."""
    p50, p95 = np.percentile(times, [50, 95])
    verdict = "" if target is None else f"  target {target}: {'met' if p95 < target else 'MISSED'}"
    bad = f"  {wrong} NOT 200" if wrong else ""
    return (
        f"  {name:<46}{len(times):>6} answers {len(times) / seconds:>7.0f}/s   p50 {p50:>6.1f} ms   p95 {p95:>6.1f} ms"
        f"   max {max(times):>6.0f} ms{verdict}{bad}"
    )


def queries(papers: Sequence[Paper], seed: int) -> Iterator[str]:
    """Three to six words in a row of a random title: what people type, never twice the same."""
    rng = random.Random(seed)
    seen: set[str] = set()
    while True:
        words = words_of(rng.choice(papers).title)
        n = rng.randint(3, 6)
        at = rng.randint(0, max(0, len(words) - n))
        query = " ".join(words[at : at + n])
        if len(words) >= 3 and query not in seen:
            seen.add(query)
            yield query


def triples(names: Sequence[str], seed: int) -> Iterator[tuple[str, ...]]:
    """Three of the names, never twice the same three."""
    rng = random.Random(seed)
    seen: set[tuple[str, ...]] = set()
    while True:
        three = tuple(sorted(rng.sample(names, 3)))
        if three not in seen:
            seen.add(three)
            yield three


# -- the plain alternative


def plain(context: CachedContext, papers: Sequence[Paper], seconds: float) -> None:
    """FAISS-flat for meaning, pandas for words and trends; called one after the other, without any HTTP."""
    import faiss

    index = context.paper_index
    flat = faiss.IndexFlatIP(index.vectors.shape[1])
    flat.add(index.vectors)
    by_id = {p.arxiv_id: p for p in papers}
    texts = pd.Series([f"{by_id[i].title} {by_id[i].abstract}".lower() for i in index.ids])
    frame = pd.DataFrame(index.level, columns=[key for _, key in index.terms])
    frame["week"] = (index.day + 3) // 7

    def searched(query: str) -> None:
        flat.search(context.encoder.encode([query]), 300)
        matching = texts.str.contains(query, regex=False)
        matching.to_numpy().nonzero()

    def trend(three: tuple[str, ...]) -> None:
        (frame[list(three)] >= 2).groupby(frame["week"]).mean()

    def timed(name: str, work: Callable[[Any], None], asked: Iterator[Any]) -> None:
        times, end = [], time.perf_counter() + seconds
        while time.perf_counter() < end:
            one = next(asked)
            began = time.perf_counter()
            work(one)
            times.append(1000 * (time.perf_counter() - began))
        print(line(name, times, seconds))

    context.encoder.encode(["a first text"])
    timed("search: FAISS-flat + str.contains, 1 caller", searched, queries(papers, 7))
    timed("trends of three: pandas groupby, 1 caller", trend, triples([key for _, key in index.terms], 7))


def main() -> None:
    """Build if need be, start, ask, print."""
    parser = argparse.ArgumentParser(description="The web service under load, beside FAISS-flat and pandas.")
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with arxiv/")
    parser.add_argument("--data", type=Path, help="folder of the database; kept and used again")
    parser.add_argument("--seconds", type=float, default=10, help="how long each kind of page is asked for")
    options = parser.parse_args()
    recent = options.shared / "arxiv" / "recent"
    if not recent.is_dir():
        parser.error(f"no papers in {recent}; give --shared")
    with tempfile.TemporaryDirectory() as scratch:
        data = options.data or Path(scratch)
        context = CachedContext(Settings(data_dir=data, now=NOW))
        papers = list(read_papers(recent))
        if not (data / "papertide.sqlite").exists():
            print(f"building from {len(papers):,} papers ...", flush=True)
            began = time.perf_counter()
            build(context, papers)
            print(f"  built in {time.perf_counter() - began:.0f} s", flush=True)
        run(data, papers, options.seconds)
        print("plain alternative, same machine, same questions:")
        plain(context, papers, options.seconds)
        context.db.close()


def run(data: Path, papers: Sequence[Paper], seconds: float) -> None:
    """The service's figures. Processor time per answer is what a busy machine does not change."""
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}")
    service = Service(data)
    try:
        print(f"start: /healthz after {service.until('/healthz'):.1f} s, ready after {service.until('/readyz'):.1f} s")
        print(f"resident when ready: {service.resident_mb()[0]:.0f} MB; {AHEAD_S} s for what is drawn ahead")
        time.sleep(AHEAD_S)
        print(f"{N_CONNECTIONS} connections on loopback, {seconds:.0f} s each; client on the same two cores")
        terms = _terms(data)
        kinds: list[tuple[str, str, Iterator[str]]] = [
            ("digest", "digest page, again and again", iter(lambda: f"/digests/{LAST_WEEK}", None)),
            ("topic", "topic pages", (f"/topics/{i % N_TOPICS + 1}" for _ in iter(int, 1) for i in range(N_TOPICS))),
            (
                "trends",
                "trends of three terms, never twice",
                (f"/trends?{urlencode([('term', t) for t in three])}" for three in triples(terms, 1)),
            ),
            ("search", "search, never twice", (f"/search?{urlencode({'q': q})}" for q in queries(papers, 1))),
            (
                "search",
                "search with filters, never twice",
                (f"/search?{urlencode({'q': q, 'category': 'cs.CV', 'since': '2026-01'})}" for q in queries(papers, 2)),
            ),
        ]
        for kind, name, paths in kinds:
            began, cpu_s = time.perf_counter(), service.cpu_s()
            times, wrong = ask(service.port, paths, seconds)
            took = time.perf_counter() - began
            cpu_ms = 1000 * (service.cpu_s() - cpu_s) / len(times)
            result = line(name, times, took, target=TARGETS_MS.get(kind), wrong=wrong)
            print(f"{result}   {cpu_ms:.1f} ms of processor each", flush=True)
        now, most = service.resident_mb()
        verdict = "met" if most < 1500 else "MISSED"
        print(f"resident after all: {now:.0f} MB, highest {most:.0f} MB, target 1500: {verdict}")
    finally:
        service.stop()


def _terms(data: Path) -> list[str]:
    context = AppContext(Settings(data_dir=data, now=NOW))
    return [f"{t.kind}:{t.key}" for t in context.detector.taxonomy.terms if t.kind != "topic"]


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    main()
