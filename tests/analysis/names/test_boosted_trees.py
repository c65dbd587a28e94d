"""Boosted trees score as the library that fitted them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from training.fit_names import trees_of


def _table(n_rows: int, seed: int) -> NDArray[np.float32]:
    chance = np.random.default_rng(seed)
    counts = chance.integers(0, 4, (n_rows, 3)).astype(np.float32)
    return np.hstack([chance.normal(size=(n_rows, 4)).astype(np.float32), counts])


def test_the_arrays_score_as_the_fitted_model() -> None:
    table = _table(600, seed=1)
    is_name = table[:, 0] * table[:, 4] + table[:, 5] > 1.0
    model = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=9, early_stopping=False, random_state=0)
    model.fit(table, is_name)
    unseen = _table(400, seed=2)
    np.testing.assert_allclose(trees_of(model).scores(unseen), model.decision_function(unseen), atol=1e-5)


def test_an_empty_table_has_no_scores() -> None:
    table = _table(200, seed=3)
    model = HistGradientBoostingClassifier(max_iter=3, early_stopping=False).fit(table, table[:, 0] > 0)
    assert trees_of(model).scores(table[:0]).shape == (0,)
