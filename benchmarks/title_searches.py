"""Known papers searched for by words of their titles: how often each is found, beside words alone and meaning alone.

    python -m benchmarks.title_searches --data-dir FOLDER [--searches 300] [--seed 3]

``FOLDER`` is one that ``papertide run`` has filled. Each search is three to six words in a row of a random title, in
lower case. Printed are the share of searches whose paper is among the first twenty, the mean of 1 / rank, and the
seconds that a search took. The settings were chosen on seed 3; another seed has other searches.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from analysis.search.ranking import nearest_rows
from domain.paper import ArxivId
from queries.parameters import PaperRequest
from queries.search import CANDIDATES, search
from runtime.cached_context import CachedContext
from runtime.settings import Settings
from store.paper_query import Corpus
from store.papers import known_papers
from store.search import ids_by_words, words_of


def title_searches(context: CachedContext, n: int, seed: int) -> list[tuple[str, ArxivId]]:
    """Searches with the paper that each is for; a title of fewer than three words gives none."""
    rng = random.Random(seed)
    papers = known_papers(context.db, rng.sample(list(context.paper_index.ids), n))
    searches = []
    for p in papers.values():
        words = words_of(p.title)
        length = rng.randint(3, 6)
        at = rng.randint(0, max(0, len(words) - length))
        if len(words) >= 3:
            searches.append((" ".join(words[at : at + length]), p.arxiv_id))
    return searches


def report(name: str, find: Callable[[str], Sequence[ArxivId]], searches: Sequence[tuple[str, ArxivId]]) -> None:
    """One line of the result."""
    ranks, began = [], time.perf_counter()
    for query, wanted in searches:
        found = list(find(query))
        ranks.append(found.index(wanted) + 1 if wanted in found else np.inf)
    took = (time.perf_counter() - began) / len(searches)
    reached = np.array(ranks)
    print(f"| {name} | {(reached <= 20).mean():.1%} | {(1 / reached).mean():.3f} | {took:.3f} |", flush=True)


def main() -> None:
    """Search and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--searches", type=int, default=300)
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    context = CachedContext(Settings(data_dir=options.data_dir))
    index = context.paper_index
    searches = title_searches(context, options.searches, options.seed)
    everything = Corpus(context.settings.categories)

    def ours(query: str) -> list[ArxivId]:
        answer, _ = search(context, PaperRequest(query), limit=2 * CANDIDATES)
        return [paper.arxiv_id for paper in answer.results]

    def by_meaning(query: str) -> list[ArxivId]:
        [cosines] = context.all_similarities([query], index)
        return [index.ids[row] for row in nearest_rows(cosines, index.ids, limit=CANDIDATES)]

    def by_words(query: str) -> list[ArxivId]:
        return ids_by_words(context.db, words_of(query), everything, limit=CANDIDATES)

    print(f"{len(searches)} searches among {len(index):,} papers, seed {options.seed}\n")
    print("| found by | among the first 20 | mean of 1 / rank | s |\n| --- | --- | --- | --- |")
    report("Papertide", ours, searches)
    report("meaning alone", by_meaning, searches)
    report("all words alone, BM25", by_words, searches)
    context.db.close()


if __name__ == "__main__":
    main()
