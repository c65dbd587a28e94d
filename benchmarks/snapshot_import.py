"""Reading a metadata snapshot: lines a second, peak memory, what kills and bad lines do; beside two named alternatives.

    python -m benchmarks.snapshot_import [--lines 1000000] [--kills 10] [--seed 7]

It writes a snapshot of made-up papers in the form of arXiv's file on Kaggle, all of them watched, about as long as
real ones: the worst case, since of the real file only a fifth is. ``papertide import`` reads it in a process of its
own, and reads it again. Beside it, in the same run and on the same file, the loops that one writes first:
``json.loads`` with ``sqlite3.executemany``, and ``pandas.read_json`` in chunks with ``to_sql``. They check nothing,
skip no bad line, index no word and keep no versions. Then an import of a tenth of the lines, with bad ones among
them, is killed with SIGKILL at random moments, started again each time, and let finish; what is stored must be what
was written.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.paper import ArxivId, Paper
from domain.week import Week
from sample.corpus import make_corpus
from sample.snapshot import snapshot_line

_BAD_LINES = (
    b"not json\n",
    b"[1, 2]\n",
    b'{"id": "9901.00001"}\n',
    b"\xff\xfe\n",
    b'{"id": "x", "categories": "cs.LG"}\n',
)
_BAD_EVERY = 1000
_FIRST = datetime(2007, 4, 2, tzinfo=UTC)
_APART = timedelta(seconds=600)

_JSON_LOADS = """
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[2])
db.execute("CREATE TABLE paper (id TEXT PRIMARY KEY, title TEXT, abstract TEXT, authors TEXT, listed TEXT, at TEXT)")
rows = []
def store():
    with db:
        db.executemany("INSERT OR REPLACE INTO paper VALUES (?, ?, ?, ?, ?, ?)", rows)
    rows.clear()
for line in open(sys.argv[1], "rb"):
    r = json.loads(line)
    rows.append((r["id"], r["title"], r["abstract"], r["authors"], r["categories"], r["versions"][0]["created"]))
    if len(rows) == 2000:
        store()
store()
"""
_READ_JSON = """
import sqlite3, sys
import pandas as pd
db = sqlite3.connect(sys.argv[2])
for chunk in pd.read_json(sys.argv[1], lines=True, chunksize=2000, dtype={"id": str}):
    chunk["created"] = [versions[0]["created"] for versions in chunk["versions"]]
    columns = ["id", "title", "abstract", "authors", "categories", "created"]
    chunk[columns].to_sql("paper", db, if_exists="append", index=False)
"""


def main() -> None:
    """Measure and print; exit status 1 if something is stored that was not written, or the other way round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    n_lines: int = arguments.lines
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        snapshot = folder / "snapshot.json"
        with snapshot.open("wb") as file:
            file.writelines(snapshot_line(p) for p in _papers(n_lines))
        print(f"{n_lines:,} lines, {snapshot.stat().st_size / 1e6:,.0f} MB, {n_lines:,} of them watched papers")
        print(f"{'':<36}{'seconds':>9}{'lines/s':>9}{'CPU s':>9}{'peak MB':>9}")
        ours = [sys.executable, "-m", "papertide", "--data-dir", str(folder / "ours"), "import", str(snapshot)]
        for name, command in (
            ("papertide import", ours),
            ("papertide import, the same again", ours),
            ("json.loads + sqlite3.executemany", [sys.executable, "-c", _JSON_LOADS, str(snapshot), str(folder / "j")]),
            ("pandas.read_json + to_sql", [sys.executable, "-c", _READ_JSON, str(snapshot), str(folder / "p")]),
        ):
            seconds, cpu_s, peak_mb = _timed(command)
            print(f"{name:<36}{seconds:>9.1f}{n_lines / seconds:>9,.0f}{cpu_s:>9.1f}{peak_mb:>9.0f}", flush=True)
        n_held = _question(folder / "ours", "SELECT count(*) FROM paper")
        print(f"stored {n_held:,} of {n_lines:,}")
        same = _killed(folder, n_lines // 10, arguments.kills, random.Random(arguments.seed))
    sys.exit(not (same and n_held == n_lines))


def _papers(n: int) -> Iterator[Paper]:
    """Made-up papers without end of the corpus: each abstract is two of the sample's, each month has 99,999 numbers."""
    made_up = make_corpus(last_week=Week.parse("2026-W25"), n_weeks=26, papers_per_week=60).papers
    for number in range(n):
        like, other = made_up[number % len(made_up)], made_up[(number * 7 + 3) % len(made_up)]
        at = _FIRST + number * _APART
        yield replace(
            like,
            arxiv_id=ArxivId(f"{9900 + number // 99_999:04d}.{number % 99_999 + 1:05d}"),
            title=f"{like.title}, part {number}",
            abstract=f"{like.abstract} {other.abstract}",
            submitted_at=at,
            updated_at=at + timedelta(days=like.version - 1),
        )


def _timed(command: list[str]) -> tuple[float, float, float]:
    """Seconds, seconds of processor time, and peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)  # what the system counted for this process alone
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} failed")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _killed(folder: Path, n_lines: int, n_kills: int, moments: random.Random) -> bool:
    """Whether an import that was killed again and again, with bad lines in its file, stores all that was written."""
    snapshot, data = folder / "with-bad-lines.json", folder / "killed"
    papers = list(_papers(n_lines))
    with snapshot.open("wb") as file:
        for number, paper in enumerate(papers):
            if number % _BAD_EVERY == 0:
                file.write(_BAD_LINES[number // _BAD_EVERY % len(_BAD_LINES)])
            file.write(snapshot_line(paper))
    command = [sys.executable, "-m", "papertide", "--data-dir", str(data), "import", str(snapshot)]
    n_killed = n_half = 0
    longest_s = 2.0 + n_lines / 8000
    while n_killed < n_kills:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(moments.uniform(0.5, longest_s))
            break  # it ended before the kill came
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            n_killed += 1
        n_half += _half_written(data)
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    same = _stored(data) == [(p.arxiv_id, p.title, p.abstract) for p in sorted(papers, key=lambda p: p.arxiv_id)]
    print(
        f"{n_killed} kills in an import of {n_lines:,} papers: what is stored is "
        f"{'what was written' if same else 'NOT what was written'}; half-written papers after a kill: {n_half}"
    )
    print(f"it ended with status {ended.returncode}: {ended.stderr.strip().splitlines()[-1]}")
    return same and not n_half


def _half_written(data: Path) -> int:
    """Papers without a category, a version or their words in the index."""
    if not (data / "papertide.sqlite").exists():
        return 0
    with_all = (
        "SELECT count(*) FROM paper p WHERE NOT EXISTS (SELECT 1 FROM paper_category c WHERE c.arxiv_id = p.arxiv_id) "
        "OR NOT EXISTS (SELECT 1 FROM paper_version v WHERE v.arxiv_id = p.arxiv_id)"
    )
    try:
        indexed = "SELECT (SELECT count(*) FROM paper) - (SELECT count(*) FROM paper_text_docsize)"
        return _question(data, with_all) + _question(data, indexed)
    except sqlite3.OperationalError:
        return 0  # killed before the tables were made


def _question(data: Path, question: str) -> int:
    with sqlite3.connect(data / "papertide.sqlite") as db:
        return int(db.execute(question).fetchone()[0])


def _stored(data: Path) -> list[tuple[str, str, str]]:
    with sqlite3.connect(data / "papertide.sqlite") as db:
        return db.execute("SELECT arxiv_id, title, abstract FROM paper ORDER BY arxiv_id").fetchall()


if __name__ == "__main__":
    main()
