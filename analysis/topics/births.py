"""Topics that are born between refits: groups of new papers that fit no topic, but each other.

    unassigned papers of recent and earlier weeks -> a paper's nearest neighbours -> mostly recent? -> a newborn topic

Papers that fit nothing are always there, and some of them lie close together. What makes a group news is its weeks:
were it as old as everything else that fits nothing, recent papers would be among its members as often as among all. So
neighbours are found without regard to their weeks, and then the recent ones are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.topics.bertopic_model import count_words, telling_terms
from analysis.topics.labels import count_titles, label_topics, plain_text, title_of

NEIGHBORHOODS = (8, 10, 12, 15, 18, 22, 27)
"""How many nearest neighbours of a paper are looked at: a newborn topic has few papers or many."""

MAX_CHANCE = 0.0001
"""How probable it may be, at most, that one search calls anything new in weeks that are like those before."""

_SEEDS_AT_ONCE = 1024
_N_REFINEMENTS = 3


@dataclass(frozen=True, eq=False)
class NewTopic:
    """A topic born between refits: its centroid of unit length, and the rows of the papers that it begins with."""

    centroid: NDArray[np.float32]
    rows: NDArray[np.int64]


def find_new_topic(
    vectors: NDArray[np.float32], is_recent: NDArray[np.bool_], *, floor: float, min_papers: int
) -> NewTopic | None:
    """The group of unassigned papers that is most surely new, ``None`` where nothing is.

    For each recent paper the recent ones among its nearest neighbours are counted, and compared with what drawing as
    many papers blindly would give (hypergeometric). Where that is less probable than `MAX_CHANCE` over all papers and
    neighbourhoods together, the neighbours' mean becomes a centroid, and what lies within the floor its papers.

    Parameters
    ----------
    vectors : float32 ``(n_papers, n_dims)``, rows of unit length: all unassigned papers of recent and earlier weeks.
    is_recent : which of them are recent.
    floor : cosine to the centroid that a member has at least, the same as for the topics that are fitted.
    min_papers : recent papers that a newborn has at least; most of its papers must be recent.

    Raises
    ------
    ValueError
        If there is not one mark for each vector.
    """
    if is_recent.shape != (len(vectors),):
        raise ValueError(f"expected shape ({len(vectors)},), got {is_recent.shape}")
    seeds = np.flatnonzero(is_recent)
    if len(seeds) < min_papers or len(seeds) == len(vectors):
        return None
    surprise, neighbors = _surprise(vectors, is_recent, seeds)
    for at in np.argsort(surprise, kind="stable"):
        if surprise[at] > MAX_CHANCE:
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
    """Whether each of the papers that a fit saw would be as near to its topic's centroid had the fit not seen it.

    A paper pulls the centroid of a small topic towards itself, so that a paper of a later week, just as much like the
    topic, misses the floor. Counting such papers as new would find births at the rim of every small topic.

    Parameters
    ----------
    similarity : float32 ``(n_papers,)``, each paper's cosine to its topic's centroid.
    topic : int ``(n_papers,)``, which topic that is; -1 for none, which is never near enough.
    floor : the cosine that is near enough.
    """
    members = topic >= 0
    # A topic's vectors add up to the sum of their cosines, in the centroid's direction: take one vector away.
    lengths = np.bincount(topic[members], weights=similarity[members], minlength=int(topic.max(initial=0)) + 1)
    length = lengths[np.where(members, topic, 0)]
    rest = np.sqrt(np.maximum(length**2 - 2 * length * similarity + 1, 1e-12))
    return np.asarray(members & ((length * similarity - 1) / rest >= floor))


def _surprise(
    vectors: NDArray[np.float32], is_recent: NDArray[np.bool_], seeds: NDArray[np.int64]
) -> tuple[NDArray[np.float64], list[NDArray[np.int64]]]:
    """For each seed the chance of its most recent-looking neighbourhood, corrected for all that are looked at."""
    from scipy.stats import hypergeom

    n_others = len(vectors) - 1
    sizes = [size for size in NEIGHBORHOODS if size <= n_others]
    surprise = np.ones(len(seeds))
    neighbors: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)] * len(seeds)
    for start in range(0, len(seeds), _SEEDS_AT_ONCE):
        some = seeds[start : start + _SEEDS_AT_ONCE]
        cosines = vectors[some] @ vectors.T
        cosines[np.arange(len(some)), some] = -2.0
        nearest = _nearest(cosines, sizes[-1] if sizes else 0)
        n_recent = is_recent[nearest].cumsum(axis=1)
        for size in sizes:
            chance = hypergeom.sf(n_recent[:, size - 1] - 1, n_others, len(seeds) - 1, size)
            chance *= len(seeds) * len(sizes)
            for row in np.flatnonzero(chance < surprise[start : start + len(some)]):
                surprise[start + row] = chance[row]
                neighbors[start + row] = nearest[row, :size]
    return surprise, neighbors


def _nearest(cosines: NDArray[np.float32], n: int) -> NDArray[np.int64]:
    """Columns of the ``n`` highest cosines of each row, highest first."""
    some = np.argpartition(-cosines, min(n, cosines.shape[1] - 1), axis=1)[:, :n]
    order = np.argsort(-np.take_along_axis(cosines, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1)


def _mean(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    total = vectors.sum(axis=0, dtype=np.float64)
    return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


def describe_new_topic(
    texts: Sequence[str], topic_of_paper: NDArray[np.int64], top_terms: Sequence[Sequence[str]], n_terms: int
) -> tuple[str, tuple[str, ...]]:
    """Label and top terms of a topic born between refits, the last one.

    Parameters
    ----------
    texts : "title. abstract" of recent papers, those of other topics included: a name must tell it from them.
    topic_of_paper : int ``(n_papers,)``, -1 for none; the highest number is the newborn's.
    top_terms : of the other topics.
    n_terms : how many top terms the newborn gets.
    """
    number = len(top_terms)
    plain = [plain_text(text) for text in texts]
    n_own = int((topic_of_paper == number).sum())
    # A third of its papers: a newborn's words may be in no other paper.
    words = count_words(plain, max(2, n_own // 3))
    terms: tuple[str, ...] = ()
    if words is not None:
        candidates: list[Sequence[str]] = [()] * number + [words.vocabulary]
        terms = tuple(term for term, _ in telling_terms(words, topic_of_paper, n_terms, candidates)[number])
    titles = count_titles([title_of(text) for text in plain], plain, topic_of_paper, number + 1)
    return label_topics(titles, [*top_terms, terms])[number], terms
