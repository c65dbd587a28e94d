"""Papers a little below the floor get a topic by their title or their nearest papers, and no others do."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.topics.assignment import assign_topics, second_topics
from analysis.topics.outlier_reduction import TopicMembers, members_of, with_near_topics
from domain.embeddings import Embeddings
from domain.paper import ArxivId
from domain.topics import FittedTopics

N_DIMS = 12
FLOOR = 0.6
LABELS = ("KV caches", "speech recognition and speaker voices", "graphs")
TOPICS = FittedTopics("m", np.eye(3, N_DIMS, dtype=np.float32), (20, 20, 20), LABELS, ((), (), ()), FLOOR)


def _toward(cosines: list[float], *, axis: int = 5) -> NDArray[np.float32]:
    """A unit vector with these cosines to the topics."""
    vector = np.zeros(N_DIMS)
    vector[:3] = cosines
    vector[axis] = np.sqrt(1 - np.square(cosines).sum())
    return vector.astype(np.float32)


def _assigned(
    papers: list[tuple[str, NDArray[np.float32]]], members: TopicMembers | None = None
) -> tuple[list[int], NDArray[np.float32]]:
    ids = tuple(ArxivId(f"2606.{i:05d}") for i in range(len(papers)))
    embeddings = Embeddings(ids, np.stack([vector for _, vector in papers]), "m")
    members = members or TopicMembers(np.empty((0, N_DIMS), dtype=np.float32), np.empty(0, dtype=np.int64))
    by_centroid = assign_topics(embeddings, TOPICS)
    found = with_near_topics(by_centroid, embeddings, [title for title, _ in papers], TOPICS, members)
    assert found.topic[by_centroid.topic >= 0].tolist() == by_centroid.topic[by_centroid.topic >= 0].tolist()
    return found.topic.tolist(), found.similarity


def test_a_title_that_uses_a_topics_label_gives_its_topic_a_little_below_the_floor() -> None:
    near, far = _toward([0.5, 0.1, 0.1]), _toward([0.4, 0.1, 0.1])
    topics, similarity = _assigned(
        [("Layer-wise KV-Cache Eviction", near), ("Eviction of memory", near), ("KV-Cache Eviction", far)]
    )
    assert topics == [0, -1, -1]
    assert similarity[0] == pytest.approx(0.5)


def test_a_paper_at_the_floor_keeps_the_topic_of_its_centroid_whatever_its_title_says() -> None:
    assert _assigned([("KV caches", _toward([0.3, 0.7, 0.1]))])[0] == [1]


def test_a_label_speaks_only_if_its_topic_is_near_and_a_single_word_only_for_the_nearest() -> None:
    topics, _ = _assigned(
        [
            ("KV caches of speech", _toward([0.5, 0.55, 0.1])),  # not the nearest, but two words
            ("Graphs of speech", _toward([0.1, 0.55, 0.5])),
            ("Speaker voices", _toward([0.55, 0.5, 0.1])),  # the second phrase of a label
            ("Graphs", _toward([0.1, 0.5, 0.55])),
        ]
    )
    assert topics == [0, -1, -1, 2]


def test_the_nearest_papers_give_their_topic_if_most_share_it() -> None:
    rng = np.random.default_rng(0)
    edge = _toward([0.55, 0.2, 0.1])

    def around(n: int) -> NDArray[np.float32]:
        rows = edge + 0.05 * rng.normal(size=(n, N_DIMS))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    one = TopicMembers(around(15), np.zeros(15, dtype=np.int64))
    mixed = TopicMembers(around(15), np.arange(15) % 2)
    few = TopicMembers(around(14), np.zeros(14, dtype=np.int64))
    assert _assigned([("A title", edge)], one)[0] == [0]
    assert _assigned([("A title", edge)], mixed)[0] == [-1]
    assert _assigned([("A title", edge)], few)[0] == [-1]
    assert _assigned([("A title", _toward([0.45, 0.2, 0.1]))], one)[0] == [-1]


def test_a_topic_by_other_signs_keeps_a_similarity_below_the_floor() -> None:
    _, similarity = _assigned([("KV caches", _toward([FLOOR - 1e-7, 0.1, 0.1]))])
    assert similarity[0] < np.float32(FLOOR)


def test_members_are_the_papers_that_have_a_topic() -> None:
    embeddings = Embeddings(
        (ArxivId("2606.00001"), ArxivId("2606.00002")), np.stack([_toward([0.9, 0, 0]), _toward([0.1, 0, 0])]), "m"
    )
    members = members_of(embeddings, assign_topics(embeddings, TOPICS))
    assert members.topic.tolist() == [0]
    assert len(members.vectors) == 1


def test_without_topics_or_papers_nothing_is_given() -> None:
    none = FittedTopics("m", np.empty((0, N_DIMS), dtype=np.float32), (), (), (), FLOOR)
    embeddings = Embeddings((ArxivId("2606.00001"),), _toward([0.5, 0, 0])[None], "m")
    members = TopicMembers(np.empty((0, N_DIMS), dtype=np.float32), np.empty(0, dtype=np.int64))
    assert with_near_topics(assign_topics(embeddings, none), embeddings, ["x"], none, members).topic.tolist() == [-1]
    with pytest.raises(ValueError, match="expected 1 titles"):
        with_near_topics(assign_topics(embeddings, none), embeddings, [], none, members)


def test_another_topic_is_near_above_the_floor_and_the_nearest_at_any_distance_without_one() -> None:
    vectors = np.stack(
        [
            _toward([0.7, 0.65, 0.1]),
            _toward([0.9, 0.2, 0.1]),
            _toward([0.1, 0.3, 0.2]),
            np.zeros(N_DIMS, dtype=np.float32),
        ]
    )
    assert second_topics(vectors, np.array([0, 0, -1, -1]), TOPICS).tolist() == [1, -1, 1, -1]


def test_words_in_a_row_that_only_one_label_has_speak_for_the_nearest_topic() -> None:
    labels = ("image super-resolution", "EEG foundation models", "image captions")
    topics = FittedTopics("m", np.eye(3, N_DIMS, dtype=np.float32), (20, 20, 20), labels, ((), (), ()), FLOOR)
    titles = ["Super-Resolution of Video", "Image Denoising", "Super-resolution of Speech", "A Foundation Model"]
    nearest = [[0.5, 0.1, 0.1], [0.5, 0.1, 0.1], [0.5, 0.55, 0.1], [0.1, 0.5, 0.1]]
    ids = tuple(ArxivId(f"2606.{i:05d}") for i in range(4))
    embeddings = Embeddings(ids, np.stack([_toward(cosines) for cosines in nearest]), "m")
    members = TopicMembers(np.empty((0, N_DIMS), dtype=np.float32), np.empty(0, dtype=np.int64))
    found = with_near_topics(assign_topics(embeddings, topics), embeddings, titles, topics, members)
    assert found.topic.tolist() == [0, -1, -1, -1]
