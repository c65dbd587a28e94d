"""Thresholds on the scores of linear models, chosen for the best expected F1."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

NO_WORDS_SCORE = -50.0
"""Score of a technique whose words do not stand in the paper."""

Truths = Sequence[NDArray[np.bool_]]
Scores = Sequence[NDArray[np.float64]]


def calibrated_threshold(truth: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """The score above which the expected F1 is best.

    Scores are calibrated by Platt scaling (two numbers). The F1 expected from the calibrated probabilities has
    its maximum where the probability is half of it (Lipton, Elkan and Narayanaswamy, 2014). The observed F1 of few
    positives is too jagged to choose by.
    """
    platt = LogisticRegression(C=1000.0).fit(score[:, None], truth)
    probability = np.sort(platt.predict_proba(score[:, None])[:, 1])[::-1]
    n_decided = np.arange(1, len(probability) + 1)
    half = float((2 * np.cumsum(probability) / (n_decided + probability.sum())).max()) / 2
    return float((math.log(half / (1 - half)) - platt.intercept_[0]) / platt.coef_[0, 0])


def shared_threshold(truths: Truths, scores: Scores) -> list[float]:
    """One threshold for all labels of a group; some techniques have only two dozen positives."""
    truth, score = np.concatenate(truths), np.concatenate(scores)
    found = score > NO_WORDS_SCORE
    return [calibrated_threshold(truth[found], score[found])] * len(truths)


def own_thresholds(truths: Truths, scores: Scores) -> list[float]:
    """A threshold for each label; the number of positives differs fifteenfold between themes."""
    return [calibrated_threshold(truth, score) for truth, score in zip(truths, scores, strict=True)]
