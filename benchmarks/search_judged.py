"""Searches whose found papers were judged by reading: ours beside words alone and meaning alone.

    python -m benchmarks.search_judged --data-dir FOLDER [--pool FILE]

``judged_queries.tsv`` has 60 queries of real kinds: topic phrases, questions, names of benchmarks and models, authors,
identifiers and addresses, abbreviations, and titles with mistakes. For each, the first 20 papers of the three systems
were pooled and read, without their ranks: 2 (what was looked for), 1 (partly, or for a neighbouring need) or 0, from
title and beginning of the abstract, for a name from where the abstract has it, for an author from the list of authors.
For an identifier or a title only the paper that is meant is relevant.
``judgements.tsv`` has the papers above 0 and the queries that were judged. Printed are nDCG@10 with exponential gains,
recall@20 of the papers judged 2 (or of at most 20 of them), and bootstrapped 95 % intervals over queries; a paper that
was not in the pool counts as 0. ``FOLDER`` must hold the weeks 2026-W14 to W25 as ``benchmarks.search_quality`` says.
``--pool`` writes the pools for judging instead.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from analysis.search.ranking import nearest_rows
from domain.packed_stems import stem_number
from domain.paper import ArxivId
from domain.search_query import content_words
from queries.parameters import PaperRequest
from queries.search import search
from runtime.cached_context import CachedContext
from runtime.settings import Settings
from store.papers import known_papers

N_POOLED = 20
_FOLDER = Path(__file__).parent
_KINDS = ("topic", "question", "name", "author", "id", "abbreviation", "title")

Find = Callable[[str], list[ArxivId]]


def _lines(name: str) -> list[list[str]]:
    text = (_FOLDER / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


def systems(context: CachedContext) -> dict[str, Find]:
    """The three systems, each giving the first 20 papers."""
    papers, index = context.paper_search, context.paper_index

    def by_words(query: str) -> list[ArxivId]:
        scores, _ = papers.word_scores([stem_number(word) for word in content_words(query)])
        return [index.ids[row] for row in nearest_rows(scores, index.ids, limit=N_POOLED, among=scores > 0)]

    def by_meaning(query: str) -> list[ArxivId]:
        return [near.arxiv_id for near in papers.nearest(query, limit=N_POOLED)]

    def ours(query: str) -> list[ArxivId]:
        return [p.arxiv_id for p in search(context, PaperRequest(query), limit=N_POOLED)[0].results]

    return {"words alone, BM25": by_words, "meaning alone": by_meaning, "ours": ours}


def write_pools(context: CachedContext, file: Path) -> None:
    """The papers of all systems for each query, in random order, so that no judgement knows a rank."""
    with file.open("w", encoding="utf-8") as out:
        for number, kind, query in _lines("judged_queries.tsv"):
            ids = sorted({arxiv_id for find in systems(context).values() for arxiv_id in find(query)})
            random.Random(number).shuffle(ids)
            found = known_papers(context.db, ids)
            for arxiv_id in ids:
                p = found[arxiv_id]
                fields = {"n": int(number), "kind": kind, "query": query, "id": arxiv_id, "title": p.title}
                fields |= {"abstract": p.abstract}
                if kind == "author":
                    fields |= {"authors": ", ".join(p.authors)}
                out.write(json.dumps(fields, ensure_ascii=False) + "\n")


def ndcg(found: Sequence[ArxivId], grades: dict[ArxivId, int], n: int = 10) -> float:
    """Normalised discounted cumulative gain of the first papers (Järvelin and Kekäläinen 2002), in [0, 1]."""
    gains = [2 ** grades.get(arxiv_id, 0) - 1 for arxiv_id in found[:n]]
    best = sorted((2**grade - 1 for grade in grades.values()), reverse=True)[:n]
    discounts = 1 / np.log2(np.arange(2, n + 2))
    return float(np.dot(gains, discounts[: len(gains)]) / np.dot(best, discounts[: len(best)]))


def recall(found: Sequence[ArxivId], grades: dict[ArxivId, int], n: int = 20) -> float:
    """The share of the papers judged 2, or 1 where there are none, among the first; at most ``n`` can be."""
    top = max(grades.values())
    relevant = {arxiv_id for arxiv_id, grade in grades.items() if grade == top}
    return len(relevant & set(found[:n])) / min(len(relevant), n)


def main() -> None:
    """Search and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--pool", type=Path)
    options = parser.parse_args()
    context = CachedContext(Settings(data_dir=options.data_dir))
    context.preload()
    if options.pool is not None:
        write_pools(context, options.pool)
        return
    judged: dict[str, dict[ArxivId, int]] = defaultdict(dict)
    for number, arxiv_id, grade in _lines("judgements.tsv"):
        judged[number][ArxivId(arxiv_id)] = int(grade)
    queries = [(number, kind, query) for number, kind, query in _lines("judged_queries.tsv") if judged.get(number)]
    print(f"{len(queries)} judged queries among {len(context.paper_index):,} papers\n")
    print("| found by | kind | queries | nDCG@10 | recall@20 |\n| --- | --- | --- | --- | --- |")
    for name, find in systems(context).items():
        results = [
            (kind, ndcg(found, judged[number]), recall(found, judged[number]))
            for number, kind, query in queries
            for found in [find(query)]
        ]
        for kind in ("all", *_KINDS):
            of_kind = np.array([result[1:] for result in results if kind in ("all", result[0])])
            if len(of_kind):
                print(f"| {name} | {kind} | {len(of_kind)} | {_shown(of_kind[:, 0])} | {_shown(of_kind[:, 1])} |")


def _shown(values: np.ndarray) -> str:
    drawn = np.random.default_rng(0).integers(0, len(values), (2_000, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    return f"{values.mean():.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main()
