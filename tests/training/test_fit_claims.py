"""The model that chooses one row of each abstract."""

from __future__ import annotations

import numpy as np

from training.fit_claims import Problem, fit_choice

ABSTRACTS = [
    ([["problem"], ["method"], ["result"]], 2),
    ([["problem"], ["result"], ["method"]], 1),
    ([["method"], ["result"]], 1),
    ([["problem"], ["method"]], 1),
] * 3


def problem() -> Problem:
    features: list[list[str]] = []
    classes, groups = [], []
    for group, (rows, right) in enumerate(ABSTRACTS):
        features += rows
        classes += ["finding" if n == right else "other" for n in range(len(rows))]
        groups += [group] * len(rows)
    return Problem(features, np.array(classes), np.array(groups), np.zeros(len(groups), dtype=np.int64))


def test_rows_are_compared_with_those_of_their_own_abstract() -> None:
    model = fit_choice(problem(), "finding", 1.0)
    result, method, other = model([["result"], ["method"], ["problem"]])[:, 0]
    assert result > method > other


def test_the_same_rows_give_the_same_weights() -> None:
    first, second = fit_choice(problem(), "finding", 1.0), fit_choice(problem(), "finding", 1.0)
    assert first.row_of == second.row_of
    np.testing.assert_array_equal(first.weights, second.weights)


def test_a_feature_that_all_rows_of_an_abstract_share_decides_nothing() -> None:
    shared = problem()
    with_bias = Problem([[*row, "bias"] for row in shared.features], shared.classes, shared.groups, shared.starts)
    model = fit_choice(with_bias, "finding", 1.0)
    assert abs(model([["bias"]])[0, 0]) < 1e-6
