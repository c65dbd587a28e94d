"""Thresholds of the detector."""

from __future__ import annotations

import numpy as np

from training.detection_thresholds import NO_WORDS_SCORE, calibrated_threshold, own_thresholds


def test_a_calibrated_threshold_is_where_the_probability_is_half_of_the_best_expected_f1() -> None:
    random_numbers = np.random.default_rng(0)
    score = random_numbers.normal(0.0, 3.0, 20_000)
    probability = 1 / (1 + np.exp(-score))
    truth = random_numbers.random(20_000) < probability
    tried = np.linspace(-3, 3, 121)
    f1 = [2 * (truth & (score > t)).sum() / (truth.sum() + (score > t).sum()) for t in tried]
    threshold = calibrated_threshold(truth, score)
    assert abs(threshold - tried[int(np.argmax(f1))]) < 0.4
    assert threshold < 0


def test_a_threshold_rises_where_some_negatives_weigh_more_and_ignores_papers_without_the_words() -> None:
    random_numbers = np.random.default_rng(1)
    level = random_numbers.integers(0, 3, 3_000)
    score = level + random_numbers.normal(0.0, 1.0, 3_000)
    truth, weights = level == 2, np.where(level == 1, 2.0, 1.0)
    [plain], [weighted] = own_thresholds([truth], [score]), own_thresholds([truth], [score], [weights])
    assert weighted > plain + 0.1
    without = [np.append(of, last) for of, last in ((truth, False), (score, NO_WORDS_SCORE))]
    assert own_thresholds([without[0]], [without[1]]) == [plain]
