"""What stands near a topic comes nearest first, and a rare technique says nothing of it."""

from __future__ import annotations

import numpy as np

from analysis.topics.topic_surroundings import central_rows, common_techniques, nearest_topics
from domain.detections import TermKind

TERMS: tuple[tuple[TermKind, str], ...] = (
    ("technique", "llm"),
    ("theme", "efficiency"),
    ("technique", "gnn"),
    ("technique", "rl"),
)


def test_the_nearest_topics_come_first_with_their_cosines() -> None:
    here, near, far, opposite = (np.array(v, dtype=np.float32) for v in ((1, 0), (0.8, 0.6), (0, 1), (-1, 0)))
    found = nearest_topics(here, [far, opposite, near], limit=2)
    assert [i for i, _ in found] == [2, 0]
    assert np.allclose([cosine for _, cosine in found], [0.8, 0.0])
    assert nearest_topics(here, [], limit=2) == []


def test_the_most_central_papers_come_first_and_equal_ones_keep_their_order() -> None:
    similarity = np.array([0.1, 0.9, 0.5, 0.9, 0.2], dtype=np.float32)
    assert central_rows(np.array([1, 2, 3, 4]), similarity).tolist() == [1, 3, 2, 4]


def test_techniques_that_are_adopted_by_a_twentieth_are_named_most_first() -> None:
    level = np.zeros((40, 4), dtype=np.int8)
    level[:2, 0] = 2  # exactly a twentieth
    level[:, 1] = 3  # a theme
    level[:9, 2] = 3
    level[:1, 3] = 2  # too few
    level[1:, 3] = 1  # only mentioned
    assert common_techniques(level, TERMS, limit=6) == [("gnn", 9), ("llm", 2)]
    assert common_techniques(level, TERMS, limit=1) == [("gnn", 9)]
    assert common_techniques(level[:0], TERMS, limit=6) == []
