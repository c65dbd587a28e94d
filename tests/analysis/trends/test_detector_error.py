"""A corrected share finds the truth behind a detector's errors, and its interval holds it as often as it says."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.trends.detector_error import MeasuredError, corrected, corrected_shares, measured_errors
from analysis.trends.shares import share_of

GOOD = MeasuredError(n_found=90, n_missed=10, n_wrong=5, n_right=495)


def test_what_is_missed_is_added_and_what_is_wrong_taken_away() -> None:
    true = 0.2
    k = round(10_000 * (true * GOOD.sensitivity + (1 - true) * (1 - GOOD.specificity)))
    value, low, high = corrected_shares([k], [10_000], GOOD)
    assert value[0] == pytest.approx(true, abs=1e-4)
    assert low[0] < true < high[0]
    plain = share_of(k, 10_000)
    assert high[0] - low[0] > plain.high - plain.low


def test_intervals_hold_the_truth_in_about_95_of_100_cases_with_the_detector_measured_again_each_time() -> None:
    rng = np.random.default_rng(4)
    held = []
    for _ in range(1500):
        true = rng.uniform(0.02, 0.4)
        found, right = rng.binomial(120, 0.88), rng.binomial(600, 0.99)
        error = MeasuredError(int(found), int(120 - found), int(600 - right), int(right))
        k = rng.binomial(2500, true * 0.88 + (1 - true) * 0.01)
        _, low, high = corrected_shares([int(k)], [2500], error)
        held.append(low[0] <= true <= high[0])
    assert 0.93 <= np.mean(held) <= 0.975


def test_shares_stay_within_0_and_1_and_their_interval_holds_them() -> None:
    k = [0, 1, 50, 99, 100, 0]
    value, low, high = corrected_shares(k, [100, 100, 100, 100, 100, 0], GOOD)
    assert np.isnan(value[-1])
    assert (low[:-1] >= 0).all()
    assert (high[:-1] <= 1).all()
    assert ((low <= value) & (value <= high))[:-1].all()


def test_a_detector_that_knows_nothing_corrects_nothing() -> None:
    value, low, high = corrected_shares([5], [100], MeasuredError(5, 5, 50, 50))
    assert np.isnan([value[0], low[0], high[0]]).all()


def test_a_share_of_too_few_papers_stays_unknown() -> None:
    assert np.isnan(corrected(share_of(1, 3, min_papers=50), GOOD).share)


def test_the_shipped_errors_are_of_every_measured_label() -> None:
    errors = measured_errors()
    assert {"transformer", "llm", "diffusion", "efficiency"} <= set(errors)
    assert all(error.n_found + error.n_missed > 0 for error in errors.values())
