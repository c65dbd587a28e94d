"""A million papers, or as many as are asked for: import, detection, sizes, searches and trends, on both databases.

    python -m benchmarks.million --data FOLDER --vectors DATA_DIR [--size 1000000] [--shared ../shared]
        [--postgresql URL] [--queries 200] [--seed 7]

The texts are those of ``arxiv/recent``, repeated under made-up identifiers. The vectors are those stored in
``DATA_DIR``, each with seeded noise and again of unit length, so that no two are equal: embedding is not measured
here. ``papertide import`` and each search run in processes of their own, whose greatest memory is printed. ``FOLDER``
is kept, and what is there already is not made again.

With ``--postgresql``, the address of an empty database with pgvector, the same papers are moved there and the same
queries asked. Times are by the clock and, because other programs may run beside, of this process's processors.
The vectors are also indexed with pgvector's HNSW (single and half precision) and IVFFlat, and with
FAISS's HNSW; their nearest 20 are compared with those of the exact scan of the memory map.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import create_engine, make_url, select, text

from benchmarks.search_speed import never_twice
from benchmarks.service import NOW, read_papers
from benchmarks.trend_query_time import drawn_terms
from domain.embeddings import Embeddings
from domain.paper import ArxivId, Paper
from ingest.settings import DEFAULT_CATEGORIES
from pipeline import stages
from queries.parameters import PaperRequest
from queries.search import search
from queries.trends import trends
from runtime.cached_context import CachedContext
from runtime.context import AppContext
from runtime.settings import Settings, load_settings
from sample.snapshot import snapshot_line
from store.embeddings import add_embeddings, count_without_embedding, ids_without_embedding
from store.job_runs import finish_run, start_run
from store.schema import embedding
from store.vector_encoding import unpack_vectors

N_NEAREST = 20
NOISE = 0.3
"""The length of what is added to a vector of unit length."""
_PER_MONTH = 90_000
_AT_ONCE = 20_000


# -- the papers


def made_up_id(number: int) -> ArxivId:
    """An identifier of a month that is long past the newest paper."""
    month, at = divmod(number, _PER_MONTH)
    return ArxivId(f"{60 + month // 12:02}{1 + month % 12:02}.{at:05}")


def papers(shared: Path, size: int) -> Iterator[Paper]:
    """So many papers, the real ones in turn under made-up identifiers."""
    watched = set(DEFAULT_CATEGORIES)
    real = [paper for paper in read_papers(shared / "arxiv" / "recent") if watched & set(paper.categories)]
    for number, paper in enumerate(islice(cycle(real), size)):
        yield replace(paper, arxiv_id=made_up_id(number))


def noisy(real: NDArray[np.float32], n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """``n`` of the vectors at random, each with noise and again of unit length."""
    noise = rng.normal(size=(n, real.shape[1])).astype(np.float32)
    noise *= NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
    vectors = real[rng.integers(0, len(real), n)] + noise
    scaled: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return scaled


def stored_vectors(data_dir: Path) -> tuple[str, NDArray[np.float32]]:
    """The model id and all vectors of a data folder."""
    with AppContext(Settings(data_dir=data_dir), read_only=True) as context:
        model_id = context.embedding_model_id
        if model_id is None:
            raise SystemExit(f"{data_dir} has no vectors")
        with context.db.read() as connection:
            blobs = connection.execute(select(embedding.c.vector).where(embedding.c.model_id == model_id)).scalars()
            return model_id, unpack_vectors(list(blobs))


def build(data: Path, shared: Path, vectors_from: Path, size: int, seed: int) -> None:
    """Import, detect, add vectors and count; what is done already is passed over."""
    snapshot = data / "snapshot.json"
    if not (data / "papertide.sqlite").exists():
        data.mkdir(parents=True, exist_ok=True)
        with snapshot.open("wb") as file:
            file.writelines(map(snapshot_line, papers(shared, size)))
        seconds, peak_mb = command(data, "import", str(snapshot))
        print(f"import: {size / seconds:,.0f} papers a second, {seconds:.0f} s, at most {peak_mb:,.0f} MB", flush=True)
        snapshot.unlink()
    with AppContext(Settings(data_dir=data, now=NOW)) as context:
        db = context.db
        start_run(db, "benchmark", "all", now=NOW)
        began, n_detected = time.perf_counter(), 0
        for step in stages.detect(context):
            n_detected = step.n_done
        if n_detected:
            seconds = time.perf_counter() - began
            print(f"detect: {n_detected / seconds:,.0f} papers a second, {seconds:.0f} s", flush=True)
        model_id, real = stored_vectors(vectors_from)
        if count_without_embedding(db, model_id):
            rng = np.random.default_rng(seed)
            ids = ids_without_embedding(db, model_id)
            for start in range(0, len(ids), _AT_ONCE):
                some = tuple(ids[start : start + _AT_ONCE])
                add_embeddings(db, Embeddings(some, noisy(real, len(some), rng), model_id))
        began = time.perf_counter()
        for _ in stages.tables(context):
            pass
        print(f"count weeks: {time.perf_counter() - began:.0f} s", flush=True)
        finish_run(db, "benchmark", "all", state="done", message="", now=NOW)
    print(f"database: {(data / 'papertide.sqlite').stat().st_size / 2**20:,.0f} MB", flush=True)


def command(data: Path, *arguments: str, **environment: str) -> tuple[float, float]:
    """The seconds and the most megabytes of a command in a process of its own."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "papertide", "--data-dir", str(data), *arguments],
        env={**os.environ, **environment},
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"papertide {arguments[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - began, used.ru_maxrss / 1024


# -- questions, each database in a process of its own


Times = list[tuple[float, float]]
"""Milliseconds of each question: by the clock, and of this process's processors."""


def timed(work: Callable[[str], object], each: Sequence[str]) -> Times:
    """Ask one after the other."""
    times = []
    for one in each:
        began, used = time.perf_counter(), time.process_time()
        work(one)
        times.append((1000 * (time.perf_counter() - began), 1000 * (time.process_time() - used)))
    return times


def summary(name: str, times: Times, target: float | None = None) -> str:
    """Median and 95th percentile, beside what was asked for."""
    (half, used_half), (most, used_most) = np.percentile(times, [50, 95], axis=0)
    verdict = "" if target is None else f"   target {target:.0f}: {'met' if most <= target else 'MISSED'}"
    return (
        f"  {name:36} n {len(times):4}   p50 {half:7.1f} ms   p95 {most:7.1f} ms   "
        f"(processor p50 {used_half:.1f}, p95 {used_most:.1f}){verdict}"
    )


def ask(data: Path, shared: Path, url: str, n_queries: int, seed: int, map_from: int) -> None:
    """Load, search and count; prints times and memory."""
    settings = load_settings(
        None, {}, {"data_dir": data, "database_url": url, "now": NOW, "embedding.map_from_papers": map_from}
    )
    name = ("PostgreSQL" if url else "SQLite") + (", memory map" if not map_from else ", vectors in memory")
    context = CachedContext(settings)
    began = time.perf_counter()
    context.preload()
    loaded_s = time.perf_counter() - began
    queries = list(islice(never_twice(data, 4 * n_queries, seed), n_queries))
    terms = drawn_terms(list(read_papers(shared / "arxiv" / "recent"))[:20_000], n_queries // 6, seed)
    search(context, PaperRequest("first query"), limit=20)

    def chart(term: str) -> object:
        return trends(context, [term], by="week", level="adopts", categories=(), primary=False, since=None, until=None)

    chart("text:graph")
    print(f"{name}, {len(context.paper_index):,} papers, loaded in {loaded_s:.1f} s", flush=True)
    found = timed(lambda query: search(context, PaperRequest(query), limit=20), queries)
    print(summary("searches by words and meaning", found, 150 if url else 300), flush=True)
    counted = timed(chart, [f"text:{term}" for of_kind in terms.values() for term in of_kind])
    print(summary("trends of words", counted, 100), flush=True)
    own = [line.split() for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]]
    sizes = {fields[0]: int(fields[1]) / 1024 for fields in own}
    print(
        f"  memory: {sizes['Private_Clean:'] + sizes['Private_Dirty:']:,.0f} MB of its own, "
        f"{sizes['Rss:']:,.0f} MB with what is shared or mapped, "
        f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB",
        flush=True,
    )
    context.close()


# -- indexes of vectors


def compare_indexes(data: Path, url: str, n_queries: int, seed: int) -> None:
    """The nearest 20 of approximate indexes beside those of the exact scan."""
    settings = load_settings(None, {}, {"data_dir": data, "now": NOW, "embedding.map_from_papers": 0})
    context = CachedContext(settings)
    vectors = context.paper_index.vectors
    texts = list(islice(never_twice(data, 4 * n_queries, seed + 1), n_queries))
    queries = context.encoder.encode(texts)
    context.close()
    exact: list[set[int]] = []

    def scan(number: str) -> None:
        cosines = vectors @ queries[int(number)]
        exact.append(set(np.argpartition(-cosines, N_NEAREST)[:N_NEAREST].tolist()))

    numbers = [str(number) for number in range(n_queries)]
    times = timed(scan, numbers)
    print(summary("exact scan of the memory map", times) + "   recall 1", flush=True)

    def report(name: str, built_s: float, size_mb: float, nearest: Callable[[str], Sequence[int]]) -> None:
        answers: list[Sequence[int]] = []
        spent = timed(lambda number: answers.append(nearest(number)), numbers)
        recall = np.mean([len(set(a) & e) / N_NEAREST for a, e in zip(answers, exact, strict=True)])
        print(f"{summary(name, spent)}   recall {recall:.3f}   built in {built_s:.0f} s, {size_mb:,.0f} MB", flush=True)

    _report_faiss(vectors, queries, report)
    if url:
        _report_pgvector(vectors, queries, url, report)


Report = Callable[[str, float, float, Callable[[str], Sequence[int]]], None]


def _report_faiss(vectors: NDArray[np.float32], queries: NDArray[np.float32], report: Report) -> None:
    import faiss

    faiss.omp_set_num_threads(2)
    index = faiss.IndexHNSWFlat(vectors.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 64
    began = time.perf_counter()
    index.add(vectors)
    built_s = time.perf_counter() - began
    for ef in (40, 100, 200):
        index.hnsw.efSearch = ef

        def nearest(number: str) -> Sequence[int]:
            found: list[int] = index.search(queries[[int(number)]], N_NEAREST)[1][0].tolist()
            return found

        size_mb = (vectors.nbytes + 4 * 32 * len(vectors)) / 2**20
        report(f"FAISS HNSW 16, ef {ef}", built_s, size_mb, nearest)


def _report_pgvector(vectors: NDArray[np.float32], queries: NDArray[np.float32], url: str, report: Report) -> None:
    n, d = vectors.shape
    lists = max(10, round(n**0.5))
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:

        def run(statement: str, **values: Any) -> Any:
            return connection.execute(text(statement), values)

        run("CREATE EXTENSION IF NOT EXISTS vector")
        run("DROP TABLE IF EXISTS benchmark_vector")
        run(f"CREATE TABLE benchmark_vector (row_number integer PRIMARY KEY, vector vector({d}) NOT NULL)")
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy("COPY benchmark_vector FROM STDIN") as copy:
            for row in range(n):
                copy.write_row((row, json.dumps(vectors[row].tolist())))
        run("SET maintenance_work_mem = '2GB'")
        run("ANALYZE benchmark_vector")
        kinds = {
            "pgvector HNSW": ("hnsw (vector vector_ip_ops)", "vector", "hnsw.ef_search", (40, 100, 200)),
            "pgvector HNSW, halfvec": (
                f"hnsw ((vector::halfvec({d})) halfvec_ip_ops)",
                f"vector::halfvec({d})",
                "hnsw.ef_search",
                (40, 100, 200),
            ),
            "pgvector IVFFlat": (
                f"ivfflat (vector vector_ip_ops) WITH (lists = {lists})",
                "vector",
                "ivfflat.probes",
                (10, 30),
            ),
        }
        for name, (method, column, setting, values) in kinds.items():
            began = time.perf_counter()
            run(f"CREATE INDEX benchmark_index ON benchmark_vector USING {method}")
            built_s = time.perf_counter() - began
            size_mb = run("SELECT pg_relation_size('benchmark_index')").scalar_one() / 2**20
            kind = f"halfvec({d})" if "halfvec" in column else "vector"
            question = f"SELECT row_number FROM benchmark_vector ORDER BY {column} <#> CAST(:q AS {kind}) LIMIT 20"
            for value in values:
                run(f"SET {setting} = {value}")

                def nearest(number: str, question: str = question) -> Sequence[int]:
                    return run(question, q=json.dumps(queries[int(number)].tolist())).scalars().all()  # type: ignore[no-any-return]

                report(f"{name}, {setting.partition('.')[2]} {value}", built_s, size_mb, nearest)
            run("DROP INDEX benchmark_index")
        run("DROP TABLE benchmark_vector")
    engine.dispose()


def main() -> None:
    """Build what is missing, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--vectors", type=Path, required=True)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--postgresql", default="")
    parser.add_argument("--part", choices=["sqlite", "map", "postgresql", "indexes"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part is None:
        build(given.data, given.shared, given.vectors, given.size, given.seed)
        if given.postgresql:
            seconds, peak_mb = command(given.data, "move", "--to", given.postgresql)
            print(f"move to PostgreSQL: {seconds:.0f} s, at most {peak_mb:,.0f} MB", flush=True)
        for part in ("sqlite", "map", *(["postgresql"] if given.postgresql else []), "indexes"):
            subprocess.run([sys.executable, "-m", "benchmarks.million", *sys.argv[1:], "--part", part], check=True)
    elif given.part == "indexes":
        compare_indexes(given.data, given.postgresql, given.queries, given.seed)
    else:
        url = given.postgresql if given.part == "postgresql" else ""
        ask(given.data, given.shared, url, given.queries, given.seed, 10**9 if given.part == "sqlite" else 0)


if __name__ == "__main__":
    main()
