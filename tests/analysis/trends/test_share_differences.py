"""Noise is seldom called a change, and an interval says the same as the verdict."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from analysis.trends.share_differences import difference_of, with_verdicts
from analysis.trends.shares import share_of
from domain.digest import Change


def _compared(k: int, other_k: int, dispersion: float = 1.0) -> tuple[Change, float, float]:
    current, baseline = share_of(k, 1500), share_of(other_k, 3000)
    difference = current.share - baseline.share
    change = Change(baseline, (), difference, math.nan, math.nan, math.nan, "unknown", current)
    return change, *difference_of(current, baseline, dispersion=dispersion)


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=12),
    st.sampled_from([1.0, 2.5]),
)
@settings(max_examples=60)
def test_an_interval_leaves_out_zero_exactly_where_there_is_a_verdict(
    counts: list[tuple[int, int]], dispersion: float
) -> None:
    compared = [_compared(k, other_k, dispersion) for k, other_k in counts]
    for change in with_verdicts(compared, false_discovery_rate=0.05):
        assert change.low <= change.difference <= change.high
        assert (change.verdict == "steady") == (change.low <= 0 <= change.high)
        assert (change.verdict == "up") == (change.low > 0)
        assert change.level >= 0.95


def test_the_interval_of_one_comparison_is_that_of_statsmodels() -> None:
    change, centre, error = _compared(150, 240)
    low, high = confint_proportions_2indep(150, 1500, 240, 3000, method="agresti-caffo", alpha=0.05)
    assert (centre - 1.959964 * error, centre + 1.959964 * error) == pytest.approx((low, high), rel=1e-6)
    [found] = with_verdicts([(change, centre, error)], false_discovery_rate=0.05)
    assert (found.low, found.high, found.level) == pytest.approx((low, high, 0.95), rel=1e-6)


def test_more_dispersion_means_a_larger_standard_error() -> None:
    assert _compared(150, 240, 4.0)[2] == pytest.approx(2 * _compared(150, 240)[2])


def test_noise_alone_seldom_gets_a_verdict() -> None:
    rng = np.random.default_rng(7)
    n_digests_with_a_verdict = 0
    for _ in range(200):
        pairs = zip(rng.binomial(1500, 0.1, 20).tolist(), rng.binomial(3000, 0.1, 20).tolist(), strict=True)
        changes = with_verdicts([_compared(k, b) for k, b in pairs], false_discovery_rate=0.05)
        n_digests_with_a_verdict += any(c.verdict != "steady" for c in changes)
    assert n_digests_with_a_verdict <= 200 * 0.05 + 3 * math.sqrt(200 * 0.05 * 0.95)


def test_verdicts_follow_the_sign_and_what_was_not_compared_stays_unknown() -> None:
    not_held = Change(None, (), math.nan, math.nan, math.nan, math.nan, "unknown"), math.nan, math.nan
    changes = with_verdicts(
        [_compared(300, 200), _compared(50, 300), _compared(101, 200), not_held], false_discovery_rate=0.05
    )
    assert [c.verdict for c in changes] == ["up", "down", "steady", "unknown"]
    assert math.isnan(changes[3].q_value)
    assert changes[0].level == pytest.approx(1 - 0.05 * 2 / 3)  # two of the three that were tested
    assert with_verdicts([], false_discovery_rate=0.05) == []
