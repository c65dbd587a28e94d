"""Which topic a paper belongs to, once topics are fitted."""

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
    """Each paper's nearest topic by cosine to the centroids, or -1 where none is as near as the floor.

    A paper's answer depends on nothing but its own vector: alone or in a batch, first or last, it is the same.
    Without topics every paper is unassigned, with similarity -1.

    Parameters
    ----------
    embeddings : papers, as unit vectors of the model that the topics were fitted with.
    topics : the fit to assign to.

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
        # The order in which a matrix product adds up depends on the batch's shape. Added up in float64 and
        # rounded to float32, that difference is gone, and with it any dependence on the batch.
        cosines = (vectors[rows].astype(np.float64) @ across).astype(np.float32)
        topic[rows] = cosines.argmax(axis=1)
        similarity[rows] = cosines.max(axis=1)
    return topic, np.clip(similarity, -1.0, 1.0)


def birth_weeks(assignment: TopicAssignment, weeks: Sequence[Week], n_topics: int) -> list[Week]:
    """The week in which each topic began: by its end, a twentieth of the topic's papers so far had come.

    One early stray must not date a topic, so its first paper does not decide.

    Parameters
    ----------
    assignment : papers with their topics.
    weeks : the week of each of these papers.
    n_topics : how many topics the fit has.

    Raises
    ------
    ValueError
        If the weeks are not as many as the papers, or there are topics and no papers.
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
        # A topic whose every paper lies below the floor has no week of its own; it is as new as can be.
        begun.append(of_topic[len(of_topic) // 20] if of_topic else newest)
    return [week for week in begun if week is not None]
