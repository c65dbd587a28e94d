"""Topics born between refits: found where there is news, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.topics.new_topics import describe_new_topic, find_new_topic, fits_without_itself

N_DIMS = 48
FLOOR = 0.6


def strays(n: int, seed: int) -> NDArray[np.float32]:
    """Papers that belong to nothing."""
    return _unit(np.random.default_rng(seed).normal(size=(n, N_DIMS)))


def group(n: int, seed: int, spread: float = 0.12) -> NDArray[np.float32]:
    """Papers about one thing."""
    rng = np.random.default_rng(seed)
    centre = rng.normal(size=N_DIMS)
    centre /= np.linalg.norm(centre)
    return _unit(centre + spread * rng.normal(size=(n, N_DIMS)))


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def test_a_group_of_recent_papers_is_born_with_its_own_papers() -> None:
    vectors = np.concatenate([strays(400, 0), group(12, 1)])
    is_recent = np.arange(len(vectors)) >= 320
    newborn = find_new_topic(vectors, is_recent, floor=FLOOR, min_papers=8)
    assert newborn is not None
    assert newborn.rows.tolist() == list(range(400, 412))
    assert np.linalg.norm(newborn.centroid) == pytest.approx(1.0, abs=1e-6)


def test_a_group_as_old_as_all_the_rest_is_no_news() -> None:
    vectors = np.concatenate([strays(400, 0), group(40, 1)])
    is_recent = np.arange(len(vectors)) % 5 == 0
    assert find_new_topic(vectors, is_recent, floor=FLOOR, min_papers=8) is None


def test_strays_give_birth_to_nothing_whatever_the_weeks() -> None:
    vectors = strays(500, 3)
    for seed in range(20):
        is_recent = np.random.default_rng(seed).random(len(vectors)) < 0.25
        assert find_new_topic(vectors, is_recent, floor=FLOOR, min_papers=8) is None


def test_too_few_papers_are_no_topic() -> None:
    vectors = np.concatenate([strays(400, 0), group(7, 1)])
    is_recent = np.arange(len(vectors)) >= 330
    assert find_new_topic(vectors, is_recent, floor=FLOOR, min_papers=8) is None


def test_without_earlier_papers_nothing_can_be_new() -> None:
    vectors = group(30, 1)
    assert find_new_topic(vectors, np.ones(30, dtype=bool), floor=FLOOR, min_papers=8) is None
    assert find_new_topic(vectors[:0], np.ones(0, dtype=bool), floor=FLOOR, min_papers=8) is None


def test_a_newborn_is_named_by_what_tells_it_from_other_topics() -> None:
    old = [f"Beekeeping with smoke {n}. We keep bees in hives with smoke." for n in range(30)]
    new = [f"Glass Harmonicas for All {n}. We build glass harmonicas and play them." for n in range(9)]
    topic_of_paper = np.array([0] * 30 + [1] * 9)
    label, terms = describe_new_topic([*old, *new], topic_of_paper, [("bees", "hives", "smoke")], 10)
    assert label.lower() == "glass harmonicas"
    assert set(terms[:2]) <= {"glass", "harmonicas", "play", "build"}


def test_one_mark_for_each_vector_is_asked_for() -> None:
    with pytest.raises(ValueError, match=r"expected shape \(5,\), got \(4,\)"):
        find_new_topic(strays(5, 0), np.ones(4, dtype=bool), floor=FLOOR, min_papers=2)


def test_a_paper_that_drew_its_topic_to_itself_does_not_fit_without_itself() -> None:
    vectors = np.concatenate([group(5, 1, spread=0.2), group(400, 2, spread=0.2)])
    topic = np.repeat([0, 1], [5, 400])
    centroids = np.stack([vectors[topic == n].mean(axis=0) for n in (0, 1)])
    centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)
    similarity = (vectors * centroids[topic]).sum(axis=1)
    for row in (0, 4, 5, 200):
        others = (topic == topic[row]) & (np.arange(len(topic)) != row)
        mean = vectors[others].mean(axis=0)
        without = float(vectors[row] @ mean / np.linalg.norm(mean))
        assert without < similarity[row]
        assert fits_without_itself(similarity, topic, floor=without - 1e-4)[row]
        assert not fits_without_itself(similarity, topic, floor=without + 1e-4)[row]


def test_papers_without_a_topic_never_fit() -> None:
    none = np.array([-1, -1])
    assert not fits_without_itself(np.array([0.9, 0.1], dtype=np.float32), none, floor=-1.0).any()
