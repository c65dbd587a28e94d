"""What stands near a topic: other topics, its most central papers, and the techniques that its papers adopt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.detections import ADOPTS, TermKind

MIN_ADOPTED = 0.05
"""Share of a topic's papers below which a technique says nothing of the topic."""


def nearest_topics(
    centroid: NDArray[np.float32], others: Sequence[NDArray[np.float32]], *, limit: int
) -> list[tuple[int, float]]:
    """Positions in ``others`` of the centroids nearest to ``centroid``, nearest first, each with its cosine."""
    cosines = sorted(((float(other @ centroid), i) for i, other in enumerate(others)), key=lambda pair: -pair[0])
    return [(i, cosine) for cosine, i in cosines[:limit]]


def central_rows(rows: NDArray[np.int64], similarity: NDArray[np.float32]) -> NDArray[np.int64]:
    """The rows of a topic's papers, nearest to its centroid first.

    ``rows`` are the topic's, ascending; ``similarity`` is that of all papers, ``(n_papers,)``.
    """
    nearest: NDArray[np.int64] = rows[np.argsort(-similarity[rows], kind="stable")]
    return nearest


def common_techniques(
    level: NDArray[np.int8], terms: Sequence[tuple[TermKind, str]], *, limit: int
) -> list[tuple[str, int]]:
    """Keys of the techniques that a topic's papers adopt most, and how many adopt each, most first.

    ``level`` is ``(n_papers, n_terms)``, of the topic's papers, with a column for each of ``terms``.
    """
    n_papers = len(level)
    if not n_papers:
        return []
    adopted = (level >= ADOPTS).sum(axis=0).tolist()
    counts = [
        (key, k)
        for (kind, key), k in zip(terms, adopted, strict=True)
        if kind == "technique" and k >= n_papers * MIN_ADOPTED
    ]
    return sorted(counts, key=lambda count: -count[1])[:limit]
