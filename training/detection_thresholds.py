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
Weights = Sequence[NDArray[np.float64]]


def calibrated_threshold(
    truth: NDArray[np.bool_], score: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> float:
    """The score above which the expected F1 is best; ``weights`` say how many papers each one stands for.

    Scores are calibrated by Platt scaling (two numbers). The F1 expected from the calibrated probabilities has
    its maximum where the probability is half of it (Lipton, Elkan and Narayanaswamy, 2014). The observed F1 of few
    positives is too jagged to choose by. Where all papers are alike, the threshold lies beyond all of them.
    """
    if truth.all() or not truth.any():
        return float(score.min()) - 1 if truth.all() else float(score.max()) + 1
    of_paper = np.ones(len(score)) if weights is None else weights / weights.mean()
    platt = LogisticRegression(C=1000.0).fit(score[:, None], truth, sample_weight=of_paper)
    probability = platt.predict_proba(score[:, None])[:, 1]
    order = np.argsort(-probability)
    expected = np.cumsum((of_paper * probability)[order])
    half = float((2 * expected / (np.cumsum(of_paper[order]) + expected[-1])).max()) / 2
    return float((math.log(half / (1 - half)) - platt.intercept_[0]) / platt.coef_[0, 0])


def shared_threshold(truths: Truths, scores: Scores, weights: Weights | None = None) -> list[float]:
    """One threshold for all labels of a group; some techniques have only two dozen positives."""
    truth, score = np.concatenate(truths), np.concatenate(scores)
    found = score > NO_WORDS_SCORE
    of_paper = None if weights is None else np.concatenate(weights)[found]
    return [calibrated_threshold(truth[found], score[found], of_paper)] * len(truths)


def own_thresholds(truths: Truths, scores: Scores, weights: Weights | None = None) -> list[float]:
    """A threshold for each label; the number of positives differs fifteenfold between themes."""
    thresholds = []
    for j, (truth, score) in enumerate(zip(truths, scores, strict=True)):
        found = score > NO_WORDS_SCORE
        thresholds.append(calibrated_threshold(truth[found], score[found], weights[j][found] if weights else None))
    return thresholds
