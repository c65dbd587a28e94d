"""Ranking papers for a query: by meaning, by words, and by both together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.embeddings import Embeddings
from domain.paper import ArxivId

RANK_CONSTANT = 60
"""The constant of reciprocal rank fusion; 60 is its authors' value."""


def nearest_papers(query: NDArray[np.float32], embeddings: Embeddings, *, limit: int) -> dict[ArxivId, float]:
    """The papers closest in meaning to a query, with their cosine similarity, closest first.

    An exact scan: every paper is compared. ``query`` is a unit vector ``(n_dims,)`` of the same model.
    """
    if not len(embeddings):
        return {}
    if query.shape != (embeddings.vectors.shape[1],):
        raise ValueError(f"expected shape ({embeddings.vectors.shape[1]},), got {query.shape}")
    cosines = embeddings.vectors @ query
    n_wanted = min(limit, len(cosines))
    candidates = np.argpartition(-cosines, n_wanted - 1)[:n_wanted]
    ranked = sorted(candidates.tolist(), key=lambda row: (-cosines[row], embeddings.ids[row]))
    return {embeddings.ids[row]: float(cosines[row]) for row in ranked}


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
