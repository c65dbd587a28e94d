"""Topics of papers a little too far from every centroid, by what their title says or what their nearest papers have.

    paper below the floor -> the label of a near topic in its title? -> a topic that most of its nearest papers share?

A centroid is the mean of a topic, so a paper at its edge can be too far from it although the title names the topic, or
although the papers most similar to it belong to the topic. BERTopic's own ways to give outliers a topic
(``reduce_outliers``) take the nearest topic at any distance above one threshold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.topics.assignment import UNASSIGNED
from analysis.topics.labels import GENERAL, Key, label_phrases, title_segments, uses_phrase
from domain.embeddings import Embeddings
from domain.topics import FittedTopics, TopicAssignment

MAX_BELOW_BY_TITLE = 0.15
"""How far below the floor the cosine to a topic may be if the title uses the topic's label."""
N_NEAREST_BY_TITLE = 3
"""The title speaks for the nearest so many topics only."""

MAX_BELOW_BY_PAPERS = 0.08
"""How far below the floor the cosine to a topic may be if the nearest papers belong to it."""
N_NEAREST_PAPERS = 15
MIN_SHARE_OF_PAPERS = 0.6

_ROWS_AT_ONCE = 1024


@dataclass(frozen=True, eq=False)
class TopicMembers:
    """The papers of a fit that reach the floor of their topic.

    ``vectors`` is float32 ``(n_papers, n_dims)``, rows of unit length; ``topic`` int ``(n_papers,)``, from 0.
    """

    vectors: NDArray[np.float32]
    topic: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.topic.shape != (len(self.vectors),):
            raise ValueError(f"expected shape ({len(self.vectors)},), got {self.topic.shape}")


def members_of(embeddings: Embeddings, assignment: TopicAssignment) -> TopicMembers:
    """The assigned papers among these."""
    rows = np.flatnonzero(assignment.topic >= 0)
    return TopicMembers(embeddings.vectors[rows], assignment.topic[rows].astype(np.int64))


def with_near_topics(
    assignment: TopicAssignment,
    embeddings: Embeddings,
    titles: Sequence[str],
    topics: FittedTopics,
    members: TopicMembers,
) -> TopicAssignment:
    """The assignment, with a topic for some of the papers below the floor.

    A paper gets one of the `N_NEAREST_BY_TITLE` nearest topics if its title uses the topic's label and the cosine is
    at most `MAX_BELOW_BY_TITLE` below the floor. For the nearest topic a word alone, the second phrase of a label,
    and two words in a row that no other label has ("super-resolution" of "image super-resolution") speak too. Else it
    gets the topic of at least `MIN_SHARE_OF_PAPERS` of its `N_NEAREST_PAPERS` nearest papers, if the cosine is at
    most `MAX_BELOW_BY_PAPERS` below the floor. Its similarity is then the cosine to that topic, below the floor, by
    which it can be told from others.

    Parameters
    ----------
    assignment : of these papers by their cosine to the centroids.
    embeddings : the papers' unit vectors.
    titles : of the papers.
    topics : the topics of the fit.
    members : papers of the fit, with which the papers are compared.

    Raises
    ------
    ValueError
        If there is not one title for each paper.
    """
    if len(titles) != len(assignment.ids):
        raise ValueError(f"expected {len(assignment.ids)} titles, one for each paper, got {len(titles)}")
    topic, similarity = assignment.topic.copy(), assignment.similarity.copy()
    phrases = _speaking_phrases(topics)
    left = np.flatnonzero(topic == UNASSIGNED) if len(topics) else np.empty(0, dtype=np.int64)
    for start in range(0, len(left), _ROWS_AT_ONCE):
        rows = left[start : start + _ROWS_AT_ONCE]
        vectors = embeddings.vectors[rows]
        cosines = (vectors.astype(np.float64) @ topics.centroids.T.astype(np.float64)).astype(np.float32)
        by_papers = _topics_of_nearest(vectors, members)
        for row, of_row, nearest in zip(rows.tolist(), cosines, by_papers.tolist(), strict=True):
            named = _named_by_title(titles[row], of_row, phrases, topics.floor)
            if named is None and nearest >= 0 and of_row[nearest] >= np.float32(topics.floor - MAX_BELOW_BY_PAPERS):
                named = nearest
            if named is not None:
                topic[row], similarity[row] = named, min(of_row[named], np.nextafter(np.float32(topics.floor), -2.0))
    return TopicAssignment(assignment.ids, topic, similarity)


@dataclass(frozen=True)
class SpeakingPhrases:
    """The phrases by which a title can name a topic: ``nearest`` if no topic is nearer, ``anywhere`` among the near."""

    anywhere: tuple[Key, ...]
    nearest: tuple[Key, ...]


def _speaking_phrases(topics: FittedTopics) -> list[SpeakingPhrases]:
    """What a title can name each topic by.

    A label may be narrower than its topic: "image super-resolution" also holds papers on the super-resolution of video.
    """
    labels = [label_phrases(label) for label in topics.labels]
    n_with_run = Counter(run for label in labels for run in {run for key in label for run in _runs(key)})
    speaking = []
    for label in labels:
        own = tuple(key for key in label[:1] if len(key) > 1)
        own_runs = {run for key in label for run in _runs(key) if len(run) > 1 and n_with_run[run] == 1}
        speaking.append(SpeakingPhrases(own, (*label, *sorted(own_runs))))
    return speaking


def _runs(key: Key) -> list[Key]:
    """A phrase, and the runs of words in it without a general word such as "model"."""
    runs = [key[i:j] for i in range(len(key)) for j in range(i + 1, len(key) + 1)]
    return [run for run in runs if run == key or GENERAL.isdisjoint(run)]


def _named_by_title(
    title: str, cosines: NDArray[np.float32], phrases: Sequence[SpeakingPhrases], floor: float
) -> int | None:
    """The nearest topic whose label the title uses; ``None`` if there is none."""
    segments = title_segments(title)
    nearest: list[int] = np.argsort(-cosines, kind="stable")[:N_NEAREST_BY_TITLE].tolist()
    for rank, number in enumerate(nearest):
        if cosines[number] < np.float32(floor - MAX_BELOW_BY_TITLE):
            return None
        spoken = phrases[number].anywhere if rank else phrases[number].nearest
        if any(uses_phrase(segments, phrase) for phrase in spoken):
            return number
    return None


def _topics_of_nearest(vectors: NDArray[np.float32], members: TopicMembers) -> NDArray[np.int64]:
    """The topic that most of the nearest members of each paper share, -1 if they share none: int64 ``(n_papers,)``."""
    found = np.full(len(vectors), UNASSIGNED, dtype=np.int64)
    if len(members.topic) < N_NEAREST_PAPERS:
        return found
    cosines = vectors @ members.vectors.T
    nearest = np.argpartition(-cosines, N_NEAREST_PAPERS - 1, axis=1)[:, :N_NEAREST_PAPERS]
    for row, topics_of_row in enumerate(members.topic[nearest]):
        counts = np.bincount(topics_of_row)
        if counts.max() >= MIN_SHARE_OF_PAPERS * N_NEAREST_PAPERS:
            found[row] = int(counts.argmax())
    return found
