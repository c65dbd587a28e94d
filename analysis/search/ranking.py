"""Ranking papers for a query: by meaning, by words, and by both together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.paper import ArxivId

RANK_CONSTANT = 60
"""The constant of reciprocal rank fusion; 60 is its authors' value."""


_FEW_QUERIES = 8
"""Queries up to which products of small matrices take less time than one of large ones."""
_ROWS_TOGETHER = 128
"""Rows compared in one product: few enough that BLAS reads them where they lie, without copying them first."""


def similarities(queries: NDArray[np.float32], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The cosine of each query with every paper, ``(n_queries, n_papers)``: an exact scan.

    ``queries`` are unit vectors ``(n_queries, n_dims)`` of the same model as ``vectors``, ``(n_papers, n_dims)``.
    """
    if queries.ndim != 2 or queries.shape[1:] != vectors.shape[1:]:
        raise ValueError(f"expected shape (n_queries, {vectors.shape[1]}), got {queries.shape}")
    if not 0 < len(queries) <= _FEW_QUERIES or not vectors.flags.c_contiguous or not vectors.shape[1]:
        return np.ascontiguousarray((vectors @ queries.T).T)
    n_even = len(vectors) // _ROWS_TOGETHER * _ROWS_TOGETHER
    parts = vectors[:n_even].reshape(-1, _ROWS_TOGETHER, vectors.shape[1])
    cosines = np.empty((len(queries), len(vectors)), dtype=np.float32)
    of_parts = cosines[:, :n_even].reshape(len(queries), -1, _ROWS_TOGETHER).transpose(1, 0, 2)
    np.matmul(queries, parts.transpose(0, 2, 1), out=of_parts)
    cosines[:, n_even:] = queries @ vectors[n_even:].T
    return cosines


def nearest_rows(
    cosines: NDArray[np.float32], ids: Sequence[ArxivId], *, limit: int, among: NDArray[np.bool_] | None = None
) -> list[int]:
    """The rows of the papers closest in meaning, closest first, those ``among`` some where only these count."""
    candidates = top_rows(cosines, limit=limit, among=among)
    return sorted(candidates.tolist(), key=lambda row: (-cosines[row], ids[row]))


def top_rows(values: NDArray[np.float32], *, limit: int, among: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """The rows of the greatest values, in any order, of those ``among`` some where only these count."""
    rows = None if among is None else np.flatnonzero(among)
    counted = values if rows is None else values[rows]
    n_wanted = min(limit, len(counted))
    if not n_wanted:
        return np.zeros(0, dtype=np.int64)
    places = np.argpartition(counted, len(counted) - n_wanted)[len(counted) - n_wanted :]
    return places if rows is None else rows[places]


def fused_ranks(rankings: Sequence[Sequence[ArxivId]]) -> Mapping[ArxivId, float]:
    """One ranking from several, best first, with a score in (0, 1]; 1 is first in every ranking.

    Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): scores of different kinds cannot be added, ranks
    can. An absent paper adds nothing.
    """
    best = len(rankings) / (RANK_CONSTANT + 1)
    scores: dict[ArxivId, float] = {}
    for ranking in rankings:
        for position, arxiv_id in enumerate(ranking, 1):
            scores[arxiv_id] = scores.get(arxiv_id, 0.0) + 1 / (RANK_CONSTANT + position)
    ordered = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    return {arxiv_id: score / best for arxiv_id, score in ordered}


WORD_WEIGHT = 4.0
"""How much the greatest word score counts, where being the nearest of all papers in meaning counts 1.

Chosen on half of the searches of ``python -m benchmarks.search_quality``; the other half is reported.
"""


LEAST_DISTANCE = 0.1
"""A paper nearer to the mean of all papers counts as so far from it: in which direction it lies says little."""


def combined_scores(
    cosines: NDArray[np.float32],
    word_scores: NDArray[np.float32],
    *,
    greatest_word_score: float,
    distance_from_mean: NDArray[np.float32],
) -> NDArray[np.float32]:
    """One score for each paper from meaning and words, ``(n_papers,)``; at most 1, negative for papers that are unlike.

    A convex combination, which ranks better than fusing ranks because it knows how far apart two papers are (Bruch, Gai
    and Ingber 2023, "An analysis of fusion functions for hybrid retrieval"). Meaning is the cosine of the query with a
    paper's vector less the mean of all papers, as a share of the greatest: what all papers have in common tells none
    apart (Mu and Viswanath 2018, "All-but-the-top"). Word scores are taken as a share of their bound and squared, so
    that one incidental word counts little and all words in a title count most.

    Parameters
    ----------
    cosines : of the query with each paper; 0 for a paper without a vector, which scores by its words alone.
    word_scores : BM25 of each paper, at least 0.
    greatest_word_score : the bound of the word scores of this query, as ``WordIndex.greatest_score`` gives it.
    distance_from_mean : how far each paper's vector is from the mean of all.
    """
    if cosines.shape != word_scores.shape:
        raise ValueError(f"expected word scores of shape {cosines.shape}, got {word_scores.shape}")
    # The mean of the cosines is the cosine with the mean, so this needs no other vectors.
    mean = cosines.sum() / max(int(np.count_nonzero(cosines)), 1)
    above = (cosines - mean) / np.maximum(distance_from_mean, np.float32(LEAST_DISTANCE))
    above[cosines == 0] = 0
    top = above.max(initial=0)
    meaning = above / top if top > 0 else np.zeros_like(cosines)
    bound = np.float32(greatest_word_score if greatest_word_score > 0 else 1.0)
    words = np.square(word_scores / bound, dtype=np.float32)
    combined: NDArray[np.float32] = (meaning + np.float32(WORD_WEIGHT) * words) / np.float32(1 + WORD_WEIGHT)
    return combined


def with_all_words(
    combined: NDArray[np.float32], word_scores: NDArray[np.float32], *, greatest_word_score: float
) -> NDArray[np.float32]:
    """The combined scores of papers, had each the greatest word score; arguments as for ``combined_scores``."""
    missing = 1 - np.square(word_scores / np.float32(greatest_word_score), dtype=np.float32)
    scores: NDArray[np.float32] = combined + np.float32(WORD_WEIGHT / (1 + WORD_WEIGHT)) * missing
    return scores


NEAR_SPREADS = 2.4
"""How many standard deviations above the mean of all papers a paper's similarity to a description must be.

Set on 34,886 papers of 2026, where 2.2 to 2.4 gave the best mean F1 (0.39, precision 0.53) of adopting 28 techniques
from their names alone. A bound on the cosine itself gives less, because some names are near to everything.
"""


def unusually_near(cosines: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether each paper is unusually near to a query, from the cosines of all of them; ``(n_papers,)``.

    Compared with how near all papers are to it, so that a wide query does not take in everything. A cosine of 0 is that
    of a paper without a vector, which is near to nothing.
    """
    has_vector: NDArray[np.bool_] = cosines != 0
    known = cosines[has_vector]
    if not len(known):
        return has_vector
    near: NDArray[np.bool_] = has_vector & (cosines > known.mean() + NEAR_SPREADS * known.std())
    return near
