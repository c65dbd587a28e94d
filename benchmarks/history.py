"""How the counted history grows after the first digest: time, pages, manners, kills, and what is called with it.

    python -m benchmarks.history [first | pages | kills | calls ...] [--shared ../shared] [--weeks 2] [--history 56]
        [--thin 1] [--minutes 15] [--data-dir DATA_DIR]

It starts the replay server of the shared folder as arXiv, which answers 429 to a request within three seconds of the
last one, and runs the product on empty folders. Without a part it runs the first three.

first : time to the first digest from an empty folder, with the history off and on, in turn; then weeks counted in
    ``--minutes``, and the manners broken by then.
pages : the time of pages while the history is counted by the same ``papertide up``, and without, in turn.
kills : ``papertide run`` is killed at random moments until the history is whole; then every week is compared with
    what was served, and the weekly counts with a count of everything afresh.
calls : what is called in the last week of ``--data-dir`` with all its counted weeks, and with the last 12 of them.

``--thin N`` serves only each N-th paper of the newest ``--weeks`` weeks, because these are embedded, which takes most
of the time and is the same with and without history.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.trends.growth import MIN_PAPERS
from analysis.trends.trend_calls import TermCounts, make_calls
from domain.trend_calls import WINDOW_WEEKS
from domain.week import Week, last_closed_week
from ingest.settings import DEFAULT_CATEGORIES
from pipeline import stages
from pipeline.name_calls import counts_of_names
from runtime.context import AppContext
from runtime.settings import Settings
from store.weekly import rebuild_weekly_tables, weekly_counts

NOW = "2026-06-30T12:00:00Z"
LAST = last_closed_week(datetime.fromisoformat(NOW))
PAGES = (
    "/", "/topics", "/status", "/names", "/trends?term=diffusion&term=llm", "/trends?term=text:{word}&term=gnn",
    "/search?q={word}+for+{other}", "/papers?term=technique:diffusion", "/api/v1/trends?term=text:{other}",
)  # fmt: skip
WORDS = "attention retrieval graph robust speech privacy quantum token video medical robot causal kernel prompt".split()
ASK_EVERY_S = 0.25


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", help="first, pages, kills or calls; by default the first three")
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--weeks", type=int, default=2)
    parser.add_argument("--history", type=int, default=56, help="whole weeks are held from 2025-W23 on")
    parser.add_argument("--thin", type=int, default=1)
    parser.add_argument("--thin-all", type=int, default=1, help="serve only each N-th paper of the other weeks")
    parser.add_argument("--kill-within", type=float, default=45.0, help="seconds; more on a busy machine")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each turn of pages")
    parser.add_argument("--delay", type=float, default=3.0, help="arxiv.delay_s; for kills it is 0")
    parser.add_argument("--data-dir", type=Path, help="for calls")
    options = parser.parse_args()
    if not (options.shared / "arxiv-replay").is_dir():
        print(f"skipped: there is no replay server in {options.shared}")
        return
    unknown = set(options.part) - {"first", "pages", "kills", "calls"}
    if unknown or ("calls" in options.part and options.data_dir is None):
        parser.error("calls needs --data-dir" if not unknown else f"there is no part {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as folder:
        served = _served(options, Path(folder)) if options.part != ["calls"] else {}
        for part in options.part or ["first", "pages", "kills"]:
            {"first": _first, "pages": _pages, "kills": _kills, "calls": _calls}[part](options, Path(folder), served)


def _served(options: argparse.Namespace, folder: Path) -> dict[Week, set[str]]:
    """Write the papers that are served, and return the watched ones by week."""
    first_newest = LAST.plus(1 - options.weeks).start_at
    by_week: dict[Week, set[str]] = {}
    n_of = Counter[bool]()
    with gzip.open(folder / "served.jsonl.gz", "wt", compresslevel=1) as out:
        for path in sorted((options.shared / "arxiv" / "recent").glob("*.jsonl.gz")):
            for line in gzip.decompress(path.read_bytes()).decode().strip().split("\n"):
                paper = json.loads(line)
                at = datetime.fromisoformat(paper["published"].replace("Z", "+00:00"))
                at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
                n_of[at >= first_newest] += 1
                if n_of[at >= first_newest] % (options.thin if at >= first_newest else options.thin_all):
                    continue
                out.write(line + "\n")
                if set(paper["categories"]) & set(DEFAULT_CATEGORIES):
                    by_week.setdefault(Week.containing(at), set()).add(paper["arxiv_id"])
    return by_week


@contextmanager
def _replay(options: argparse.Namespace, folder: Path, *, min_gap_s: float = 3.0) -> Iterator[str]:
    port = _free_port()
    command = [str(options.shared / "arxiv-replay" / "arxiv_replay.py"), str(folder / "served.jsonl.gz")]
    server = subprocess.Popen(
        [sys.executable, *command, "--port", str(port), "--now", NOW, "--min-gap", str(min_gap_s)],
        stdout=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/_ledger")
        yield address
    finally:
        server.terminate()
        server.wait()


def _environment(options: argparse.Namespace, address: str, data: Path, **more: object) -> dict[str, str]:
    settings = {
        "ARXIV__API_URL": f"{address}/api/query",
        "ARXIV__OAI_URL": f"{address}/oai",
        "ARXIV__DELAY_S": options.delay,
        "DATA_DIR": data,
        "WEEKS": options.weeks,
        "HISTORY_WEEKS": options.history,
        "NOW": NOW,
        "SERVICE__REQUESTS_PER_MINUTE": 0,
        "SERVICE__WORK_S_PER_MINUTE": 0,
        "SCHEDULE__CHANGES": "",
        "SCHEDULE__EVERY_S": 1,
    } | more
    return {**os.environ, **{f"PAPERTIDE_{name}": str(value) for name, value in settings.items()}}


def _papertide(environment: dict[str, str], *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "papertide", *command],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


# -- the first digest


def _first(options: argparse.Namespace, folder: Path, _served: dict[Week, set[str]]) -> None:
    print(f"first digest of {LAST} from an empty folder, {options.weeks} weeks, each {options.thin}. of their papers")
    for turn, history in enumerate((0, options.history, options.history, 0)):
        is_last_with_history = turn == 2
        data = folder / f"first-{turn}"
        with _replay(options, folder) as address:
            start = time.perf_counter()
            process = _papertide(_environment(options, address, data, HISTORY_WEEKS=history), "run")
            lines: list[tuple[float, str]] = []
            reader = threading.Thread(target=_read_lines, args=(process, start, lines), daemon=True)
            reader.start()
            while process.poll() is None and not any(line.startswith("Read it:") for _, line in lines):
                time.sleep(0.1)
            digest_s = next((at for at, line in lines if line.startswith("Read it:")), float("nan"))
            print(f"  history_weeks {history}: first digest after {digest_s:.1f} s")
            until = time.perf_counter() + (60 * options.minutes if is_last_with_history else 0)
            while process.poll() is None and time.perf_counter() < until:
                time.sleep(0.5)
            process.terminate()
            process.wait()
            if is_last_with_history:
                _print_history(lines, digest_s, data)
            book = _get(f"{address}/_ledger")
            broken = {name: book[name] for name in ("too_soon", "overlaps", "ignored_retry_after")}
            print(f"  {book['requests']} requests; manners broken: {broken}")


def _read_lines(process: subprocess.Popen[str], start: float, lines: list[tuple[float, str]]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.append((time.perf_counter() - start, line.strip()))


def _print_history(lines: list[tuple[float, str]], digest_s: float, data: Path) -> None:
    counted = [(at - digest_s, m) for at, line in lines if (m := re.search(r"counted back to \S+: (\d+) of", line))]
    for minutes in (1, 2, 5, 10, 15, 20, 30):
        reached = [int(m[1]) for after, m in counted if after <= 60 * minutes]
        if reached and (minutes == 1 or counted[-1][0] > 60 * (minutes - 5)):
            print(f"    {minutes:>2} min after it: {reached[-1]} weeks counted")
    if counted:
        n, seconds = len(counted), counted[-1][0]
        print(f"    {n} weeks added in {seconds / 60:.1f} min: {60 * n / seconds:.1f} weeks a minute")
    with sqlite3.connect(data / "papertide.sqlite") as db:
        n_papers, n_embedded = (db.execute(f"SELECT count(*) FROM {of}").fetchone()[0] for of in ("paper", "embedding"))
    print(f"    {n_papers:,} papers stored, {n_embedded:,} embedded")


# -- pages


def _pages(options: argparse.Namespace, folder: Path, _served: dict[Week, set[str]]) -> None:
    data = folder / "pages"
    with _replay(options, folder) as address:
        first = _papertide(_environment(options, address, data, HISTORY_WEEKS=0), "run")
        first.communicate()
        times: dict[bool, list[float]] = {True: [], False: []}
        for turn in range(4):
            is_on = turn % 2 == 0
            port = _free_port()
            more = {"HISTORY_WEEKS": options.history if is_on else 0, "SERVICE__PORT": port}
            service = _papertide(_environment(options, address, data, **more), "up")
            try:
                _wait_for(f"http://127.0.0.1:{port}/readyz")
                before = _n_weeks(data)
                times[is_on] += _ask(port, options.seconds, seed=turn)
                print(f"  turn {turn + 1}: history {'on ' if is_on else 'off'}, {_n_weeks(data) - before} weeks added")
            finally:
                service.terminate()
                service.communicate()
        for is_on, found in times.items():
            p50, p95 = np.percentile(found, [50, 95])
            label = "while the history is counted" if is_on else "without"
            print(f"  pages {label}: {len(found)} requests, median {p50:.0f} ms, p95 {p95:.0f} ms")


def _ask(port: int, seconds: float, *, seed: int) -> list[float]:
    draw, times = random.Random(seed), []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        path = draw.choice(PAGES).format(word=draw.choice(WORDS), other=draw.choice(WORDS))
        start = time.perf_counter()
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60).read()
        except urllib.error.HTTPError as error:
            if error.code >= 500:
                print(f"  {path}: {error.code}")
        times.append(1000 * (time.perf_counter() - start))
        time.sleep(ASK_EVERY_S)
    return times


def _n_weeks(data: Path) -> int:
    with sqlite3.connect(data / "papertide.sqlite", timeout=30) as db:
        n: int = db.execute("SELECT count(*) FROM harvest_window").fetchone()[0]
    return n


# -- kills


def _kills(options: argparse.Namespace, folder: Path, served: dict[Week, set[str]]) -> None:
    data, draw, n_kills = folder / "kills", random.Random(5), 0
    with _replay(options, folder, min_gap_s=0) as address:
        environment = _environment(options, address, data, ARXIV__DELAY_S=0)
        while True:
            process = _papertide(environment, "run")
            try:
                process.communicate(timeout=draw.uniform(3, options.kill_within))
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                n_kills += 1
    if process.returncode:
        sys.exit("the last run failed")
    n_weeks = _n_weeks(data)
    with sqlite3.connect(data / "papertide.sqlite") as db:
        held = Counter(monday for (monday,) in db.execute("SELECT week_start FROM paper"))
        ids = {row[0] for row in db.execute("SELECT arxiv_id FROM paper")}
    wanted = [LAST.plus(-i) for i in range(options.history)]
    true = {i for week in wanted for i in served.get(week, ())}
    print(f"killed {n_kills} times: {n_weeks} weeks, {len(ids):,} papers, {sum(held.values()) - len(ids)} twice,")
    print(f"  missing {len(true - ids)}, not served {len(ids - true)}")
    with AppContext(Settings(data_dir=data, weeks=options.weeks, history_weeks=options.history)) as context:
        before = weekly_counts(context.db)
        model = context.topic_model
        start = time.perf_counter()
        rebuild_weekly_tables(
            context.db, context.detector.detector_id, model.topic_model_id if model else None,
            context.settings.categories, now=context.now(),
        )  # fmt: skip
        seconds = time.perf_counter() - start
        same = "are" if before.equals(weekly_counts(context.db)) else "ARE NOT"
        print(f"  the weekly counts {same} those of a recount, which took {seconds:.1f} s")


# -- calls


def _calls(options: argparse.Namespace, _folder: Path, _served: dict[Week, set[str]]) -> None:
    settings = Settings(data_dir=options.data_dir)
    with AppContext(settings, read_only=True) as context:
        counts = stages.term_counts(context, ())
        of_names = counts_of_names(context.db, settings.categories, min_papers=settings.digest.min_papers)
        week = _last_week(counts)
        weeks = [w for w, n in zip(counts.weeks, counts.n.tolist(), strict=True) if n and w <= week]
        rate = settings.digest.false_discovery_rate
        rows = []
        for n_weeks in (len(weeks), 12):
            first = weeks[-n_weeks:][0]
            of_terms = make_calls(_since(counts, first), week, called_up=(), false_discovery_rate=rate)
            tested = _tested_names(_since(of_names, first).until(week))
            for call in (*of_terms, *make_calls(tested, week, called_up=(), false_discovery_rate=rate)):
                rows.append((call.kind, n_weeks, call.verdict))
        table = pd.DataFrame(rows, columns=["kind", "weeks", "verdict"])
        print(f"calls of {week}, with {len(weeks)} counted weeks ({weeks[0]} to {weeks[-1]}) and with the last 12:")
        print(table.value_counts().unstack("verdict", fill_value=0).sort_index(ascending=[True, False]).to_string())


def _last_week(counts: TermCounts) -> Week:
    """The last week with papers."""
    return max(w for w, n in zip(counts.weeks, counts.n.tolist(), strict=True) if n)


def _since(counts: TermCounts, first: Week) -> TermCounts:
    keep = np.array([week >= first for week in counts.weeks])
    weeks = tuple(week for week in counts.weeks if week >= first)
    return replace(counts, weeks=weeks, n=counts.n[keep], usable=counts.usable[keep], k=counts.k[:, keep])


def _tested_names(counts: TermCounts) -> TermCounts:
    enough = counts.k[:, -WINDOW_WEEKS:].sum(axis=1) >= MIN_PAPERS
    terms = tuple(term for term, is_enough in zip(counts.terms, enough.tolist(), strict=True) if is_enough)
    return replace(counts, terms=terms, k=counts.k[enough])


# -- servers


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def _wait_for(url: str) -> None:
    for _ in range(1200):
        try:
            urllib.request.urlopen(url, timeout=60).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.25)
    sys.exit(f"{url} does not answer")


if __name__ == "__main__":
    main()
