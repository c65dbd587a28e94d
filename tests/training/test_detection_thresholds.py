"""Thresholds of the detector."""

from __future__ import annotations

import numpy as np

from training.detection_thresholds import calibrated_threshold


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
