"""Assignment of papers to fitted topics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.embeddings import Embeddings
from domain.topics import FittedTopics, TopicAssignment
from domain.week import Week

_ROWS_AT_ONCE = 8192
UNASSIGNED = -1


def assign_topics(embeddings: Embeddings, topics: FittedTopics) -> TopicAssignment:
    """Each paper's nearest topic by cosine to the centroids, or -1 if the cosine is below the floor.

    A paper's topic depends on its own vector only, not on the other papers of a batch. Without topics every paper is
    unassigned, with similarity -1.

    Parameters
    ----------
    embeddings : papers, as unit vectors of the model that the topics were fitted with.
    topics : the topics of a fit.

    Raises
    ------
    ValueError
        If the vectors come from another embedding model than the topics.
    """
    if embeddings.model_id != topics.embedding_model_id:
        raise ValueError(
            f"vectors of {embeddings.model_id!r} cannot be compared with topics of {topics.embedding_model_id!r}"
        )
    topic, similarity = nearest_centroids(embeddings.vectors, topics.centroids)
    return TopicAssignment(
        ids=embeddings.ids,
        topic=np.where(similarity >= np.float32(topics.floor), topic, np.int32(UNASSIGNED)),
        similarity=similarity,
    )


def nearest_centroids(
    vectors: NDArray[np.float32], centroids: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Index of each row's nearest centroid and the cosine to it; the lower index wins a tie.

    Returns
    -------
    int32 ``(n_rows,)``, -1 throughout where there are no centroids; and float32 ``(n_rows,)`` in [-1, 1].
    """
    n_rows = len(vectors)
    topic = np.full(n_rows, UNASSIGNED, dtype=np.int32)
    similarity = np.full(n_rows, -1.0, dtype=np.float32)
    if not len(centroids):
        return topic, similarity
    across = centroids.astype(np.float64).T
    for start in range(0, n_rows, _ROWS_AT_ONCE):
        rows = slice(start, min(start + _ROWS_AT_ONCE, n_rows))
        # A matrix product's order of summation depends on the shape of the batch. Summing in float64 and rounding to
        # float32 removes the difference, so that the result does not depend on the batch.
        cosines = (vectors[rows].astype(np.float64) @ across).astype(np.float32)
        topic[rows] = cosines.argmax(axis=1)
        similarity[rows] = cosines.max(axis=1)
    return topic, np.clip(similarity, -1.0, 1.0)


def second_topics(vectors: NDArray[np.float32], own: NDArray[np.int64], topics: FittedTopics) -> NDArray[np.int64]:
    """Another topic that each paper is near to: int64 ``(n_papers,)``, -1 for none.

    That is the nearest topic except the paper's own, if it reaches the floor. For a paper without a topic it is the
    nearest one at any distance. No count includes it.

    Parameters
    ----------
    vectors : float32 ``(n_papers, n_dims)``, rows of unit length, or zero for a paper that is not embedded.
    own : int ``(n_papers,)``, the number of each paper's topic, -1 for none.
    topics : the topics of the fit.
    """
    second = np.full(len(vectors), UNASSIGNED, dtype=np.int64)
    if not len(topics):
        return second
    across = topics.centroids.T
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        rows = slice(start, min(start + _ROWS_AT_ONCE, len(vectors)))
        cosines = vectors[rows] @ across
        has_topic = np.flatnonzero(own[rows] >= 0)
        cosines[has_topic, own[rows][has_topic]] = -2.0
        best = cosines.argmax(axis=1)
        reaches = cosines.max(axis=1) >= np.where(own[rows] >= 0, np.float32(topics.floor), np.float32(-1.0))
        second[rows] = np.where(reaches & vectors[rows].any(axis=1), best, UNASSIGNED)
    return second


def birth_weeks(assignment: TopicAssignment, weeks: Sequence[Week], n_topics: int) -> list[Week]:
    """The week in which each topic began: the first by whose end it had more than a twentieth of its papers.

    A topic's first paper does not decide, because it may be an outlier.

    Parameters
    ----------
    assignment : papers with their topics.
    weeks : the week of each of these papers.
    n_topics : how many topics the fit has.

    Raises
    ------
    ValueError
        If the numbers of weeks and papers differ, or there are topics but no papers.
    """
    if len(weeks) != len(assignment.ids):
        raise ValueError(f"expected {len(assignment.ids)} weeks, got {len(weeks)}")
    if n_topics and not weeks:
        raise ValueError("expected papers, got none")
    by_topic: list[list[Week]] = [[] for _ in range(n_topics)]
    for number, week in zip(assignment.topic.tolist(), weeks, strict=True):
        if number >= 0:
            by_topic[number].append(week)
    newest = max(weeks, default=None)
    begun = []
    for of_topic in by_topic:
        of_topic.sort()
        # A topic all of whose papers lie below the floor has no weeks; it counts as new.
        begun.append(of_topic[len(of_topic) // 20] if of_topic else newest)
    return [week for week in begun if week is not None]
