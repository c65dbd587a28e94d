"""The linear models of the detector, and how one is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

STRENGTH = 0.5
"""Inverse strength of the regularisation; chosen by cross-validation on the fitting data."""


@dataclass(frozen=True)
class LinearModel:
    """A fitted linear model: the weights of its features, and the constant."""

    weights: NDArray[np.float64]
    bias: float


def fit_linear(
    features: Any, levels: NDArray[np.int64], *, level: int, weights: NDArray[np.float64] | None = None
) -> LinearModel:
    """A logistic regression for "at least this level"; ``weights`` say how much each row counts."""
    model = LogisticRegression(C=STRENGTH, max_iter=2000, solver="liblinear", random_state=0)
    model.fit(features, levels >= level, sample_weight=weights)
    return LinearModel(model.coef_[0], float(model.intercept_[0]))
