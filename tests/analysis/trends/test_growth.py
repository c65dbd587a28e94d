"""Growth is what statsmodels finds, its interval is honest, and a change of growth gets its date."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.proportion import proportion_confint

from analysis.trends.growth import _design, _irls, change_points, fit_growth
from domain.week import Week

WEEKS = [Week(date(2026, 6, 15)).plus(i - 25) for i in range(26)]


def _expit(eta: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-eta))


def test_the_lines_are_those_of_statsmodels() -> None:
    rng = np.random.default_rng(3)
    n = rng.integers(1200, 3600, 26)
    k = rng.binomial(n, np.array([[0.3], [0.02], [0.002]]))
    design = _design(n.astype(float), np.arange(26.0) - 25)
    ours = _irls(k.astype(float), n.astype(float), design)[0]
    for row, found in zip(k, ours, strict=True):
        theirs = sm.GLM(np.column_stack([row, n - row]), design, family=sm.families.Binomial()).fit()
        assert found == pytest.approx(theirs.params, abs=1e-6)


def test_p_values_of_shares_that_do_not_change_are_uniform_even_where_weeks_scatter() -> None:
    rng = np.random.default_rng(5)
    p_values, covered = [], []
    for _ in range(12):
        n = rng.integers(1400, 3600, 26)
        base = np.exp(rng.uniform(np.log(0.003), np.log(0.3), 60))
        eta = np.log(base / (1 - base))[:, None] + rng.normal(0, 0.06, (60, 26))
        fit = fit_growth(rng.binomial(n, _expit(eta)), n, WEEKS)
        low, high = fit.intervals()
        p_values.append(fit.p_value)
        covered.append((low <= 0) & (high >= 0))
    p = np.concatenate(p_values)
    assert 0.025 <= np.mean(p < 0.05) <= 0.075
    assert np.mean(p < 0.001) <= 0.004
    assert 0.92 <= np.mean(np.concatenate(covered)) <= 0.98


def test_an_interval_leaves_out_no_growth_exactly_where_the_test_rejects_it() -> None:
    rng = np.random.default_rng(8)
    n = rng.integers(1400, 3600, 26)
    slope = np.linspace(-0.03, 0.03, 40)[:, None]
    fit = fit_growth(rng.binomial(n, _expit(-3.5 + slope * np.arange(26))), n, WEEKS)
    low, high = fit.intervals()
    assert (((low > 0) | (high < 0)) == (fit.p_value < 0.05)).all()
    assert ((low < fit.slope) & (fit.slope < high)).all()


@pytest.mark.parametrize("level", [0.9, 0.95, 0.9995])
def test_a_change_of_the_share_is_clear_exactly_where_its_test_rejects(level: float) -> None:
    rng = np.random.default_rng(9)
    n = rng.integers(1400, 3600, 12)
    slope = np.linspace(-0.12, 0.12, 40)[:, None]
    fit = fit_growth(rng.binomial(n, _expit(-3.5 + slope * np.arange(12))), n, WEEKS[:12])
    changes = [change for change in fit.changes(level) if change is not None]
    assert [change.is_clear for change in changes] == (fit.p_value < 1 - level).tolist()
    assert all(change.low < change.difference < change.high for change in changes)
    assert all(change.difference == pytest.approx(change.share_last - change.share_first) for change in changes)


def test_a_term_that_comes_out_of_nothing_has_a_growth_without_a_crash() -> None:
    k = np.zeros((2, 26), dtype=np.int64)
    k[0, -3:] = (4, 9, 20)
    fit = fit_growth(k, np.full(26, 2500), WEEKS)
    assert fit.p_value[0] < 1e-6
    assert np.isnan(fit.p_value[1])
    [change, nothing] = fit.changes()
    assert change is not None
    assert 0 < change.low < change.difference < change.high <= 1
    assert (change.first_week, change.last_week, change.n_weeks) == (WEEKS[0], WEEKS[-1], 26)
    assert nothing is None


def test_the_ends_of_a_line_stay_within_the_limits_of_the_weeks_held() -> None:
    """The last weeks are small, so a line for a usual week there says more than any week has shown."""
    n = np.array([2331, 2747, 2670, 2323, 2267, 3591, 3627, 3184, 3743, 3127, 2822, 2454])
    rng = np.random.default_rng(11)
    k = np.vstack([rng.poisson(np.linspace(a, b, 12), (60, 12)) for a, b in ((0.3, 8), (8, 0.3), (1, 30), (3, 3))])
    k = np.vstack([k, [2, 3, 2, 3, 1, 1, 1, 3, 1, 6, 9, 12], [12, 9, 6, 1, 3, 1, 1, 1, 3, 2, 3, 2]])
    fit = fit_growth(k, n, WEEKS[:12])
    intervals = [proportion_confint(of, n, method="wilson") for of in k]
    checked = 0
    for (low, high), change in zip(intervals, fit.changes(0.99), strict=True):
        if change is None:
            continue
        checked += 1
        for share in (change.share_first, change.share_last):
            assert low.min() - 1e-12 <= share <= high.max() + 1e-12
        assert max(abs(change.low), abs(change.high)) <= high.max() - low.min()
        assert change.low <= change.difference <= change.high
        assert change.difference == change.share_last - change.share_first
    assert checked > 150
    clear = [change.is_clear for change in fit.changes(0.99) if change is not None]
    assert clear == [p < 0.01 for p in fit.p_value.tolist() if p == p]


def test_a_change_does_not_hide_itself_in_the_scatter() -> None:
    n = np.full(26, 2500)
    rng = np.random.default_rng(2)
    fit = fit_growth(rng.binomial(n, _expit(np.linspace(-4, -3, 26)))[None, :], n, WEEKS)
    assert fit.dispersion[0] < 2
    assert fit.p_value[0] < 1e-6


def test_a_bend_gets_its_date_and_a_straight_line_none() -> None:
    rng = np.random.default_rng(4)
    weeks = [Week(date(2024, 1, 1)).plus(i) for i in range(104)]
    n = np.full(104, 2500)
    bent = _expit(-3.5 + 0.04 * np.clip(np.arange(104) - 60, 0, None))
    [found] = change_points(rng.binomial(n, bent), n, weeks)
    assert abs((found.week.monday - weeks[60].monday).days) <= 7 * 10
    n_false = sum(bool(change_points(rng.binomial(n, _expit(-3 + 0.01 * np.arange(104))), n, weeks)) for _ in range(60))
    assert n_false <= 4


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="n_terms, 26"):
        fit_growth(np.zeros((2, 25), dtype=np.int64), np.ones(26, dtype=np.int64), WEEKS)
