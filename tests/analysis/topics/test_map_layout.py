"""The map: neighbours lie together, and topics that continue stay near where they were."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.topics.map_layout import new_topic_position, paper_positions, sample_by_id, topic_positions
from domain.paper import ArxivId

pytestmark = pytest.mark.slow  # every map is a UMAP fit


def centroids(n: int, seed: int = 0) -> NDArray[np.float32]:
    """Topics in five fields."""
    rng = np.random.default_rng(seed)
    fields = rng.normal(size=(5, 32))
    rows = fields[np.arange(n) % 5] + 0.5 * rng.normal(size=(n, 32))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def nowhere(n: int) -> NDArray[np.float64]:
    return np.full((n, 2), np.nan)


def moved(seed: int, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same topics as another fit finds them."""
    other = rows + 0.03 * np.random.default_rng(seed).normal(size=rows.shape)
    return np.asarray(other / np.linalg.norm(other, axis=1, keepdims=True), dtype=np.float32)


def test_topics_of_one_field_lie_together() -> None:
    places = topic_positions(centroids(40), nowhere(40), seed=7)
    distance = np.linalg.norm(places[:, None] - places[None], axis=2)
    same = (np.arange(40)[:, None] - np.arange(40)[None]) % 5 == 0
    assert distance[same].mean() < 0.5 * distance[~same].mean()


def test_the_same_topics_and_seed_give_the_same_map() -> None:
    one, other = (topic_positions(centroids(30), nowhere(30), seed=7) for _ in range(2))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("n", [6, 40])
def test_after_a_refit_topics_stay_near_where_they_were_and_new_ones_come_between_their_like(n: int) -> None:
    first = centroids(n)
    before = topic_positions(first, nowhere(n), seed=7)
    refitted = np.concatenate([moved(1, first), moved(2, first[:1])])
    after = topic_positions(refitted, np.concatenate([before, nowhere(1)]), seed=8)
    shift = np.linalg.norm(after[:n] - before, axis=1)
    assert shift.mean() < 0.3
    assert np.linalg.norm(after[n] - after[0]) < 0.6
    if n > 12:
        fresh = topic_positions(refitted, nowhere(n + 1), seed=8)
        assert shift.mean() < 0.5 * np.linalg.norm(fresh[:n] - before, axis=1).mean()


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_topics_have_places_too(n: int) -> None:
    places = topic_positions(centroids(n), nowhere(n), seed=7)
    assert places.shape == (n, 2)
    assert np.isfinite(places).all()


def test_a_paper_lies_at_its_topic_and_does_not_depend_on_the_others() -> None:
    topics = np.eye(4, dtype=np.float32)
    places = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    papers = np.array([[1, 0, 0, 0], [0.7071, 0.7071, 0, 0]], dtype=np.float32)
    found = paper_positions(papers, topics, places)
    assert found[0] == pytest.approx([0.0, 0.0], abs=0.01)
    assert found[1] == pytest.approx([0.5, 0.0], abs=0.01)
    np.testing.assert_allclose(paper_positions(papers[1:], topics, places)[0], found[1])


def test_a_newborn_is_drawn_among_topics_that_have_a_place() -> None:
    topics = np.eye(3, dtype=np.float32)
    places = np.array([[5.0, 5.0], [1.0, 2.0], [np.nan, np.nan]])
    assert new_topic_position(topics[1], topics, places) == pytest.approx([1.0, 2.0], abs=0.01)
    assert np.isnan(new_topic_position(topics[1], topics, nowhere(3))).all()


def test_a_sample_keeps_its_papers_when_others_come() -> None:
    ids = [ArxivId(f"2606.{n:05d}") for n in range(200)]
    before = {ids[row] for row in sample_by_id(ids[:150], 50)}
    after = {ids[row] for row in sample_by_id(ids, 50)}
    assert len(before) == len(after) == 50
    assert after - before <= set(ids[150:])
    assert sample_by_id(ids[:3], 50) == [0, 1, 2]


def test_places_of_as_many_topics_are_asked_for() -> None:
    with pytest.raises(ValueError, match=r"expected shape \(3, 2\), got \(2, 2\)"):
        topic_positions(centroids(3), nowhere(2), seed=7)
