"""What a harvest makes of a misbehaving arXiv, beside a plain loop over ``arxiv.Client``; manners; and kills.

    python -m benchmarks.harvest_faults [--shared ../shared] [--runs 320] [--seed 7]
    python -m benchmarks.harvest_faults --manners [--gap 3] [--weeks 12]
    python -m benchmarks.harvest_faults --kills 50

**Faults.** The replay server of the shared folder gives out two small weeks of real papers and misbehaves: every kind
of fault at several requests, without end, and in seeded mixtures; the sample server adds kinds that the other does not
know, on made-up papers. In each run ours harvests the two weeks into an empty database, and a plain
``arxiv.Client(page_size=25, delay_seconds=0).results()`` reads them under the same faults. A run of ours is *whole*
(every week complete, and equal to the truth, field by field), *open* (a week is not called complete, or the harvest
ended with a message), *lying* (a week is called complete and differs), or a *crash* (any other exception). After that
it harvests again without faults, and must be whole.

**Manners.** Two processes harvest half of the weeks each, through one database; the server's ledger tells of overlaps,
of requests that came too soon, and of a ``Retry-After`` that was ignored. Two refusals with ``Retry-After`` are mixed
in.

**Kills.** A harvest and an import are killed with SIGKILL at random moments and begun again; after every kill what is
stored must be true, and in the end it must be everything.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import multiprocessing
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import arxiv
import requests
import stamina

from domain.errors import PapertideError
from domain.harvest import Window
from domain.paper import Paper
from domain.week import CLOSE_LAG, Week, weeks_between
from ingest.harvest import window_of
from ingest.query_api_client import ArxivClient, search_query
from ingest.rate_limiter import RateLimiter
from ingest.settings import DEFAULT_CATEGORIES, ArxivSettings
from pipeline import harvest, snapshot_import
from runtime.lease import has_ended, pid_namespace
from sample.arxiv_server import SampleArxiv
from sample.corpus import make_corpus
from store.arxiv_rate_limit import StoredLimiterState
from store.database import Database, open_database
from store.papers import known_papers, papers_of_week
from store.windows import window_records

LAST_WEEK = Week.parse("2026-W24")
NOW = "2026-06-23T12:00:00Z"
WINDOWS = [window_of(LAST_WEEK.plus(-1)), window_of(LAST_WEEK)]
PAGE_SIZE = 25
N_PAPERS = 110  # a week

# KIND[:ARG] as the replay server has them; a stall must outlast the time-out.
_TIMEOUT_S = 0.3
REPLAY_KINDS = "503 503:1 429 429:1 500 empty zero html truncate cut reset stall:0.6 lie:3 shift:3".split()
SAMPLE_KINDS = "406 error no_published bad_date no_id no_abstract trickle:0.01 shift:2 empty zero".split()
_ALONE_AT = (1, 2, 4, 6, 9)


def main() -> None:
    """Measure and print; exit status 1 if anything was lost in silence, or was rude, or did not end whole."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--runs", type=int, default=320)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="", help="only the rows of the table whose name begins so")
    parser.add_argument("--manners", action="store_true", help="only two processes at once, and the server's ledger")
    parser.add_argument("--gap", type=float, default=3.0, help="seconds between requests, for --manners")
    parser.add_argument("--weeks", type=int, default=12, help="for --manners")
    parser.add_argument("--kills", type=int, default=0, help="only kill this often")
    arguments = parser.parse_args()
    if not (arguments.shared / "arxiv-replay").is_dir():
        sys.exit(f"no replay server in {arguments.shared}; this benchmark needs the shared data")
    logging.disable(logging.WARNING)  # of every retry and every entry left out, which are counted here
    stamina.instrumentation.set_on_retry_hooks([])
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if arguments.manners:
            good = _manners(arguments.shared, folder, gap_s=arguments.gap, n_weeks=arguments.weeks)
        elif arguments.kills:
            good = _kills(arguments.shared, folder, arguments.kills, random.Random(arguments.seed))
        else:
            good = _faults(arguments.shared, folder, arguments.runs, random.Random(arguments.seed), arguments.only)
    sys.exit(not good)


# -- servers that misbehave


@dataclass
class _Server:
    """Either server: where it is, what it truly has, and how it is told to misbehave."""

    api_url: str
    truth: dict[Window, dict[str, Paper]]
    play: Callable[[Sequence[str]], None]
    n_ignored: Callable[[], int]  # how often a Retry-After was ignored since the last play


@contextmanager
def _replaying(shared: Path, data: Path, *, min_gap_s: float = 0.0) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(shared / "arxiv-replay" / "arxiv_replay.py"), str(data), "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--now", NOW, "--min-gap", str(min_gap_s)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # where it tells of every connection that a killed client left behind
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                _get(f"{address}/_ledger")
                break
            except OSError:
                time.sleep(0.2)
        else:
            sys.exit("the replay server did not start")
        yield address
    finally:
        server.terminate()
        server.wait()


def _replay_server(address: str) -> _Server:
    def play(faults: Sequence[str]) -> None:
        _post(f"{address}/_reset")
        _post(f"{address}/_faults", json.dumps(list(faults)))

    play(())
    truth = {}
    client = ArxivClient(_settings(f"{address}/api/query"), product="truth")
    for window in WINDOWS:
        query = urllib.parse.quote(search_query(window, DEFAULT_CATEGORIES))
        ids = {versioned.rpartition("v")[0] for versioned in _get(f"{address}/_ids?search_query={query}")}
        papers = client.page(window, DEFAULT_CATEGORIES, start=0, size=2000).papers
        truth[window] = {p.arxiv_id: p for p in papers}
        if truth[window].keys() != ids:
            sys.exit("the server's list of identifiers and its undisturbed answer differ")
    return _Server(f"{address}/api/query", truth, play, lambda: int(_get(f"{address}/_ledger")["ignored_retry_after"]))


def _sample_server(server: SampleArxiv, papers: Sequence[Paper]) -> _Server:
    def play(faults: Sequence[str]) -> None:
        server._faults.clear()
        for fault in faults:
            kind, _, at = fault.partition("@")
            name, _, arg = kind.partition(":")
            first, _, every = at.partition("+")
            base = server.n_requests
            numbers = range(base + int(first), base + 10_000, int(every)) if every else [base + int(first)]
            server.failing(name, at=numbers, arg=float(arg) if arg else None)  # type: ignore[arg-type]

    truth = {w: {p.arxiv_id: p for p in papers if w.start_at <= p.submitted_at < w.end_at} for w in WINDOWS}
    return _Server(server.api_url, truth, play, lambda: 0)


def _settings(api_url: str, **other: float) -> ArxivSettings:
    plain = {
        "api_url": api_url,
        "delay_s": 0,
        "page_size": PAGE_SIZE,
        "timeout_s": _TIMEOUT_S,
        "answer_s": 1,
        "max_tries": 3,
        "max_refusals": 1000,  # giving up for the day has its own tests; here every run starts from zero
    }
    return ArxivSettings.model_validate(plain | other)


# -- faults


@dataclass
class _Row:
    """What became of the runs with one kind of fault."""

    n: int = 0
    whole: int = 0
    open: int = 0
    lying: int = 0
    crashes: int = 0
    not_whole_after: int = 0
    ignored: int = 0
    plain_ignored: int = 0
    plain_lost: int = 0
    plain_runs_losing: int = 0
    plain_twice: int = 0
    plain_crashes: int = 0
    notes: list[str] = field(default_factory=list)


def _faults(shared: Path, folder: Path, n_runs: int, dice: random.Random, only: str) -> bool:
    data = folder / "papers.jsonl.gz"
    _two_small_weeks(shared, data)
    template = folder / "empty.sqlite"
    open_database(f"sqlite:///{template}").close()
    rows: dict[str, _Row] = {}
    made_up = make_corpus(last_week=LAST_WEEK, n_weeks=2, papers_per_week=N_PAPERS).papers
    began = time.perf_counter()
    with (
        _replaying(shared, data) as address,
        SampleArxiv(made_up, now=LAST_WEEK.end_at + CLOSE_LAG) as sample,
    ):
        replay_server, sample_server = _replay_server(address), _sample_server(sample, made_up)
        for name, faults, kind in _programme(n_runs, dice):
            if not name.startswith(only):
                continue
            server = replay_server if kind == "replay" else sample_server
            row = rows.setdefault(name, _Row())
            _one_run(server, faults, template, folder / "run.sqlite", row)
    _print_table(rows)
    print(
        f"{sum(r.n for r in rows.values())} runs in {time.perf_counter() - began:.0f} s; Retry-After ignored: "
        f"ours {sum(r.ignored for r in rows.values())}, arxiv.Client {sum(r.plain_ignored for r in rows.values())}"
    )
    for name, row in rows.items():
        for note in row.notes[:2]:
            print(f"  {name}: {note}")
    return not any(r.lying or r.crashes or r.not_whole_after or r.ignored for r in rows.values())


def _programme(n_runs: int, dice: random.Random) -> Iterator[tuple[str, list[str], str]]:
    """What is tried: a name for the table's row, the faults, and which server plays them."""
    kinds = [(kind, "replay") for kind in REPLAY_KINDS] + [(kind, "sample") for kind in SAMPLE_KINDS]
    n = 0
    for kind, server in kinds:
        for at in _ALONE_AT:
            yield kind, [f"{kind}@{at}"], server
        for endless in (f"{kind}@1+1", f"{kind}@3+1"):
            # A stall or a wait at every request takes long and teaches nothing more than one that ends.
            if not kind.endswith((":1", ":0.6", ":0.01")):
                yield f"{kind}, without end", [endless], server
                n += 1
        n += len(_ALONE_AT)
    while n < n_runs:
        server = "sample" if n % 4 == 0 else "replay"
        pool = [kind for kind, of in kinds if of == server]
        faults = [f"{dice.choice(pool)}@{dice.randint(1, 16)}" for _ in range(dice.randint(2, 6))]
        faults = [f + f"+{dice.randint(3, 9)}" if dice.random() < 0.2 and ":" not in f else f for f in faults]
        yield f"mixtures ({server})", faults, server
        n += 1


def _one_run(server: _Server, faults: list[str], template: Path, path: Path, row: _Row) -> None:
    for leftover in path.parent.glob(path.name + "*"):
        leftover.unlink()
    shutil.copy(template, path)
    row.n += 1
    db = open_database(f"sqlite:///{path}")
    try:
        server.play(faults)
        try:
            _harvest(db, server.api_url)
        except PapertideError:
            pass
        except Exception as error:  # noqa: BLE001 - whatever else comes is what we look for
            row.crashes += 1
            row.notes.append(f"{faults}: {error!r}")
        row.ignored += server.n_ignored()
        wrong = _wrong_claims(db, server.truth)
        n_complete = sum(r.is_complete for r in window_records(db, DEFAULT_CATEGORIES))
        if wrong:
            row.lying += 1
            row.notes.append(f"{faults}: {wrong[0]}")
        elif n_complete == len(WINDOWS):
            row.whole += 1
        else:
            row.open += 1
        server.play(())
        try:
            _harvest(db, server.api_url)
        except PapertideError as error:
            row.notes.append(f"{faults}, then again: {error}")
        n_complete = sum(r.is_complete for r in window_records(db, DEFAULT_CATEGORIES))
        wrong = _wrong_claims(db, server.truth)
        if wrong or n_complete != len(WINDOWS):
            row.not_whole_after += 1
            problems = [r.problem for r in window_records(db, DEFAULT_CATEGORIES) if r.problem]
            row.notes.append(f"{faults}, then again: {[*wrong, *problems][:1]}")
    finally:
        db.close()
    server.play(faults)
    _plain(server, row)
    row.plain_ignored += server.n_ignored()


def _harvest(db: Database, api_url: str, windows: Sequence[Window] = WINDOWS, **other: float) -> None:
    settings = _settings(api_url, **other)
    rate_limiter = RateLimiter(settings, StoredLimiterState(db), has_ended=has_ended, pid_namespace=pid_namespace())
    client = ArxivClient(settings, product="benchmark", rate_limiter=rate_limiter)
    proven = {r.window for r in window_records(db, DEFAULT_CATEGORIES) if r.is_complete}
    due = [w for w in windows if w not in proven]
    for _ in harvest.harvest_windows(
        db, client, DEFAULT_CATEGORIES, due, page_size=settings.page_size, clock=lambda: datetime.now(UTC)
    ):
        pass


def _wrong_claims(db: Database, truth: dict[Window, dict[str, Paper]]) -> list[str]:
    """What the database says that is not so: a paper that differs, or a complete week that is none."""
    wrong = []
    complete = {r.window for r in window_records(db, DEFAULT_CATEGORIES) if r.is_complete}
    for window, true in truth.items():
        held = {p.arxiv_id: p for p in papers_of_week(db, Week.containing(window.start_at), DEFAULT_CATEGORIES)}
        standing = {i: p for i, p in true.items() if not p.is_withdrawn}
        wrong += [f"{i} is not as arXiv has it" for i, p in held.items() if standing.get(i) != p]
        if window in complete and held.keys() != standing.keys():
            wrong.append(f"complete with {len(held)} of {len(standing)} papers")
    return wrong


def _plain(server: _Server, row: _Row) -> None:
    """The loop that everybody writes first."""
    n_lost = n_twice = 0
    for window, true in server.truth.items():
        client = arxiv.Client(page_size=PAGE_SIZE, delay_seconds=0)
        client.query_url_format = server.api_url + "?{}"
        search = arxiv.Search(
            query=search_query(window, DEFAULT_CATEGORIES),
            max_results=None,
            sort_by=arxiv.SortCriterion.SubmittedDate,
            sort_order=arxiv.SortOrder.Ascending,
        )
        came: list[str] = []
        try:
            came.extend(r.get_short_id().rpartition("v")[0] for r in client.results(search))
        except (arxiv.ArxivError, requests.RequestException, ValueError):
            row.plain_crashes += 1
            break
        n_twice += len(came) - len(set(came))
        n_lost += len(true.keys() - set(came))
    row.plain_lost += n_lost
    row.plain_twice += n_twice
    row.plain_runs_losing += bool(n_lost)


def _print_table(rows: dict[str, _Row]) -> None:
    print(f"{'':<28}{'ours':^42}{'arxiv.Client':^36}")
    heads = ("runs", "whole", "open", "lying", "crash", "again")
    plain = ("lost", "in runs", "twice", "crash")
    print(f"{'fault':<28}" + "".join(f"{h:>7}" for h in heads) + "".join(f"{h:>9}" for h in plain))
    total = _Row()
    for name, r in [*rows.items(), ("all", total)]:
        print(
            f"{name:<28}{r.n:>7}{r.whole:>7}{r.open:>7}{r.lying:>7}{r.crashes:>7}{r.n - r.not_whole_after:>7}"
            f"{r.plain_lost:>9,}{r.plain_runs_losing:>9}{r.plain_twice:>9,}{r.plain_crashes:>9}"
        )
        for name_of in vars(total):
            if name_of != "notes":
                setattr(total, name_of, getattr(total, name_of) + getattr(r, name_of))
    print("again: whole after one more harvest without faults. lost: papers missing with no error.")


def _two_small_weeks(shared: Path, path: Path) -> None:
    """Every so many papers of the two weeks, so that a week has about ``N_PAPERS``."""
    lines: dict[Window, list[str]] = {window: [] for window in WINDOWS}
    for month in ("2026-05", "2026-06"):
        with gzip.open(shared / "arxiv" / "recent" / f"{month}.jsonl.gz", "rt", encoding="utf-8") as file:
            for line in file:
                paper = json.loads(line)
                at = datetime.fromisoformat(paper["published"])
                at = at if at.tzinfo else at.replace(tzinfo=UTC)
                window = next((w for w in WINDOWS if w.start_at <= at < w.end_at), None)
                if window is not None and set(paper["categories"]) & set(DEFAULT_CATEGORIES):
                    lines[window].append(line)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for found in lines.values():
            step = max(1, len(found) // N_PAPERS)
            file.writelines(found[::step][:N_PAPERS])


# -- manners


def _manners(shared: Path, folder: Path, *, gap_s: float, n_weeks: int) -> bool:
    data = folder / "months"
    data.mkdir()
    for month in ("2026-03", "2026-04", "2026-05", "2026-06"):
        (data / f"{month}.jsonl.gz").symlink_to((shared / "arxiv" / "recent" / f"{month}.jsonl.gz").resolve())
    last = Week.parse("2026-W25")
    windows = [window_of(w) for w in weeks_between(last.plus(1 - n_weeks), last)]
    path = folder / "shared.sqlite"
    open_database(f"sqlite:///{path}").close()
    with _replaying(shared, data, min_gap_s=gap_s) as address:
        _post(f"{address}/_faults", json.dumps([f"503:{round(gap_s * 3)}@7", f"429:{round(gap_s * 2)}@19"]))
        began = time.perf_counter()
        context = multiprocessing.get_context("fork")
        processes = [
            context.Process(target=_harvest_in_process, args=(path, f"{address}/api/query", windows[i::2], gap_s))
            for i in range(2)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        seconds = time.perf_counter() - began
        book = _get(f"{address}/_ledger")
    db = open_database(f"sqlite:///{path}")
    records = window_records(db, DEFAULT_CATEGORIES)
    db.close()
    n_complete = sum(r.is_complete for r in records)
    print(f"two processes, {len(windows)} weeks, {sum(r.n_got for r in records):,} papers, {seconds:.0f} s")
    print(f"{n_complete} weeks complete; requests {book['requests']}, refusals played {book['faults']}")
    print(
        f"overlaps {book['overlaps']}, too soon {book['too_soon']}, ignored Retry-After {book['ignored_retry_after']}, "
        f"smallest gap between two starts {book['min_gap_s']:.2f} s (the server asks for {gap_s:g})"
    )
    rude = book["overlaps"] + book["too_soon"] + book["ignored_retry_after"]
    return not rude and n_complete == len(windows)


def _harvest_in_process(path: Path, api_url: str, windows: Sequence[Window], delay_s: float) -> None:
    db = open_database(f"sqlite:///{path}")
    _harvest(db, api_url, windows, delay_s=delay_s, page_size=1000, timeout_s=60, answer_s=120)
    db.close()


# -- kills


def _kills(shared: Path, folder: Path, n_kills: int, dice: random.Random) -> bool:
    data = folder / "papers.jsonl.gz"
    _two_small_weeks(shared, data)
    made_up = make_corpus(last_week=LAST_WEEK, n_weeks=12, papers_per_week=500).papers
    snapshot = folder / "snapshot.json"
    snapshot.write_text("".join(_snapshot_line(p) for p in made_up), encoding="utf-8")
    good = True
    with _replaying(shared, data) as address:
        server = _replay_server(address)
        # Small pages, so that there are many moments between two requests.
        jobs: list[tuple[str, Callable[[Path], None], dict[str, Paper]]] = [
            (
                "harvest",
                lambda path: _kept_harvest(path, server.api_url),
                {i: p for of in server.truth.values() for i, p in of.items()},
            ),
            ("import", lambda path: _kept_import(path, snapshot), {p.arxiv_id: p for p in made_up}),
        ]
        for number, (name, work, truth) in enumerate(jobs):
            path = folder / f"{name}.sqlite"
            began = time.perf_counter()
            _in_child(work, path, kill_after_s=None)
            seconds = time.perf_counter() - began
            quota = n_kills // 2 + (n_kills % 2) * number
            n_killed = n_wrong = n_databases = 0
            while n_killed < quota:
                for leftover in folder.glob(f"{name}.sqlite*"):
                    leftover.unlink()
                n_databases += 1
                for _ in range(min(5, quota - n_killed)):
                    if _in_child(work, path, kill_after_s=dice.uniform(0.0, seconds)):
                        break  # it was quicker than the kill
                    n_killed += 1
                    n_wrong += _is_wrong(path, truth)
                _in_child(work, path, kill_after_s=None)
                n_wrong += _is_wrong(path, truth, whole=True)
            print(
                f"{name}: undisturbed {seconds:.1f} s; {n_killed} kills in {n_databases} databases, "
                f"{len(truth):,} papers each; half-written, wrong or missing: {n_wrong}"
            )
            good = good and not n_wrong
    return good


def _in_child(work: Callable[[Path], None], path: Path, *, kill_after_s: float | None) -> bool:
    """Whether the work came to its end before the kill."""
    process = multiprocessing.get_context("fork").Process(target=work, args=(path,))
    process.start()
    process.join(kill_after_s)
    if process.is_alive() and process.pid is not None:
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    if process.exitcode not in (0, -signal.SIGKILL):
        sys.exit(f"the work failed with exit status {process.exitcode}")
    return process.exitcode == 0


def _kept_harvest(path: Path, api_url: str) -> None:
    db = open_database(f"sqlite:///{path}")
    _harvest(db, api_url, page_size=5, timeout_s=30, answer_s=60)
    db.close()


def _kept_import(path: Path, snapshot: Path) -> None:
    db, skipped = open_database(f"sqlite:///{path}"), snapshot_import.SkippedLines()
    work = snapshot_import.import_snapshot(db, snapshot, DEFAULT_CATEGORIES, skipped, clock=lambda: datetime.now(UTC))
    for _ in work:
        pass
    db.close()


def _is_wrong(path: Path, truth: dict[str, Paper], *, whole: bool = False) -> bool:
    problems = _half_written(path, truth, whole=whole)
    if problems:
        print(f"  {problems[0]}")
    return bool(problems)


def _half_written(path: Path, truth: dict[str, Paper], *, whole: bool = False) -> list[str]:
    """What is in the database that should not be, or, in the end, what is not there."""
    if not path.exists():
        return ["nothing is stored"] if whole else []
    db = open_database(f"sqlite:///{path}")
    try:
        held = known_papers(db, list(truth))
        with db.read() as connection:
            [integrity] = connection.exec_driver_sql("PRAGMA integrity_check").scalars()
            n_papers, n_ids, n_listed, n_versions = connection.exec_driver_sql(
                "SELECT count(*), count(DISTINCT arxiv_id), (SELECT count(DISTINCT arxiv_id) FROM paper_category), "
                "(SELECT count(DISTINCT arxiv_id) FROM paper_version) FROM paper"
            ).one()
        problems = [] if integrity == "ok" else [f"the database is damaged: {integrity}"]
        if not n_papers == n_ids == n_listed == n_versions == len(held):
            problems.append(f"{n_papers} papers, {n_listed} with categories, {n_versions} with versions")
        problems += [f"{i} differs" for i, p in held.items() if _essence(p) != _essence(truth[i])]
        problems += [
            f"{r.window} is called complete with {r.n_got}"
            for r in window_records(db, DEFAULT_CATEGORIES)
            if r.is_complete
            and r.n_got != sum(r.window.start_at <= p.submitted_at < r.window.end_at for p in held.values())
        ]
        if whole and len(held) != len(truth):
            problems.append(f"{len(held)} of {len(truth)} papers are held")
    finally:
        db.close()
    return problems


def _essence(p: Paper) -> Paper:
    """What every source tells alike."""
    return replace(p, source="api", authors=(), comment=None, categories=tuple(sorted(p.categories)))


def _snapshot_line(p: Paper) -> str:
    """One line as the metadata snapshot has it."""
    versions = [{"version": "v1", "created": p.submitted_at.strftime("%a, %d %b %Y %H:%M:%S GMT")}]
    if p.version > 1:
        versions.append({"version": f"v{p.version}", "created": p.updated_at.strftime("%a, %d %b %Y %H:%M:%S GMT")})
    listed = (p.primary_category, *(c for c in p.categories if c != p.primary_category))
    fields: dict[str, Any] = {
        "id": p.arxiv_id,
        "title": p.title,
        "abstract": p.abstract,
        "authors": ", ".join(p.authors),
        "authors_parsed": [[name.rpartition(" ")[2], name.rpartition(" ")[0], ""] for name in p.authors],
        "comments": p.comment,
        "doi": p.doi,
        "journal-ref": p.journal_ref,
        "categories": " ".join(listed),
        "versions": versions,
    }
    return json.dumps(fields) + "\n"


# -- servers and processes


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=120) as answer:
        return json.load(answer)


def _post(url: str, body: str = "") -> None:
    request = urllib.request.Request(url, data=body.encode(), method="POST")
    with urllib.request.urlopen(request, timeout=120):
        pass


if __name__ == "__main__":
    main()
