"""Known papers searched for in other words, by hurried keywords and by words of their titles.

    python -m benchmarks.search_quality --data-dir FOLDER [--titles 300] [--seed 4]

``FOLDER`` is one that ``papertide run`` has filled with the weeks 2026-W14 to W25; a known paper that it lacks is left
out. ``known_papers.tsv`` has a sentence and keywords for each of 149 papers, written from their abstracts. Our search
stands beside words alone (BM25), meaning alone, and reciprocal rank fusion of both, all over the same papers. Settings
were chosen on the papers of odd lines; those of even lines are reported apart. Printed are the share of searches whose
paper is among the first 10 and 20, and the mean of 1 / rank with a bootstrapped 95 % interval.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from analysis.search.paper_scores import CANDIDATES
from analysis.search.ranking import fused_ranks, nearest_rows
from domain.packed_stems import stem_number
from domain.paper import ArxivId
from domain.search_query import content_words
from domain.search_text import search_words
from queries.parameters import PaperRequest
from queries.search import search
from runtime.cached_context import CachedContext
from runtime.settings import Settings
from store.papers import known_papers

Search = tuple[str, ArxivId]
_FILE = Path(__file__).with_name("known_papers.tsv")


def written_searches(held: Sequence[ArxivId], column: int) -> list[tuple[Search, bool]]:
    """The searches of the file for the papers held, column 1 in other words and 2 by keywords; whether tuned on."""
    lines = [line.split("\t") for line in _FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    known = set(held)
    return [((line[column], ArxivId(line[0])), n % 2 == 0) for n, line in enumerate(lines) if line[0] in known]


def title_searches(context: CachedContext, n: int, seed: int) -> list[Search]:
    """Three to six words in a row of random titles, in lower case."""
    rng = random.Random(seed)
    papers = known_papers(context.db, rng.sample(list(context.paper_index.ids), n))
    searches = []
    for p in papers.values():
        words = search_words(p.title)
        length = rng.randint(3, 6)
        at = rng.randint(0, max(0, len(words) - length))
        if len(words) >= 3:
            searches.append((" ".join(words[at : at + length]), p.arxiv_id))
    return searches


def report(name: str, find: Callable[[str], Sequence[ArxivId]], searches: Sequence[Search]) -> None:
    """One line of the result."""
    ranks, began = [], time.perf_counter()
    for query, wanted in searches:
        found = list(find(query))
        ranks.append(found.index(wanted) + 1 if wanted in found else np.inf)
    took = (time.perf_counter() - began) / max(1, len(searches))
    reached = np.array(ranks)
    drawn = np.random.default_rng(0).integers(0, len(reached), (2_000, len(reached)))
    low, high = np.quantile((1 / reached)[drawn].mean(axis=1), [0.025, 0.975])
    print(
        f"| {name} | {(reached <= 10).mean():.2f} | {(reached <= 20).mean():.2f} | {(1 / reached).mean():.3f} "
        f"({low:.3f} to {high:.3f}) | {took:.3f} |",
        flush=True,
    )


def main() -> None:
    """Search and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--titles", type=int, default=300)
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    context = CachedContext(Settings(data_dir=options.data_dir))
    context.preload()
    papers, index = context.paper_search, context.paper_index

    def by_meaning(query: str) -> list[ArxivId]:
        return [near.arxiv_id for near in context.paper_search.nearest(query, limit=CANDIDATES)]

    def by_words(query: str) -> list[ArxivId]:
        scores, _ = papers.word_scores([stem_number(word) for word in content_words(query)])
        return [index.ids[row] for row in nearest_rows(scores, index.ids, limit=CANDIDATES, among=scores > 0)]

    def ours(query: str) -> list[ArxivId]:
        answer, _ = search(context, PaperRequest(query), limit=100)
        return [paper.arxiv_id for paper in answer.results]

    systems: dict[str, Callable[[str], Sequence[ArxivId]]] = {
        "words alone, BM25": by_words,
        "meaning alone": by_meaning,
        "reciprocal rank fusion": lambda query: list(fused_ranks([by_meaning(query), by_words(query)])),
        "ours": ours,
    }
    described, keywords = (written_searches(index.ids, column) for column in (1, 2))
    sets = {
        "in other words, tuned on": [s for s, tuned in described if tuned],
        "in other words, reported": [s for s, tuned in described if not tuned],
        "keywords, tuned on": [s for s, tuned in keywords if tuned],
        "keywords, reported": [s for s, tuned in keywords if not tuned],
        f"words of titles, seed {options.seed}": title_searches(context, options.titles, options.seed),
    }
    for name, searches in sets.items():
        print(f"\n{name}: {len(searches)} searches among {len(index):,} papers\n")
        print("| found by | first 10 | first 20 | mean of 1 / rank | s |\n| --- | --- | --- | --- | --- |")
        for system, find in systems.items():
            report(system, find, searches)


if __name__ == "__main__":
    main()
