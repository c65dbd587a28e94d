"""Areas: up to fifteen wider fields, each of which holds several topics.

Topics with similar centroids form an area. It is named by the topics that stand for it, so that its name says what is
in it, and keeps its name over refits as long as most of its papers and the topics of its name stay together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MAX_AREAS = 15
_MOST_PER_ROOT = 1.5
_N_NAMED = 3
_MIN_OVERLAP = 0.5
"""Least Jaccard index of the papers of an old and a new area for them to be the same area."""


def area_of_topic(centroids: NDArray[np.float32], sizes: Sequence[int]) -> NDArray[np.int64]:
    """The number of each topic's area, from 0: int64 ``(n_topics,)``.

    Ward's hierarchical clustering (1963) of the centroids after subtracting their mean, which all topics of the corpus
    share and which hides how they differ. With the raw centroids, whatever had little of it ended in one area:
    quantization with weather forecasts. It is cut into 1 to `_MOST_PER_ROOT` times the square root of the number
    of topics, at most `MAX_AREAS`: the finest cut whose areas are about as separate as those of the best (mean
    silhouette, Rousseeuw 1987, at least nine tenths of the largest).

    Parameters
    ----------
    centroids : float32 ``(n_topics, n_dims)``, rows of unit length.
    sizes : papers of each topic, which weigh its centroid in the mean.
    """
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.metrics import silhouette_score

    root = float(np.sqrt(len(centroids)))
    fewest = min(MAX_AREAS, round(root))
    if fewest < 2 or len(centroids) < 3:
        return np.zeros(len(centroids), dtype=np.int64)
    rows = centred(centroids, sizes)
    most = min(MAX_AREAS, max(fewest, round(_MOST_PER_ROOT * root)), len(rows) - 1)
    cuts = [AgglomerativeClustering(n, linkage="ward").fit_predict(rows) for n in range(fewest, most + 1)]
    scores = [float(silhouette_score(rows, labels)) for labels in cuts]
    finest = max(n for n, score in enumerate(scores) if score >= max(scores) - 0.1 * abs(max(scores)))
    return np.asarray(cuts[finest], dtype=np.int64)


def centred(centroids: NDArray[np.float32], sizes: Sequence[int]) -> NDArray[np.float64]:
    """The centroids less their mean, scaled to unit length: float64 ``(n_topics, n_dims)``."""
    rows = centroids.astype(np.float64)
    weights = np.maximum(np.asarray(sizes, dtype=np.float64), 1.0)
    rows = rows - np.average(rows, axis=0, weights=weights)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0))


def area_names(
    area: NDArray[np.int64], labels: Sequence[str], sizes: Sequence[int], centroids: NDArray[np.float32]
) -> list[str]:
    """A name for each topic's area: up to three of its topics that stand for all of it; ``(n_topics,)``.

    They are chosen one after the other so that the area's papers are as similar as possible to the nearest of them
    (greedy facility location), and named in the order of their sizes. No two areas have the same name.

    Parameters
    ----------
    area : int ``(n_topics,)``, the number of each topic's area.
    labels : of the topics; the first phrase of a label of two names the topic here.
    sizes : papers of each topic.
    centroids : float32 ``(n_topics, n_dims)``, rows of unit length.
    """
    rows = centred(centroids, sizes)
    names: dict[int, str] = {}
    for number in np.unique(area).tolist():
        members = np.flatnonzero(area == number)
        weights = np.maximum(np.asarray(sizes, dtype=np.float64)[members], 1.0)
        cosines = rows[members] @ rows[members].T
        covered = np.full(len(members), -1.0)
        chosen: list[int] = []
        while len(chosen) < min(_N_NAMED, len(members)):
            gains = (weights[:, None] * np.maximum(cosines, covered[:, None])).sum(axis=0)
            gains[chosen] = -np.inf
            chosen.append(int(gains.argmax()))
            covered = np.maximum(covered, cosines[:, chosen[-1]])
        by_size = sorted((int(members[row]) for row in chosen), key=lambda topic: (-sizes[topic], topic))
        name = joined(list(dict.fromkeys(first_phrase(labels[topic]) for topic in by_size)))
        names[number] = name if name not in names.values() else joined([labels[topic] for topic in by_size])
    return [names[number] for number in area.tolist()]


def first_phrase(label: str) -> str:
    """A label's first phrase: "code generation" of "code generation and program repair"."""
    return label.split(" and ")[0]


def joined(phrases: Sequence[str]) -> str:
    """Phrases as one: "a, b and c"."""
    return " and ".join([", ".join(phrases[:-1]), phrases[-1]] if len(phrases) > 1 else phrases)


def areas_after_refit(
    now: Sequence[str], before: Sequence[str | None], sizes: Sequence[int], labels: Sequence[str]
) -> list[str | None]:
    """The name of each topic's area after a refit: an area that is mostly the same keeps its old name.

    It does so as long as the topics that the old name names are in it.

    Old and new areas are matched one-to-one so that the sum of the Jaccard indices of their papers is greatest.

    Parameters
    ----------
    now : the fit's name for each topic's area; empty if the fit has no areas.
    before : the area that each topic had until now, ``None`` for a new topic.
    sizes : papers of each topic.
    labels : of each topic.

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
        and _names_topics(
            old_names[column], [label for label, name in zip(labels, now, strict=True) if name == new_names[row]]
        )
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


def _names_topics(area: str, labels: Sequence[str]) -> bool:
    """Whether an area's name consists of first phrases of these labels."""
    phrases = {first_phrase(label) for label in labels}
    return all(part in phrases for part in area.replace(" and ", ", ").split(", "))
