"""How long the names stage takes: all stored papers, one week, and the answers about names.

    python -m benchmarks.names_stage DATA_DIR [--capitals]

Works on a copy of the folder's SQLite database. ``--capitals`` reads names by a pattern of capitals and digits instead
of the packaged tagger, so that what is measured is the ledger alone.
"""

from __future__ import annotations

import argparse
import re
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from domain.detections import Evidence
from domain.name_mention import NameMention, NameRole
from domain.progress import Progress
from pipeline.names import update_names
from pipeline.stages import JOINING_RULES, name_calls
from queries.name import name
from queries.names import NAME_VIEWS, NameRequest, name_page, name_series, newest_week
from runtime.context import AppContext
from runtime.settings import Settings
from store.name_mentions import forget_names
from store.papers import papers_of_week

_CAPITALS = re.compile(r"\b(?=\w*[A-Z]\w*[A-Z0-9])[A-Za-z][\w-]{2,24}\b")


class CapitalsTagger:
    """Takes every word with two capitals, or a capital and a digit, for a method that the paper uses.

    A word before the colon of the title is one that it introduces.
    """

    tagger_id = "capitals-1"

    def tag_texts(self, texts: Sequence[tuple[str, str]]) -> list[tuple[NameMention, ...]]:
        """The names of each title and abstract."""
        return [tuple(self._names(title, abstract)) for title, abstract in texts]

    def _names(self, title: str, abstract: str) -> Iterator[NameMention]:
        found: dict[str, NameMention] = {}
        for match in _CAPITALS.finditer(title):
            role: NameRole = "introduces" if match.start() == 0 and title[match.end() :][:1] == ":" else "uses"
            evidence = (Evidence("title", *match.span()),)
            found.setdefault(match[0], NameMention(match[0], "method", role, evidence, 0.95, 0.9))
        for match in _CAPITALS.finditer(abstract):
            evidence = (Evidence("abstract", *match.span()),)
            found.setdefault(match[0], NameMention(match[0], "method", "uses", evidence, 0.95, 0.9))
        yield from found.values()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--capitals", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.data_dir.parent) as folder:
        shutil.copy(arguments.data_dir / "papertide.sqlite", folder)
        with AppContext(Settings(data_dir=Path(folder))) as context:
            _measure(context, capitals=arguments.capitals)


def _measure(context: AppContext, *, capitals: bool) -> None:
    tagger = CapitalsTagger() if capitals else context.tagger

    def stage(what: str) -> None:
        began, n_papers, n_names = time.perf_counter(), 0, 0
        read_s = 0.0
        steps: Iterator[Progress] = update_names(
            context.db, tagger, JOINING_RULES, context.settings.categories, clock=context.now
        )
        for step in steps:
            if step.unit == "papers":
                n_papers, read_s = step.n_done, time.perf_counter() - began
            else:
                n_names = step.n_done
        took_s = time.perf_counter() - began
        print(
            f"{what}: {n_papers:,} papers read in {read_s:.1f} s, {n_names:,} spellings looked at in "
            f"{took_s - read_s:.1f} s",
            flush=True,
        )

    stage("all papers")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory: {peak_mb:.0f} MB", flush=True)
    week = newest_week(context)
    if week is None:
        return
    ids = [p.arxiv_id for p in papers_of_week(context.db, week, context.settings.categories)]
    with context.db.write() as connection:
        for start in range(0, len(ids), 1_000):
            forget_names(context.db, connection, ids[start : start + 1_000])
    stage(f"week {week}")
    began = time.perf_counter()
    for _ in name_calls(context, week):
        pass
    print(f"calls of {week}: {time.perf_counter() - began:.1f} s", flush=True)
    for what, times in _answers(context):
        ordered = sorted(times)
        print(
            f"{what}: {len(times)} answers, median {1000 * ordered[len(times) // 2]:.0f} ms, "
            f"p95 {1000 * ordered[int(0.95 * (len(times) - 1))]:.0f} ms, no cache"
        )


def _answers(context: AppContext) -> Iterator[tuple[str, list[float]]]:
    lists: list[float] = []
    ids: list[int] = []
    for view in NAME_VIEWS:
        for words in ("", "bench", "net"):
            for offset in (0, 50, 500):
                began = time.perf_counter()
                page = name_page(context, NameRequest(None, view, words), limit=50, offset=offset)
                name_series(context, page.names)
                lists.append(time.perf_counter() - began)
                ids += [n.name_id for n in page.names[::10]]
    yield "lists", lists
    pages: list[float] = []
    for name_id in list(dict.fromkeys(ids))[:60]:
        began = time.perf_counter()
        name(context, name_id)
        pages.append(time.perf_counter() - began)
    yield "pages", pages


if __name__ == "__main__":
    main()
