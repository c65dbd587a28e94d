"""How surely a late index of arXiv is seen, and how often an index that is up to date is taken for late.

    python -m benchmarks.index_gap_detection [--shared ../shared]
    python -m benchmarks.index_gap_detection --over-http 2026-W25 [--days 1]

For each of the 56 weeks that the shared papers cover, an index that is 0 to 3 days behind is asked six hours after the
week closed. What it shows follows from the replay server's own rule (``announced_at``) with its clock set back; its
holidays are not arXiv's, so a paper may be announced on one. A week is *lacking* if the index does not show all of its
papers. Bars: of lacking weeks at least 95 % are held open, and with an index that is up to date none.

Thresholds were chosen on every other week, from the first (``odd``). The alternative is that a week is complete
where arXiv's own count agrees, which never sees a late index. ``fresh`` holds only the week in question; ``kept`` holds
the weeks before it too. Smaller corpora follow, and indexes that lack the newest part
of the last batch. ``asked`` is how often arXiv would be asked for newer papers.

``--over-http`` starts the replay server with its clock set back, and runs a harvest on an empty folder.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.week import Week, weeks_before, weeks_between
from ingest.index_gap import is_confirmed, suspected_gap
from ingest.settings import DEFAULT_CATEGORIES

FIRST, LAST = Week.parse("2025-W23"), Week.parse("2026-W26")
_ASKED_AFTER = timedelta(hours=6)
_LATER = datetime(2030, 1, 1, tzinfo=UTC)  # everything is shown by then


_Listed = tuple[datetime, datetime, frozenset[str]]
"""Submission, announcement and categories of a paper."""


@dataclass(frozen=True)
class _Index:
    """Submission and announcement of papers, by submission."""

    submitted: list[datetime]
    announced: list[datetime]

    def shown(self, since: datetime, until: datetime, clock: datetime) -> list[datetime]:
        first, last = bisect_left(self.submitted, since), bisect_left(self.submitted, until)
        return [self.submitted[i] for i in range(first, last) if self.announced[i] <= clock]


def main() -> None:
    """Measure and print; exit status 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--over-http", metavar="WEEK", help="only one week, by a harvest over HTTP")
    parser.add_argument("--days", type=int, default=1, help="for --over-http: how far the index is behind")
    arguments = parser.parse_args()
    replay = arguments.shared / "arxiv-replay" / "arxiv_replay.py"
    if not replay.is_file():
        sys.exit(f"no replay server in {arguments.shared}; this benchmark needs the shared data")
    if arguments.over_http:
        sys.exit(not _over_http(arguments.shared, Week.parse(arguments.over_http), arguments.days))
    papers = _read(arguments.shared / "arxiv" / "recent", _announced_at(replay))
    sys.exit(not _measure(papers))


def _announced_at(replay: Path) -> Callable[[datetime], datetime]:
    spec = importlib.util.spec_from_file_location("arxiv_replay", replay)
    if spec is None or spec.loader is None:
        sys.exit(f"cannot load {replay}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    found: Callable[[datetime], datetime] = module.announced_at
    return found


def _read(folder: Path, announced_at: Callable[[datetime], datetime]) -> list[_Listed]:
    papers: list[_Listed] = []
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                at = datetime.fromisoformat(record["published"])
                at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
                papers.append((at, announced_at(at), frozenset(record["categories"])))
    return sorted(papers, key=lambda paper: paper[0])


def _measure(papers: Sequence[_Listed]) -> bool:
    weeks = list(weeks_between(FIRST, LAST))
    everything = _Index([at for at, _, _ in papers], [announced for _, announced, _ in papers])
    good = True
    heads = "".join(f"{f'{days} days behind':>22}" for days in range(4))
    print(f"{'corpus':<26}{'holds':<7}{'weeks':<6}{heads}{'asked':>8}")
    print(f"{'':<39}" + f"{'held open of whole':>22}" + f"{'held open of lacking':>22}" * 3)
    for name, categories, is_judged in (
        ("default categories", DEFAULT_CATEGORIES, True),
        ("stat.ML, 22 a day", ("stat.ML",), False),
        ("cs.NE, 9 a day", ("cs.NE",), False),
    ):
        watched = [(at, announced) for at, announced, listed in papers if listed & set(categories)]
        index = _Index([at for at, _ in watched], [announced for _, announced in watched])
        good &= _row(name, index, everything, weeks, is_judged=is_judged)
    dice = random.Random(5)
    few = sorted(dice.sample(range(len(papers)), 56 * 20))
    sparse = _Index([papers[i][0] for i in few], [papers[i][1] for i in few])
    _row("3 a day, arXiv whole", sparse, everything, weeks, is_judged=False)
    _row("3 a day, nothing else", sparse, sparse, weeks, is_judged=False)
    _cut_within_the_last_batch(papers, weeks)
    print("the count alone holds no week open in any of these cases: it agrees with what the index shows")
    return good


def _row(name: str, index: _Index, everything: _Index, weeks: Sequence[Week], *, is_judged: bool) -> bool:
    good = True
    for keeps in (False, True):
        for which, some in (("odd", weeks[::2]), ("even", weeks[1::2]), ("all", weeks)):
            cells, n_asked = [], 0
            for days in range(4):
                n_of = {True: 0, False: 0}  # by whether the index lacks papers
                n_held_of = {True: 0, False: 0}
                for week in some:
                    clock = week.closes_at + _ASKED_AFTER - timedelta(days=days)
                    is_open, is_asked = _is_held_open(index, everything, week, clock, keeps=keeps)
                    shown, true = (len(index.shown(week.start_at, week.end_at, at)) for at in (clock, _LATER))
                    n_asked += is_asked and days == 0
                    n_of[shown < true] += 1
                    n_held_of[shown < true] += is_open
                if days == 0:
                    cells.append(f"{n_held_of[False]} of {n_of[False]}")
                    good = good and not (is_judged and (n_held_of[False] or n_of[True]))
                else:
                    cells.append(f"{n_held_of[True]} of {n_of[True]}")
                    good = good and not (is_judged and n_held_of[True] < 0.95 * n_of[True])
            line = f"{name:<26}{'kept' if keeps else 'fresh':<7}{which:<6}"
            print(line + "".join(f"{cell:>22}" for cell in cells) + f"{n_asked:>8}", flush=True)
    return good


def _is_held_open(index: _Index, everything: _Index, week: Week, clock: datetime, *, keeps: bool) -> tuple[bool, bool]:
    """Whether the week stays open, and whether arXiv was asked for newer papers."""
    reference = [w for w in weeks_before(week, 8) if keeps and w >= FIRST]
    times = index.shown(reference[0].start_at if reference else week.start_at, week.end_at, clock)
    gap = suspected_gap(week, times, reference)
    if gap is None or gap.kind == "range":
        return gap is not None, False
    n_newer = len(everything.shown(week.end_at, week.plus(1).end_at, clock))
    return is_confirmed(replace(gap, n_newer=n_newer)), True


def _cut_within_the_last_batch(papers: Sequence[_Listed], weeks: Sequence[Week]) -> None:
    """An index that ends in the middle of the last batch: nothing is shown after some hours before the week's end."""
    watched = [at for at, _, listed in papers if listed & set(DEFAULT_CATEGORIES)]
    print("an index that ends so many hours before the week's end, default categories, weeks held open:")
    cells = []
    for hours in (2, 6, 12, 24, 36, 48):
        n = 0
        for week in weeks:
            ends = week.end_at - timedelta(hours=hours)
            times = watched[bisect_left(watched, week.start_at) : bisect_left(watched, ends)]
            n += suspected_gap(week, times) is not None
        cells.append(f"{hours} h: {n} of {len(weeks)}")
    print("  " + ", ".join(cells))


def _over_http(shared: Path, week: Week, days: int) -> bool:
    """Whether a harvest into an empty folder holds the week open exactly if the replay server lacks papers of it."""
    asked_at = week.closes_at + _ASKED_AFTER
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    months = sorted({f"{at:%Y-%m}" for at in (week.start_at, week.end_at, week.end_at + timedelta(days=3))})
    files = [str(p) for m in months if (p := shared / "arxiv" / "recent" / f"{m}.jsonl.gz").is_file()]
    command = [sys.executable, str(shared / "arxiv-replay" / "arxiv_replay.py"), *files, "--port", str(port)]
    clock = asked_at - timedelta(days=days)
    server = subprocess.Popen([*command, "--min-gap", "0", "--now", clock.isoformat()], stdout=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_ledger", timeout=10).close()
                break
            except OSError:
                time.sleep(0.2)
        return _harvest_and_compare(f"http://127.0.0.1:{port}", week, asked_at)
    finally:
        server.terminate()
        server.wait()


def _harvest_and_compare(address: str, week: Week, asked_at: datetime) -> bool:
    from ingest.harvest import window_of
    from ingest.settings import ArxivSettings
    from pipeline import stages
    from queries.coverage import coverage
    from runtime.context import AppContext
    from runtime.settings import Settings
    from store.windows import submission_times

    with tempfile.TemporaryDirectory() as folder:
        arxiv = ArxivSettings(api_url=f"{address}/api/query", delay_s=0)
        context = AppContext(Settings(data_dir=Path(folder), weeks=1, now=asked_at, arxiv=arxiv))
        for step in stages.harvest(context, 1):
            print(step.note)
        n_held = len(submission_times(context.db, window_of(week), DEFAULT_CATEGORIES))
        [stored] = [w for w in coverage(context).weeks if w.week == week]
        request = urllib.request.Request(f"{address}/_now", method="POST")
        urllib.request.urlopen(request, timeout=60).close()  # from now on it shows everything
        n_true = context.source.page(window_of(week), DEFAULT_CATEGORIES, start=0, size=1).n_total
        context.close()
    print(f"{n_held:,} of {n_true:,} papers are held; complete: {stored.complete}")
    return stored.complete == (n_held == n_true)


if __name__ == "__main__":
    main()
