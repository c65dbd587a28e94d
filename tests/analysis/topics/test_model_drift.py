"""Drift: sampling alone shows none, a change of the papers does."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.topics.model_drift import drift_of_week, rise_of_unassigned
from domain.topics import TopicDrift
from domain.week import Week

WEEK = Week.parse("2026-W20")
CENTRES = np.eye(3, 16, dtype=np.float32)


def papers(n: int, seed: int, shift: float = 0.0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    topic = rng.integers(0, 3, size=n)
    rows = CENTRES[topic] + 0.2 * rng.normal(size=(n, 16))
    rows[:, 10] += shift
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32), topic


def drift(n: int, seed: int, shift: float = 0.0) -> TopicDrift:
    vectors, topic = papers(n, seed, shift)
    baseline, _ = papers(2000, 99)
    similarity = (vectors @ CENTRES.T).max(axis=1)
    return drift_of_week(WEEK, vectors, topic, similarity, centroids=CENTRES, baseline=baseline)


@pytest.mark.parametrize("n", [30, 300, 3000])
def test_papers_like_those_before_show_no_shift_however_many_they_are(n: int) -> None:
    measured = [drift(n, seed) for seed in range(30)]
    assert np.mean([d.centroid_shift for d in measured]) == pytest.approx(0.0, abs=0.004)
    assert np.mean([d.embedding_shift for d in measured]) == pytest.approx(1.0, abs=0.3)


def test_papers_that_moved_show_both_shifts() -> None:
    moved = drift(300, 1, shift=0.3)
    assert moved.centroid_shift > 0.02
    assert moved.embedding_shift > 3


def test_the_share_without_a_topic_and_the_mean_similarity_are_counted() -> None:
    vectors, _ = papers(4, 0)
    found = drift_of_week(
        WEEK,
        vectors,
        np.array([0, -1, 1, -1]),
        np.array([0.9, 0.1, 0.8, 0.2], dtype=np.float32),
        centroids=CENTRES,
        baseline=vectors[:1],
    )
    assert (found.week, found.n, found.share_unassigned) == (WEEK, 4, 0.5)
    assert found.mean_similarity == pytest.approx(0.5)
    assert (found.centroid_shift, found.embedding_shift) == (0.0, 0.0)


def _weeks(shares: list[float], n: int = 3000) -> list[TopicDrift]:
    return [TopicDrift(WEEK.plus(i), n, share, 0.7, 0.0, 1.0) for i, share in enumerate(shares)]


def test_a_rise_counts_the_newest_week_against_those_that_the_fit_saw() -> None:
    rise = rise_of_unassigned(_weeks([0.14, 0.16, 0.30, 0.25]), WEEK.plus(1))
    assert rise == pytest.approx(0.25 - 0.15, abs=0.025)
    assert rise < 0.25 - 0.15


def test_a_rise_of_a_handful_of_papers_tells_nothing() -> None:
    assert rise_of_unassigned(_weeks([0.15, 0.40], n=10), WEEK) < 0


def test_without_weeks_on_either_side_there_is_no_rise() -> None:
    assert rise_of_unassigned(_weeks([0.15]), WEEK) == 0.0
    assert rise_of_unassigned(_weeks([0.15]), WEEK.plus(-1)) == 0.0
