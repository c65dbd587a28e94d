"""New topics between refits: groups of recent papers that fit no topic, but are similar to each other.

    unassigned papers of recent and earlier weeks -> a paper's nearest neighbours -> mostly recent? -> a new topic

There are always papers that fit no topic, and some of them are similar. A group of them is new if its papers are more
recent than those of unassigned papers in general. So neighbours are found regardless of their weeks, and then the
recent ones among them are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.topics.bertopic_model import count_words, distinctive_terms
from analysis.topics.labels import count_titles, label_topics, plain_text, title_of

NEIGHBORHOOD_SIZES = (8, 10, 12, 15, 18, 22, 27)
"""Numbers of nearest neighbours that are tested, because a new topic may have few papers or many."""

MAX_P_VALUE = 0.0001
"""Largest probability that one search finds a new topic although the recent weeks are like those before."""

_SEEDS_AT_ONCE = 1024
_N_REFINEMENTS = 3


@dataclass(frozen=True, eq=False)
class NewTopic:
    """A topic found between refits: its centroid, ``(n_dims,)`` of unit length, and the rows of its first papers."""

    centroid: NDArray[np.float32]
    rows: NDArray[np.int64]


def find_new_topic(
    vectors: NDArray[np.float32], is_recent: NDArray[np.bool_], *, floor: float, min_papers: int
) -> NewTopic | None:
    """The group of unassigned papers that is most certainly new; ``None`` if there is none.

    For each recent paper, the recent ones among its nearest neighbours are counted and compared with a random draw of
    as many papers (hypergeometric test). If that p-value, corrected for all papers and neighbourhoods (Bonferroni), is
    at most `MAX_P_VALUE`, the mean of the recent neighbours becomes a centroid, and the papers within the floor of it
    become the topic's.

    Parameters
    ----------
    vectors : float32 ``(n_papers, n_dims)``, rows of unit length: all unassigned papers of recent and earlier weeks.
    is_recent : bool ``(n_papers,)``, which of them are recent.
    floor : least cosine of a paper to the centroid, the same as for fitted topics.
    min_papers : least recent papers of a new topic; most of its papers must be recent as well.

    Raises
    ------
    ValueError
        If ``is_recent`` has another shape.
    """
    if is_recent.shape != (len(vectors),):
        raise ValueError(f"expected shape ({len(vectors)},), got {is_recent.shape}")
    seeds = np.flatnonzero(is_recent)
    if len(seeds) < min_papers or len(seeds) == len(vectors):
        return None
    p_values, neighbors = _neighborhood_p_values(vectors, is_recent, seeds)
    for at in np.argsort(p_values, kind="stable"):
        if p_values[at] > MAX_P_VALUE:
            return None
        rows = np.append(neighbors[at][is_recent[neighbors[at]]], seeds[at])
        for _ in range(_N_REFINEMENTS):
            centroid = _mean(vectors[rows])
            rows = np.flatnonzero(vectors @ centroid >= np.float32(floor))
            if not len(rows):
                break
        n_recent = int(is_recent[rows].sum())
        if n_recent >= min_papers and 2 * n_recent > len(rows):
            return NewTopic(centroid, rows)
    return None


def fits_without_itself(
    similarity: NDArray[np.float32], topic: NDArray[np.int64], *, floor: float
) -> NDArray[np.bool_]:
    """Whether each paper of a fit would still reach the floor of its topic if the fit had not used it.

    A paper pulls the centroid of a small topic towards itself. A paper of a later week that is just as similar does
    not, and misses the floor. Counting such papers as new would find new topics around every small one.

    Parameters
    ----------
    similarity : float32 ``(n_papers,)``, each paper's cosine to its topic's centroid.
    topic : int ``(n_papers,)``, the number of that topic; -1 for none, for which the answer is false.
    floor : least cosine of a topic's papers to its centroid.

    Returns
    -------
    bool ``(n_papers,)``.
    """
    members = topic >= 0
    # The sum of a topic's vectors has the centroid's direction, and its length is the sum of their cosines with the
    # centroid. Subtract one vector from it.
    lengths = np.bincount(topic[members], weights=similarity[members], minlength=int(topic.max(initial=0)) + 1)
    length = lengths[np.where(members, topic, 0)]
    rest = np.sqrt(np.maximum(length**2 - 2 * length * similarity + 1, 1e-12))
    return np.asarray(members & ((length * similarity - 1) / rest >= floor))


def _neighborhood_p_values(
    vectors: NDArray[np.float32], is_recent: NDArray[np.bool_], seeds: NDArray[np.int64]
) -> tuple[NDArray[np.float64], list[NDArray[np.int64]]]:
    """For each seed the least p-value of its neighbourhoods, corrected for all that are tested, and its neighbours."""
    from scipy.stats import hypergeom

    n_others = len(vectors) - 1
    sizes = [size for size in NEIGHBORHOOD_SIZES if size <= n_others]
    p_values = np.ones(len(seeds))
    neighbors: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)] * len(seeds)
    for start in range(0, len(seeds), _SEEDS_AT_ONCE):
        some = seeds[start : start + _SEEDS_AT_ONCE]
        cosines = vectors[some] @ vectors.T
        cosines[np.arange(len(some)), some] = -2.0
        nearest = _nearest(cosines, sizes[-1] if sizes else 0)
        n_recent = is_recent[nearest].cumsum(axis=1)
        for size in sizes:
            p_value = hypergeom.sf(n_recent[:, size - 1] - 1, n_others, len(seeds) - 1, size)
            p_value *= len(seeds) * len(sizes)
            for row in np.flatnonzero(p_value < p_values[start : start + len(some)]):
                p_values[start + row] = p_value[row]
                neighbors[start + row] = nearest[row, :size]
    return p_values, neighbors


def _nearest(cosines: NDArray[np.float32], n: int) -> NDArray[np.int64]:
    """Columns of the ``n`` largest cosines of each row, the largest first."""
    some = np.argpartition(-cosines, min(n, cosines.shape[1] - 1), axis=1)[:, :n]
    order = np.argsort(-np.take_along_axis(cosines, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1)


def _mean(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    total = vectors.sum(axis=0, dtype=np.float64)
    return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


def describe_new_topic(
    texts: Sequence[str], topic_of_paper: NDArray[np.int64], top_terms: Sequence[Sequence[str]], n_terms: int
) -> tuple[str, tuple[str, ...]]:
    """Label and top terms of a new topic.

    Parameters
    ----------
    texts : "title. abstract" of recent papers, those of other topics included, because the label must distinguish it
        from them.
    topic_of_paper : int ``(n_papers,)``, -1 for none; the new topic has the highest number.
    top_terms : of the other topics, by their numbers.
    n_terms : most top terms of the new topic.
    """
    number = len(top_terms)
    plain = [plain_text(text) for text in texts]
    n_own = int((topic_of_paper == number).sum())
    # A third of its papers is enough: the words of a new topic may occur in no other paper.
    words = count_words(plain, max(2, n_own // 3))
    terms: tuple[str, ...] = ()
    if words is not None:
        candidates: list[Sequence[str]] = [()] * number + [words.vocabulary]
        terms = tuple(term for term, _ in distinctive_terms(words, topic_of_paper, n_terms, candidates)[number])
    titles = count_titles([title_of(text) for text in plain], plain, topic_of_paper, number + 1)
    return label_topics(titles, [*top_terms, terms])[number], terms
