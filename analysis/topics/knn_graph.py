"""The nearest papers of every paper: the neighbour graph that UMAP starts from.

UMAP would find them with pynndescent, which compiles for 45 seconds in every process. For up to tens of thousands of
papers a matrix product takes less time, is exact and needs no seed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from analysis.topics.assignment import nearest_centroids

COMPARED_WITH = 30_000
"""Up to this many papers, each is compared with all; of more, each is compared with about this many."""

_PAPERS_PER_CELL = 1000
_ROWS_AT_ONCE = 1000
_GROUP = 32


def nearest_papers(vectors: NDArray[np.float32], n_neighbors: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Each paper's nearest papers by cosine, nearest first; the paper itself is the first.

    Exact for up to `COMPARED_WITH` papers. A larger corpus is divided into cells of about a thousand papers (k-means),
    and the papers of a cell are compared with those of the nearest cells.

    Parameters
    ----------
    vectors : float32 ``(n_papers, n_dims)``, of unit length.
    n_neighbors : neighbours of each paper, from 1 to ``n_papers``.

    Returns
    -------
    int32 and float32 ``(n_papers, n_neighbors)``: the neighbours' rows, and one minus the cosine to them, in [0, 2].

    Raises
    ------
    ValueError
        If ``n_neighbors`` is out of range.
    """
    n_papers = len(vectors)
    if not 1 <= n_neighbors <= n_papers:
        raise ValueError(f"expected 1 to {n_papers} neighbours of {n_papers} papers, got {n_neighbors}")
    nearest = np.empty((n_papers, n_neighbors), dtype=np.int32)
    distances = np.empty((n_papers, n_neighbors), dtype=np.float32)
    for rows, others in _comparisons(vectors):
        across = np.ascontiguousarray(vectors[others].T)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[start : start + _ROWS_AT_ONCE]
            cosines = vectors[some] @ across
            cosines[np.arange(len(some)), np.searchsorted(others, some)] = (
                2.0  # the paper itself comes before its duplicates
            )
            best = _highest(cosines, n_neighbors)
            own = np.take_along_axis(cosines, best, axis=1)
            order = np.lexsort((best, -own))
            nearest[some] = others[np.take_along_axis(best, order, axis=1)]
            distances[some] = 1.0 - np.take_along_axis(own, order, axis=1)
    distances[:, 0] = 0.0
    return nearest, np.maximum(distances, 0.0)


def _comparisons(vectors: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Some rows, and the sorted rows that they are compared with; every row is in exactly one of the first."""
    n_papers = len(vectors)
    everyone = np.arange(n_papers)
    if n_papers <= COMPARED_WITH:
        yield everyone, everyone
        return
    # Three rounds of k-means, started from evenly spaced papers, so that no seed is needed.
    centroids = vectors[:: n_papers // (n_papers // _PAPERS_PER_CELL)]
    for _ in range(3):
        cell, _ = nearest_centroids(vectors, centroids)
        centroids = np.stack([_unit_mean(vectors[cell == c]) for c in range(len(centroids)) if (cell == c).any()])
    cell, _ = nearest_centroids(vectors, centroids)
    members = [np.flatnonzero(cell == c) for c in range(len(centroids))]
    sizes = np.array([len(rows) for rows in members])
    for rows, cosines in zip(members, centroids @ centroids.T, strict=True):
        by_nearness = np.argsort(-cosines, kind="stable")
        n_cells = int(np.searchsorted(sizes[by_nearness].cumsum(), COMPARED_WITH)) + 1
        # The cell itself is always included, even if equal centroids come before it.
        yield rows, np.unique(np.concatenate([rows, *(members[c] for c in by_nearness[:n_cells])]))


def _unit_mean(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    mean = vectors.mean(axis=0, dtype=np.float64)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), dtype=np.float32)


def _highest(cosines: NDArray[np.float32], n: int) -> NDArray[np.int64]:
    """Columns of each row's ``n`` largest values, in no particular order.

    The columns are divided into groups. The ``n`` groups with the largest maxima contain the ``n`` largest values, so
    only these groups are partitioned; maxima are fast to compute.
    """
    n_rows, n_columns = cosines.shape
    n_groups = n_columns // _GROUP
    if n_groups <= n:
        return np.argpartition(-cosines, n - 1, axis=1)[:, :n]
    whole = n_groups * _GROUP
    maxima = cosines[:, :whole].reshape(n_rows, _GROUP, n_groups).max(axis=1)
    groups = np.argpartition(-maxima, n - 1, axis=1)[:, :n]
    candidates = (groups[:, None, :] + n_groups * np.arange(_GROUP)[:, None]).reshape(n_rows, -1)
    rest = np.broadcast_to(np.arange(whole, n_columns), (n_rows, n_columns - whole))
    candidates = np.concatenate([candidates, rest], axis=1)
    best = np.argpartition(-np.take_along_axis(cosines, candidates, axis=1), n - 1, axis=1)[:, :n]
    return np.asarray(np.take_along_axis(candidates, best, axis=1))
