"""A map of the topics: places in two dimensions, near each other where the topics are, and stable over refits.

A layout from scratch turns, mirrors and rearranges everything. So a new one begins where the topics were that
continue, and is turned back onto them afterwards; readers find a topic where they left it.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.paper import ArxivId

_MIN_FOR_UMAP = 12
"""With fewer topics UMAP has nothing to learn from; the two main axes say it all."""

_N_NEIGHBORS = 10
_FRESH = {"n_epochs": 500, "learning_rate": 1.0}
_AGAIN = {"n_epochs": 50, "learning_rate": 0.05}
"""Small steps: they draw neighbours together as well as a fresh layout does, and move the rest little."""
_SHARPNESS = 0.05
"""How much nearer, in cosine, a topic must be to pull a paper e times as strongly."""


def topic_positions(centroids: NDArray[np.float32], before: NDArray[np.float64], *, seed: int) -> NDArray[np.float64]:
    """The place of each topic, float64 ``(n_topics, 2)``.

    A first map is centred, with a root mean square distance of 1 from the centre. A later one is turned and moved
    onto ``before``, such that the topics of both lie as close to their old places as can be.

    Parameters
    ----------
    centroids : float32 ``(n_topics, n_dims)``, of unit length.
    before : ``(n_topics, 2)``, where each topic was; NaN for one that is new.
    seed : fixes what is random.
    """
    if before.shape != (len(centroids), 2):
        raise ValueError(f"expected shape ({len(centroids)}, 2), got {before.shape}")
    if not len(centroids):
        return np.empty((0, 2))
    is_placed = _has_place(before)
    continues = int(is_placed.sum()) >= 3
    start = _beside_neighbors(centroids, before, is_placed) if continues else _main_axes(centroids)
    if len(centroids) < _MIN_FOR_UMAP:
        return _onto(_main_axes(centroids), before, is_placed) if continues else start
    drawn = _umap(centroids, start, _AGAIN if continues else _FRESH, seed)
    return _onto(drawn, before, is_placed) if continues else _scaled(drawn)


def paper_positions(
    vectors: NDArray[np.float32], centroids: NDArray[np.float32], positions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The place of each paper, float64 ``(n_papers, 2)``: between its topics, nearer to those that it is more like.

    It depends on nothing but the paper and the topics' places.
    """
    cosines = vectors.astype(np.float64) @ centroids.astype(np.float64).T
    pull = np.exp((cosines - cosines.max(axis=1, keepdims=True)) / _SHARPNESS)
    return np.asarray((pull / pull.sum(axis=1, keepdims=True)) @ positions)


def sample_by_id(ids: Sequence[ArxivId], n: int) -> list[int]:
    """Rows of ``n`` papers, or all: chosen by their identifier alone, so that a map keeps most of its papers.

    Ascending.
    """
    by_hash = sorted(range(len(ids)), key=lambda row: hashlib.sha256(ids[row].encode()).digest())
    return sorted(by_hash[:n])


def new_topic_position(
    centroid: NDArray[np.float32], centroids: NDArray[np.float32], positions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where a topic born between refits is drawn: among the topics that it is most like."""
    is_placed = _has_place(positions)
    if not is_placed.any():
        return np.full(2, np.nan)
    position: NDArray[np.float64] = paper_positions(centroid[None], centroids[is_placed], positions[is_placed])[0]
    return position


def _has_place(positions: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(positions).all(axis=1), dtype=bool)


def _main_axes(centroids: NDArray[np.float32]) -> NDArray[np.float64]:
    centred = centroids.astype(np.float64) - centroids.astype(np.float64).mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    axes = u[:, :2] * s[:2]
    if axes.shape[1] < 2:
        axes = np.column_stack([axes, np.zeros(len(axes))])
    # The sign of an axis is the library's whim; the topic farthest out gets the positive side.
    farthest = axes[np.abs(axes).argmax(axis=0), [0, 1]]
    return _scaled(axes * np.where(farthest < 0, -1.0, 1.0))


def _scaled(places: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = places - places.mean(axis=0)
    size = float(np.sqrt((centred**2).sum(axis=1).mean()))
    return np.asarray(centred / size) if size > 0 else centred


def _beside_neighbors(
    centroids: NDArray[np.float32], before: NDArray[np.float64], is_placed: NDArray[np.bool_]
) -> NDArray[np.float64]:
    start = before.copy()
    for number in np.flatnonzero(~is_placed):
        start[number] = new_topic_position(centroids[number], centroids, before)
    return start


def _umap(
    centroids: NDArray[np.float32], start: NDArray[np.float64], steps: Mapping[str, float], seed: int
) -> NDArray[np.float64]:
    from umap import UMAP

    # UMAP lays points out at its own scale, about ten units wide.
    scale = 5.0
    umap = UMAP(
        n_neighbors=min(_N_NEIGHBORS, len(centroids) - 1),
        n_components=2,
        min_dist=0.3,
        metric="cosine",
        init=(start * scale).astype(np.float32),
        **steps,
        random_state=seed,
        n_jobs=1,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # UMAP warns that a seed costs parallelism, which is the point
        drawn = umap.fit_transform(centroids)
    return np.asarray(drawn, dtype=np.float64) / scale


def _onto(
    places: NDArray[np.float64], before: NDArray[np.float64], is_placed: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The places turned, mirrored, scaled and moved onto those before, by the topics of both (Procrustes)."""
    here, there = places[is_placed], before[is_placed]
    centre_here, centre_there = here.mean(axis=0), there.mean(axis=0)
    u, s, vt = np.linalg.svd((here - centre_here).T @ (there - centre_there))
    spread = float(((here - centre_here) ** 2).sum())
    scale = float(s.sum()) / spread if spread > 0 else 1.0
    return np.asarray((places - centre_here) @ (u @ vt) * scale + centre_there)
