"""The map of the topics: positions in two dimensions that keep similar topics together and are stable over refits.

A layout from nothing is rotated, mirrored and rearranged at random. So a later layout starts from the positions of the
topics that continue and is aligned with them afterwards. Readers find a topic where it was.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.paper import ArxivId

_MIN_FOR_UMAP = 12
"""With fewer topics, the two principal axes are used instead of UMAP."""

_N_NEIGHBORS = 10
_FIRST_LAYOUT = {"n_epochs": 500, "learning_rate": 1.0}
_LATER_LAYOUT = {"n_epochs": 50, "learning_rate": 0.05}
"""Small steps bring neighbours together as well as a first layout does, and move the rest little."""
_TEMPERATURE = 0.05
"""Temperature of the softmax over cosines that positions a paper between its topics."""


def topic_positions(centroids: NDArray[np.float32], before: NDArray[np.float64], *, seed: int) -> NDArray[np.float64]:
    """The position of each topic, float64 ``(n_topics, 2)``.

    A first map is centred, with a root mean square distance of 1 from the centre. A later one is rotated, mirrored,
    scaled and moved so that the topics that continue are as near as possible to their old positions.

    Parameters
    ----------
    centroids : float32 ``(n_topics, n_dims)``, of unit length.
    before : float64 ``(n_topics, 2)``, the old position of each topic; NaN for a new one.
    seed : of UMAP.

    Raises
    ------
    ValueError
        If the shapes do not agree.
    """
    if before.shape != (len(centroids), 2):
        raise ValueError(f"expected shape ({len(centroids)}, 2), got {before.shape}")
    if not len(centroids):
        return np.empty((0, 2))
    has_position = _has_positions(before)
    continues = int(has_position.sum()) >= 3
    start = _beside_neighbors(centroids, before, has_position) if continues else _principal_axes(centroids)
    if len(centroids) < _MIN_FOR_UMAP:
        return _aligned(_principal_axes(centroids), before, has_position) if continues else start
    layout = _umap(centroids, start, _LATER_LAYOUT if continues else _FIRST_LAYOUT, seed)
    return _aligned(layout, before, has_position) if continues else _scaled(layout)


def paper_positions(
    vectors: NDArray[np.float32], centroids: NDArray[np.float32], positions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The position of each paper, float64 ``(n_papers, 2)``: a mean of the topics' positions, weighted by similarity.

    The weights are a softmax over the cosines, so a paper's position depends on no other paper.

    Parameters
    ----------
    vectors : float32 ``(n_papers, n_dims)``, of unit length.
    centroids : float32 ``(n_topics, n_dims)``, of unit length.
    positions : float64 ``(n_topics, 2)``.
    """
    cosines = vectors.astype(np.float64) @ centroids.astype(np.float64).T
    weights = np.exp((cosines - cosines.max(axis=1, keepdims=True)) / _TEMPERATURE)
    return np.asarray((weights / weights.sum(axis=1, keepdims=True)) @ positions)


def sample_by_id(ids: Sequence[ArxivId], n: int) -> list[int]:
    """Rows of ``n`` papers, or of all if there are fewer, ascending.

    They are chosen by a hash of their identifiers, so that a later map shows most of the same papers.
    """
    by_hash = sorted(range(len(ids)), key=lambda row: hashlib.sha256(ids[row].encode()).digest())
    return sorted(by_hash[:n])


def new_topic_position(
    centroid: NDArray[np.float32], centroids: NDArray[np.float32], positions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The position ``(2,)`` of a topic found between refits, among similar topics; NaN if no topic has one."""
    has_position = _has_positions(positions)
    if not has_position.any():
        return np.full(2, np.nan)
    position: NDArray[np.float64] = paper_positions(centroid[None], centroids[has_position], positions[has_position])[0]
    return position


def _has_positions(positions: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(positions).all(axis=1), dtype=bool)


def _principal_axes(centroids: NDArray[np.float32]) -> NDArray[np.float64]:
    centred = centroids.astype(np.float64) - centroids.astype(np.float64).mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    axes = u[:, :2] * s[:2]
    if axes.shape[1] < 2:
        axes = np.column_stack([axes, np.zeros(len(axes))])
    # The sign of an axis is arbitrary; the topic farthest out is put on the positive side.
    farthest = axes[np.abs(axes).argmax(axis=0), [0, 1]]
    return _scaled(axes * np.where(farthest < 0, -1.0, 1.0))


def _scaled(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = positions - positions.mean(axis=0)
    size = float(np.sqrt((centred**2).sum(axis=1).mean()))
    return np.asarray(centred / size) if size > 0 else centred


def _beside_neighbors(
    centroids: NDArray[np.float32], before: NDArray[np.float64], has_position: NDArray[np.bool_]
) -> NDArray[np.float64]:
    start = before.copy()
    for number in np.flatnonzero(~has_position):
        start[number] = new_topic_position(centroids[number], centroids, before)
    return start


def _umap(
    centroids: NDArray[np.float32], start: NDArray[np.float64], steps: Mapping[str, float], seed: int
) -> NDArray[np.float64]:
    from umap import UMAP

    # UMAP's layouts are about ten units wide.
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
        warnings.simplefilter("ignore")  # UMAP warns that a seed prevents parallelism, which is intended
        layout = umap.fit_transform(centroids)
    return np.asarray(layout, dtype=np.float64) / scale


def _aligned(
    positions: NDArray[np.float64], before: NDArray[np.float64], has_position: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The positions aligned with those before, by the topics that have both (Procrustes analysis)."""
    here, there = positions[has_position], before[has_position]
    centre_here, centre_there = here.mean(axis=0), there.mean(axis=0)
    u, s, vt = np.linalg.svd((here - centre_here).T @ (there - centre_there))
    spread = float(((here - centre_here) ** 2).sum())
    scale = float(s.sum()) / spread if spread > 0 else 1.0
    return np.asarray((positions - centre_here) @ (u @ vt) * scale + centre_there)
