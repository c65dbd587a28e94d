"""How long a trend of free words takes over a year of arXiv, with papers and model loaded, beside pandas.

    python -m benchmarks.trend_query_time [--shared ../shared] [--data FOLDER] [--terms 60] [--seed 1]

On the database of ``benchmarks.service``, which is built if ``--data`` holds none. Terms are drawn from the papers'
titles: pairs of neighbouring words by how many titles hold them, two of them with ``OR``, words with their ending left
open, and whole titles as descriptions to count by meaning. Each is asked once, by one caller in this process, as the
command and the service ask it: weekly shares with intervals, growth and change points. The same words are then counted
as written, without their singular or plural. pandas looks for the same words
in the same texts and counts them by week, with no interval.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.service import NOW, build, read_papers
from domain.paper import Paper
from queries.trends import trends
from runtime.cached_context import CachedContext
from runtime.settings import Settings

WORDS_MS, MEANING_MS = 100.0, 300.0
BANDS = {"rare words": (1, 4), "known words": (5, 49), "common words": (50, 10_000)}
"""Kinds of pairs, by how many titles hold one."""


def drawn_terms(papers: Sequence[Paper], n_terms: int, seed: int) -> dict[str, list[str]]:
    """``n_terms`` terms of each kind, none twice."""
    chance = random.Random(seed)
    pairs: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for paper in papers:
        found = re.findall(r"[a-z]{2,}", paper.title.lower())
        words.update(set(found))
        pairs.update({" ".join(pair) for pair in pairwise(found)})
    kinds = {kind: sorted(pair for pair, n in pairs.items() if low <= n <= high) for kind, (low, high) in BANDS.items()}
    terms = {kind: chance.sample(of_kind, min(n_terms, len(of_kind))) for kind, of_kind in kinds.items()}
    known = [pair for of_kind in kinds.values() for pair in chance.sample(of_kind, min(n_terms, len(of_kind)))]
    chance.shuffle(known)
    terms["two with OR"] = [f"{a} OR {b}" for a, b in zip(known[::2], known[1::2], strict=False)][:n_terms]
    stems = sorted({word[: max(4, len(word) - 3)] for word, n in words.items() if n >= 5 and len(word) > 5})
    terms["endings left open"] = [f"{stem}*" for stem in chance.sample(stems, min(n_terms, len(stems)))]
    often = sorted(word for word, n in words.items() if n >= 1000 and len(word) > 3)
    terms["most common single words"] = chance.sample(often, min(n_terms, len(often)))
    return terms


def timed(work: Callable[[str], object], terms: Sequence[str]) -> list[float]:
    """Milliseconds of each term."""
    times = []
    for term in terms:
        began = time.perf_counter()
        work(term)
        times.append(1000 * (time.perf_counter() - began))
    return times


def line(name: str, times: Sequence[float], target: float | None = None) -> str:
    """Median, 95th percentile and worst."""
    half, most = np.percentile(times, [50, 95])
    verdict = "" if target is None else f"   target {target:.0f}: {'met' if most <= target else 'MISSED'}"
    return (
        f"  {name:28} n {len(times):4}   p50 {half:7.1f} ms   p95 {most:7.1f} ms   worst {max(times):7.1f} ms{verdict}"
    )


def expression_of(term: str) -> str:
    """The term as pandas looks for it in text in lower case."""
    ways = [
        re.escape(way.rstrip("*")).replace(r"\ ", r"\W+") + ("" if way.endswith("*") else r"\b") for way in _ways(term)
    ]
    return rf"\b(?:{'|'.join(ways)})"


def _ways(term: str) -> list[str]:
    return term.split(" OR ")


def main() -> None:
    """Build if need be, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with arxiv/")
    parser.add_argument("--data", type=Path, help="folder of the database; kept and used again")
    parser.add_argument("--terms", type=int, default=60, help="terms of each kind")
    parser.add_argument("--plain-terms", type=int, default=5, help="terms of each kind that pandas looks for")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        data = given.data or Path(scratch)
        context = CachedContext(Settings(data_dir=data, now=NOW))
        papers = list(read_papers(given.shared / "arxiv" / "recent"))
        if not (data / "papertide.sqlite").exists():
            build(context, papers)
        terms = drawn_terms(papers, given.terms, given.seed)
        meanings = [p.title for p in random.Random(given.seed).sample(papers, given.terms)]

        def ask(term: str) -> object:
            return trends(
                context, [term], by="week", level="adopts", categories=(), primary=False, since=None, until=None
            )

        ask("text:graph")
        ask("meaning:first")
        print(f"{len(papers):,} papers, one caller, papers and model loaded, no query twice")
        everything: list[float] = []
        for kind, of_kind in terms.items():
            times = timed(ask, [f"text:{term}" for term in of_kind])
            everything += times
            print(line(kind, times, WORDS_MS), flush=True)
        print(line("all free words", everything, WORDS_MS))
        as_written = timed(ask, [f"exact:{term}" for of_kind in terms.values() for term in of_kind])
        print(line("the same words as written", as_written), flush=True)
        print(line("by meaning", timed(ask, [f"meaning:{title}" for title in meanings]), MEANING_MS), flush=True)
        texts = pd.Series([f"{p.title}\n{p.abstract}".lower() for p in papers])
        weeks = pd.Series([(p.submitted_at.date().toordinal() - 1) // 7 for p in papers])

        def plainly(term: str) -> object:
            return texts.str.contains(expression_of(term), regex=True).groupby(weeks).agg(["sum", "size"])

        sample = [term for of_kind in terms.values() for term in of_kind[: given.plain_terms]]
        print(line("pandas str.contains", timed(plainly, sample)))
        context.db.close()


if __name__ == "__main__":
    main()
