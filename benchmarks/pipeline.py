"""Time, peak memory and truth of a whole run, stage by stage, and the speed of embedding beside a named alternative.

    python -m benchmarks.pipeline [--shared ../shared] [--weeks 12] [--embedding-only]

It starts the replay server of the shared folder as arXiv, at 2026-06-23, runs each stage in a process of its own
on an empty folder, and compares every week's papers with what the server says is true. Then it embeds the same
papers with ``SentenceTransformer.encode`` as it comes and with ours, in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np

from analysis.embed import paper_text
from analysis.sentence_encoder import EmbeddingSettings, load_encoder
from domain.week import Week, weeks_between
from ingest.harvest import window_of
from ingest.query_api_client import search_query
from ingest.settings import DEFAULT_CATEGORIES
from store.database import open_database
from store.papers import papers_of_week

NOW = "2026-06-23T12:00:00Z"
LAST_WEEK = Week.parse("2026-W25")
_STAGES = (
    ("harvest", ["harvest"]),
    ("embed", ["embed"]),
    ("detect, topics, tables, digest", ["run"]),
    ("run again, nothing due", ["run"]),
    ("trends of 2 techniques", ["trends", "diffusion", "transformer", "--json"]),
    ("trends of free text", ["trends", "test-time scaling", "--json"]),
    ("search", ["search", "quantization of large language models below 4 bits", "--json"]),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--weeks", type=int, default=12)
    parser.add_argument("--papers", type=int, default=512, help="papers for the comparison of embedding speeds")
    parser.add_argument("--embedding-only", action="store_true", help="only compare speeds, on a folder of --data-dir")
    parser.add_argument("--data-dir", type=Path, help="keep the data here; a throw-away folder by default")
    arguments = parser.parse_args()
    if not (arguments.shared / "arxiv-replay").is_dir():
        sys.exit(f"no replay server in {arguments.shared}; this benchmark needs the shared data")
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.data_dir or Path(temporary)
        if not arguments.embedding_only:
            _stages(arguments.shared, arguments.weeks, folder)
        _embedding_speed(folder, arguments.papers)


def _stages(shared: Path, weeks: int, folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, str(shared / "arxiv-replay" / "arxiv_replay.py"), str(shared / "arxiv" / "recent")),
            *("--port", str(port), "--now", NOW, "--min-gap", "0"),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/_ledger")
        environment = {
            **os.environ,
            "PAPERTIDE_ARXIV__API_URL": f"{address}/api/query",
            "PAPERTIDE_ARXIV__DELAY_S": "0",
            "PAPERTIDE_DATA_DIR": str(folder),
            "PAPERTIDE_WEEKS": str(weeks),
            "PAPERTIDE_HISTORY_WEEKS": "0",
            "PAPERTIDE_NOW": NOW,
        }
        print(f"{'stage':<34}{'seconds':>9}{'peak MB':>9}{'requests':>10}")
        total = 0.0
        for name, command in _STAGES:
            seconds, peak_mb, n_requests = _one(command, environment, address)
            print(f"{name:<34}{seconds:>9.1f}{peak_mb:>9.0f}{n_requests:>10}")
            total += seconds if name in ("harvest", "embed", "detect, topics, tables, digest") else 0.0
        print(f"{'the whole run':<34}{total:>9.1f}")
        _truth(address, folder, weeks)
    finally:
        server.terminate()
        server.wait()


def _one(command: list[str], environment: dict[str, str], address: str) -> tuple[float, float, int]:
    before = _get(f"{address}/_ledger")["requests"]
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            [sys.executable, "-m", "papertide", *command],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        )
        _, status, usage = os.wait4(process.pid, 0)  # what the system counted for this process alone
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            complaints.seek(0)
            sys.exit(f"{' '.join(command)} failed: {complaints.read().strip().splitlines()[-1]}")
    peak_mb = usage.ru_maxrss / 1024
    return seconds, peak_mb, _get(f"{address}/_ledger")["requests"] - before


def _truth(address: str, folder: Path, weeks: int) -> None:
    db = open_database(f"sqlite:///{folder / 'papertide.sqlite'}")
    n_wrong = 0
    for week in weeks_between(LAST_WEEK.plus(1 - weeks), LAST_WEEK):
        query = urllib.parse.quote(search_query(window_of(week), DEFAULT_CATEGORIES))
        true = {versioned.rpartition("v")[0] for versioned in _get(f"{address}/_ids?search_query={query}")}
        held = {p.arxiv_id for p in papers_of_week(db, week, DEFAULT_CATEGORIES)}
        n_wrong += true != held
        print(f"{week}: true {len(true):,}, held {len(held):,}{'' if true == held else '  DIFFERENT'}")
    print("every week equals the truth" if not n_wrong else f"{n_wrong} weeks differ from the truth")


def _embedding_speed(folder: Path, n_papers: int) -> None:
    db = open_database(f"sqlite:///{folder / 'papertide.sqlite'}")
    texts = [paper_text(p) for p in papers_of_week(db, LAST_WEEK, DEFAULT_CATEGORIES)[:n_papers]]
    from sentence_transformers import SentenceTransformer

    from analysis.sentence_encoder import packaged_model_folder

    plain = SentenceTransformer(str(packaged_model_folder()))
    ours = load_encoder(EmbeddingSettings())
    rates: dict[str, list[float]] = {"plain": [], "ours": []}
    plain.encode(texts[:32]), ours.encode(texts[:32])
    for _ in range(3):  # in turn, so that a machine that drifts drifts for both
        start = time.perf_counter()
        expected = np.asarray(plain.encode(texts, normalize_embeddings=True), dtype=np.float32)
        rates["plain"].append(len(texts) / (time.perf_counter() - start))
        start = time.perf_counter()
        vectors = ours.encode(texts)
        rates["ours"].append(len(texts) / (time.perf_counter() - start))
    cosine = float(np.mean(np.sum(expected * vectors, axis=1)))
    median = {name: float(np.median(found)) for name, found in rates.items()}
    print(f"SentenceTransformer.encode: {median['plain']:.1f} papers/s")
    print(f"ours ({ours.model_id}): {median['ours']:.1f} papers/s")
    print(
        f"{median['ours'] / median['plain']:.2f} times as fast, mean cosine {cosine:.5f}, {len(texts)} papers, 3 runs"
    )


def _wait_for(url: str) -> None:
    for _ in range(600):
        try:
            _get(url)
        except OSError:
            time.sleep(0.2)
        else:
            return
    sys.exit("the replay server did not start")


def _get(url: str) -> dict[str, int] | list[str]:
    with urllib.request.urlopen(url, timeout=120) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main()
