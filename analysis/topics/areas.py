"""Areas: about ten wider fields, each of which holds several topics.

Topics with similar centroids form an area. An area is named like a topic, from the titles of its papers, and keeps its
name over refits as long as most of its papers stay together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MAX_AREAS = 15
_MIN_OVERLAP = 0.5
"""Least Jaccard index of the papers of an old and a new area for them to be the same area."""


def area_of_topic(centroids: NDArray[np.float32]) -> NDArray[np.int64]:
    """The number of each topic's area, from 0: int64 ``(n_topics,)``.

    Ward's hierarchical clustering (1963), cut at the square root of the number of topics, at most `MAX_AREAS`.

    Parameters
    ----------
    centroids : float32 ``(n_topics, n_dims)``, rows of unit length.
    """
    from sklearn.cluster import AgglomerativeClustering

    n_topics = len(centroids)
    n_areas = min(MAX_AREAS, round(float(np.sqrt(n_topics))))
    if n_areas < 2:
        return np.zeros(n_topics, dtype=np.int64)
    labels = AgglomerativeClustering(n_areas, linkage="ward").fit_predict(centroids.astype(np.float64))
    return np.asarray(labels, dtype=np.int64)


def extended_name(name: str, labels: Sequence[str]) -> str:
    """An area's name, extended by the label of its largest topic that shares no word with it.

    One phrase is too narrow for an area.

    Parameters
    ----------
    name : a phrase from the titles of the area's papers.
    labels : of the area's topics, the largest first.

    Examples
    --------
    >>> labels = ["time series anomalies", "adversarial attacks and noise", "face recognition"]
    >>> extended_name("anomaly detection", labels)
    'anomaly detection and face recognition'
    """
    stems = {word[:5] for word in _words(name)}
    for label in labels:
        if " and " not in label and stems.isdisjoint(word[:5] for word in _words(label)):
            return f"{name} and {label}"
    return name


def _words(text: str) -> list[str]:
    return text.lower().replace("-", " ").split()


def areas_after_refit(now: Sequence[str], before: Sequence[str | None], sizes: Sequence[int]) -> list[str | None]:
    """The name of each topic's area after a refit: an area that is mostly the same keeps its old name.

    Old and new areas are matched one-to-one so that the sum of the Jaccard indices of their papers is greatest.

    Parameters
    ----------
    now : the fit's name for each topic's area; empty if the fit has no areas.
    before : the area that each topic had until now, ``None`` for a new topic.
    sizes : papers of each topic.

    Returns
    -------
    One name for each topic; ``None`` for all of them if the fit has no areas.
    """
    from scipy.optimize import linear_sum_assignment

    if not now:
        return [None] * len(sizes)
    new_names = sorted(set(now))
    old_names = sorted({name for name in before if name is not None})
    weights = np.asarray(sizes, dtype=np.float64)
    is_new = np.array([[name == new for name in now] for new in new_names])
    is_old = np.array([[name == old for name in before] for old in old_names]).reshape(len(old_names), len(before))
    both = (is_new * weights) @ is_old.T
    either = (is_new @ weights)[:, None] + (is_old @ weights)[None, :] - both
    overlap = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
    rows, columns = linear_sum_assignment(overlap, maximize=True)
    kept = {
        new_names[row]: old_names[column]
        for row, column in zip(rows, columns, strict=True)
        if overlap[row, column] >= _MIN_OVERLAP
    }
    names = dict(kept)
    taken = set(kept.values())
    for new in new_names:
        if new not in names:
            name, n_th = new, 2
            while name in taken:  # another area keeps this name
                name, n_th = f"{new} {n_th}", n_th + 1
            names[new] = name
            taken.add(name)
    return [names[name] for name in now]
