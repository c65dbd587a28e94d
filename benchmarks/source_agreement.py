"""The same weeks by the query API, by OAI-PMH and from a snapshot: are they the same papers, field by field?

    python -m benchmarks.source_agreement [--shared ../shared] [--weeks 2025-W40 2026-W25] [--kills 10] [--seed 7]

It starts the replay server of the shared folder as arXiv, over the months of these weeks. Each source fills a database
of its own, by the code that the commands run; the snapshot is written from the shared lines in the form of arXiv's
file on Kaggle. Then every field of every paper is compared, and everything is read once more into one database, where
nothing may change. Last, a harvest of the newest week by OAI-PMH meets faults at random requests and is killed with
SIGKILL at random moments, begun again each time until it ends, and all of that repeated until there were so many kills.
The three answers are made from the same lines, so this measures our reading, not arXiv's writing.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from domain.paper import ArxivId, Paper
from domain.progress import Progress
from domain.week import Week
from ingest.oai_client import OaiClient
from ingest.query_api_client import ArxivClient
from ingest.settings import DEFAULT_CATEGORIES, ArxivSettings
from pipeline import harvest, oai_harvest, snapshot_import
from pipeline.snapshot_import import SkippedLines
from store.database import Database, open_database
from store.oai_passes import oai_passes
from store.papers import known_papers, papers_of_week

_FAULTS = ("503:1", "503", "429:1", "500", "empty", "zero", "html", "truncate", "cut", "reset")
_COMPARED = [field.name for field in fields(Paper) if field.compare]


def main() -> None:
    """Compare and print; exit status 1 if a paper differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--weeks", type=Week.parse, nargs="+", default=[Week.parse("2025-W40"), Week.parse("2026-W25")])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    weeks: list[Week] = sorted(arguments.weeks)
    if not (arguments.shared / "arxiv-replay").is_dir():
        sys.exit(f"no replay server in {arguments.shared}; this benchmark needs the shared data")
    days = {day for week in weeks for day in (week.monday - timedelta(days=1), week.sunday + timedelta(days=1))}
    months = sorted({f"{day:%Y-%m}" for day in days})
    files = [arguments.shared / "arxiv" / "recent" / f"{month}.jsonl.gz" for month in months]
    now = weeks[-1].end_at + timedelta(days=7)
    with tempfile.TemporaryDirectory() as temporary, _replaying(arguments.shared, files, now) as address:
        folder = Path(temporary)
        settings = ArxivSettings(api_url=f"{address}/api/query", oai_url=f"{address}/oai", delay_s=0)
        snapshot = folder / "snapshot.json"
        ids = _write_snapshot(snapshot, files, weeks)

        def by_api(db: Database) -> Iterator[Progress]:
            client = ArxivClient(settings, product="papertide-benchmark")
            return harvest.harvest_windows(db, client, DEFAULT_CATEGORIES, weeks, page_size=1000, clock=_clock)

        def by_oai(db: Database) -> Iterator[Progress]:
            client = OaiClient(settings, product="papertide-benchmark")
            return oai_harvest.harvest_lists(db, client, DEFAULT_CATEGORIES, since=weeks[0].monday, clock=_clock)

        def by_snapshot(db: Database) -> Iterator[Progress]:
            return snapshot_import.import_snapshot(db, snapshot, DEFAULT_CATEGORIES, SkippedLines(), clock=_clock)

        sources = {"query API": by_api, "OAI-PMH": by_oai, "snapshot": by_snapshot}
        held: dict[str, dict[ArxivId, Paper]] = {}
        for name, read in sources.items():
            db = open_database(f"sqlite:///{folder / name.replace(' ', '-')}.sqlite")
            start = time.perf_counter()
            notes = [step.note for step in read(db) if step.note]
            held[name] = dict(known_papers(db, ids))
            print(f"{name:<10}{len(held[name]):>7,} papers of {', '.join(map(str, weeks))} in {_since(start)}")
            if name == "OAI-PMH":
                n_mended = sum(int(note.rpartition(" new, ")[2].split()[0]) for note in notes if "(arXiv)" in note)
                print(f"{'':<10}{n_mended:>7,} of all that came had other authors in arXivRaw's line than apart")
            db.close()
        n_different = sum(_compared(held["query API"], held[name], name) for name in ("OAI-PMH", "snapshot"))
        n_different += _read_into_one(folder, sources.values(), ids)
        newest = {i: p for i, p in held["OAI-PMH"].items() if p.week == weeks[-1]}
        n_different += _killed(folder, address, weeks[-1], newest, arguments.kills, random.Random(arguments.seed))
    sys.exit(n_different > 0)


def _compared(expected: dict[ArxivId, Paper], found: dict[ArxivId, Paper], name: str) -> int:
    """How many papers differ; prints by which field."""
    both = expected.keys() & found.keys()
    differing = Counter(
        field for i in both for field in _COMPARED if getattr(expected[i], field) != getattr(found[i], field)
    )
    n_alone = len(expected.keys() ^ found.keys())
    n_replaced = sum(expected[arxiv_id].version > 1 for arxiv_id in both)
    field_counts = ", ".join(f"{field} {n:,}" for field, n in differing.most_common()) or "none"
    print(
        f"query API and {name}: {len(both):,} papers ({n_replaced:,} of them replaced) compared in "
        f"{len(_COMPARED)} fields; held by one alone: {n_alone:,}; differing fields: {field_counts}"
    )
    for field in differing:
        example = next(i for i in sorted(both) if getattr(expected[i], field) != getattr(found[i], field))
        print(f"  {example} {field}: {getattr(expected[example], field)!r} / {getattr(found[example], field)!r}")
    return n_alone + differing.total()


def _read_into_one(folder: Path, sources: Iterable[Any], ids: set[ArxivId]) -> int:
    """How many papers change when all sources are read into one database, one after another."""
    db = open_database(f"sqlite:///{folder / 'one.sqlite'}")
    before: dict[ArxivId, Paper] = {}
    n_changed = 0
    for read in sources:
        for _ in read(db):
            pass
        held = dict(known_papers(db, ids))
        if before:
            n_changed += sum(before.get(arxiv_id) != p for arxiv_id, p in held.items())
        before = held
    db.close()
    print(
        f"all three into one database, in turn: {len(before):,} papers, {n_changed:,} of them changed by a later source"
    )
    return n_changed


def _killed(
    folder: Path, address: str, week: Week, truth: dict[ArxivId, Paper], n_kills: int, chance: random.Random
) -> int:
    """How many papers of a week are wrong after harvests by OAI-PMH that met faults and were killed again and again."""
    environment = {
        **os.environ,
        "PAPERTIDE_ARXIV__OAI_URL": f"{address}/oai",
        "PAPERTIDE_ARXIV__DELAY_S": "0",
        "PAPERTIDE_ARXIV__MAX_REFUSALS": "1000",
    }
    standing = {i: p for i, p in truth.items() if not p.is_withdrawn}
    n_rounds = n_killed = n_starts = n_wrong = n_unfinished = 0
    while n_killed < n_kills:
        n_rounds += 1
        data = folder / f"killed-{n_rounds}"
        command = [sys.executable, "-m", "papertide", "--data-dir", str(data), "harvest", "--source", "oai"]
        command += ["--since", week.monday.isoformat()]
        status = -1
        while status != 0:
            faults = [f"{chance.choice(_FAULTS)}@{chance.randrange(1, 9)}" for _ in range(2)]
            request = urllib.request.Request(f"{address}/_faults", json.dumps(faults).encode(), method="POST")
            urllib.request.urlopen(request, timeout=120).close()
            n_starts += 1
            process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                status = process.wait(chance.uniform(1.0, 4.0) if n_killed < n_kills else None)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                n_killed += 1
        db = open_database(f"sqlite:///{data / 'papertide.sqlite'}")
        held = {p.arxiv_id: p for p in papers_of_week(db, week, DEFAULT_CATEGORIES)}
        n_wrong += sum(held.get(i) != standing.get(i) for i in held.keys() | standing.keys())
        n_unfinished += sum(part.finished_at is None for part in oai_passes(db))
        db.close()
    print(
        f"OAI-PMH with faults: {n_rounds} harvests of {len(standing):,} papers of {week} in {n_starts} starts, "
        f"{n_killed} of them killed; papers wrong or missing at the end: {n_wrong:,}, lists unfinished: {n_unfinished}"
    )
    return n_wrong + n_unfinished


def _write_snapshot(snapshot: Path, files: list[Path], weeks: list[Week]) -> set[ArxivId]:
    """Write the shared lines of the weeks as arXiv's file on Kaggle has them; returns whose they are."""
    ids = set()
    with snapshot.open("wb") as written:
        for file in files:
            with gzip.open(file, "rt", encoding="utf-8") as lines:
                for line in lines:
                    told = json.loads(line)
                    first = datetime.fromisoformat(told["published"])
                    first = first if first.tzinfo else first.replace(tzinfo=UTC)
                    if Week.containing(first) in weeks:
                        ids.add(ArxivId(told["arxiv_id"]))
                        written.write(json.dumps(as_on_kaggle(told, first)).encode() + b"\n")
    return ids


def as_on_kaggle(told: dict[str, Any], first: datetime) -> dict[str, Any]:
    """A line of the shared papers as the snapshot has it; ``first`` is when the first version was submitted."""
    # The replay server knows two moments of a paper as well, and gives all later versions the second.
    newest = max(first, datetime.fromisoformat(told["updated"])) if told.get("updated") else first
    moments = [first, *[newest] * (int(told["version"]) - 1)]
    names = told.get("authors") or []
    return {
        "id": told["arxiv_id"],
        "authors": " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "",
        "authors_parsed": [[last, fore, ""] for fore, _, last in (name.rpartition(" ") for name in names)],
        "title": told["title"],
        "comments": told.get("comment"),
        "journal-ref": told.get("journal_ref"),
        "doi": told.get("doi"),
        "categories": " ".join(told["categories"]),
        "abstract": f"  {told['abstract']}\n",
        "versions": [
            {"version": f"v{n}", "created": format_datetime(at.astimezone(UTC), usegmt=True)}
            for n, at in enumerate(moments, 1)
        ],
        "update_date": date.isoformat(newest.date()),
    }


@contextmanager
def _replaying(shared: Path, files: list[Path], now: datetime) -> Iterator[str]:
    """The address of the replay server over some files."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = shared / "arxiv-replay" / "arxiv_replay.py"
    command = [sys.executable, str(program), *map(str, files), "--port", str(port), "--now", now.isoformat()]
    server = subprocess.Popen([*command, "--min-gap", "0"], stdout=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/_ledger", timeout=120).close()
            except OSError:
                time.sleep(0.2)
            else:
                break
        else:
            sys.exit("the replay server did not start")
        yield address
    finally:
        server.terminate()
        server.wait()


def _clock() -> datetime:
    return datetime.now(UTC)


def _since(start: float) -> str:
    return f"{time.perf_counter() - start:.1f} s"


if __name__ == "__main__":
    main()
