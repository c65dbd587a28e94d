"""Ratios of shares, shrunk towards 1."""

from __future__ import annotations

import numpy as np

from analysis.cards.log_odds import shrunk_ratios


def _column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def test_many_papers_keep_their_ratio_and_few_are_drawn_to_one() -> None:
    # Tables of no association, among which one with many papers and one with few have a ratio of 3.
    n_null = 40
    k = _column(300, 3, *[100] * n_null)
    n = _column(1000, 10, *[1000] * n_null)
    elsewhere = _column(1000, 1000, *[1000] * n_null)
    shrunk = shrunk_ratios(k, n, elsewhere, np.full(len(k), 10_000.0))
    assert 2.5 < shrunk.ratio[0] < 3.05
    assert 1 < shrunk.ratio[1] < 1.5
    assert np.allclose(shrunk.ratio[2:], 1, atol=0.02)
    assert (shrunk.low <= shrunk.ratio).all()
    assert (shrunk.ratio <= shrunk.high).all()


def test_a_single_table_and_empty_cells_give_numbers() -> None:
    shrunk = shrunk_ratios(_column(0), _column(5), _column(0), _column(50))
    assert np.isfinite([shrunk.ratio[0], shrunk.low[0], shrunk.high[0]]).all()
    assert shrunk.low[0] < 1 < shrunk.high[0]


def test_intervals_hold_the_true_ratio_as_often_as_they_say() -> None:
    random = np.random.default_rng(3)
    n_tables = 4000
    truth = np.exp(random.normal(0, 0.6, n_tables))
    odds_elsewhere = 0.1 / 0.9
    share = truth * odds_elsewhere / (1 + truth * odds_elsewhere)
    n, n_elsewhere = np.full(n_tables, 200.0), np.full(n_tables, 5000.0)
    shrunk = shrunk_ratios(random.binomial(200, share), n, random.binomial(5000, 0.1, n_tables), n_elsewhere)
    held = (shrunk.low <= share / 0.1) & (share / 0.1 <= shrunk.high)
    assert 0.93 < held.mean() < 0.97
