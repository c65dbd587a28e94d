"""Papers like a paper, judged: by its vector alone, as pages list them, and by its vector and telling words.

    python -m benchmarks.similar_papers --data-dir FOLDER [--pool FILE]

40 papers are drawn at random from a folder that ``papertide run`` has filled; for each, the first eight papers of both
ways were judged by reading titles and the beginnings of abstracts, without knowing which way brought them.
``similar_judgements.tsv`` holds the judgements: a neighbour is right if it is about the same narrow subject, that is
the same problem or the same method. Printed is the share of right ones, with a bootstrapped 95 % interval over papers.

Telling words are those of the title and the ten of the abstract that are frequent in it and rare elsewhere; their BM25
is added to the similarity as in every search, the best paper by words counting as much as the nearest one. ``--weight``
and ``--words`` change that.
"""

from __future__ import annotations

import argparse
import hashlib
import random
from collections import Counter
from pathlib import Path

import numpy as np

from analysis.search.ranking import nearest_rows
from analysis.search.semantic_search import PaperSearch
from domain.packed_stems import stem_number
from domain.paper import ArxivId, Paper
from domain.search_query import STOP_WORDS, content_words
from domain.search_text import search_words
from queries.paper import N_SIMILAR
from runtime.cached_context import CachedContext
from runtime.settings import Settings
from store.papers import papers_in_order

_FILE = Path(__file__).with_name("similar_judgements.tsv")
N_PAPERS, SEED = 40, 16


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--pool", type=Path)
    parser.add_argument("--words", type=int, default=10)
    parser.add_argument("--weight", type=float, default=1.0)
    options = parser.parse_args()
    context = CachedContext(Settings(data_dir=options.data_dir))
    search = context.paper_search
    ids = search.index.ids
    judged = _judgements()
    drawn = papers_in_order(context.db, random.Random(SEED).sample(ids, N_PAPERS))
    lists: dict[str, dict[ArxivId, list[ArxivId]]] = {"vector alone": {}, "vector and telling words": {}}
    for paper in drawn:
        near = search.nearest_to_paper(paper.arxiv_id, limit=len(ids))
        if near is None:
            continue
        lists["vector alone"][paper.arxiv_id] = [other.arxiv_id for other in near[:N_SIMILAR]]
        similarity = {other.arxiv_id: other.similarity for other in near}
        cosines = np.array([similarity.get(i, 0.0) for i in ids], dtype=np.float32)
        words, _ = search.word_scores(_telling_stems(search, paper, options.words))
        words[search.index.row_of[paper.arxiv_id]] = 0
        held = cosines[cosines != 0]
        scores = (cosines - held.mean()) / (held.max() - held.mean()) + options.weight * (words / words.max()) ** 2
        scores[cosines == 0] = -np.inf
        rows = nearest_rows(scores, ids, limit=N_SIMILAR)
        lists["vector and telling words"][paper.arxiv_id] = [ids[row] for row in rows]
    if options.pool:
        _write_pool(context, options.pool, drawn, lists, judged)
    print("| neighbours by | right of the first eight | papers with fewer than half right |\n| --- | --- | --- |")
    for name, of in lists.items():
        shares = np.array(
            [np.mean([judged.get((paper, other), False) for other in near]) for paper, near in of.items()]
        )
        resampled = np.random.default_rng(0).integers(0, len(shares), (2_000, len(shares)))
        low, high = np.quantile(shares[resampled].mean(axis=1), [0.025, 0.975])
        print(
            f"| {name} | {shares.mean():.3f} ({low:.3f} to {high:.3f}) | {int((shares < 0.5).sum())} of {len(shares)} |"
        )
    old, new = lists.values()
    better = [np.sign(_n_right(judged, paper, new) - _n_right(judged, paper, old)) for paper in old]
    print(f"\nbetter for {better.count(1)} papers, worse for {better.count(-1)}, the same for {better.count(0)}")


def _telling_stems(search: PaperSearch, paper: Paper, n: int) -> list[int]:
    """The stems of the title, and those of the abstract that are frequent in it and rare elsewhere."""
    title = [stem_number(word) for word in content_words(paper.title)]
    times = Counter(stem_number(word) for word in search_words(paper.abstract) if word not in STOP_WORDS)
    n_holding = {stem: search.n_holding(stem, "text") for stem in times if stem not in title}
    n_papers = len(search.index)
    # Once more in the abstract says less each time, as in BM25; a stem of this paper alone finds nothing.
    weight = {
        stem: float(np.log1p((n_papers - k + 0.5) / (k + 0.5))) * times[stem] / (times[stem] + 1.2)
        for stem, k in n_holding.items()
        if k > 1
    }
    return [*title, *sorted(weight, key=lambda stem: (-weight[stem], stem))[:n]]


def _n_right(judged: dict[tuple[ArxivId, ArxivId], bool], paper: ArxivId, lists: dict[ArxivId, list[ArxivId]]) -> int:
    return sum(judged.get((paper, other), False) for other in lists[paper])


def _judgements() -> dict[tuple[ArxivId, ArxivId], bool]:
    if not _FILE.exists():
        return {}
    lines = [line for line in _FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {(ArxivId(a), ArxivId(b)): right == "1" for a, b, right in (line.split("\t") for line in lines)}


def _write_pool(
    context: CachedContext,
    file: Path,
    drawn: list[Paper],
    lists: dict[str, dict[ArxivId, list[ArxivId]]],
    judged: dict[tuple[ArxivId, ArxivId], bool],
) -> None:
    """The neighbours that are not judged yet, of both ways together and shuffled."""
    lines = []
    for paper in drawn:
        pool = {other for of in lists.values() for other in of.get(paper.arxiv_id, [])}
        new = [other for other in pool if (paper.arxiv_id, other) not in judged]
        order = sorted(new, key=lambda i, own=paper: hashlib.sha256(f"{own.arxiv_id} {i}".encode()).digest())
        for other in papers_in_order(context.db, order):
            abstracts = (" ".join(of.abstract.split())[:240] for of in (paper, other))
            lines.append("\t".join((paper.arxiv_id, paper.title, other.arxiv_id, other.title, *abstracts)))
    file.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
