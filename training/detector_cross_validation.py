"""Five-fold cross-validation of the detector: folds, held-out scores, and decisions of nested folds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from training.detection_thresholds import NO_WORDS_SCORE, Scores, Truths, Weights
from training.detector_features import TechniqueProblem
from training.linear_detector import fit_linear

SEEDS = (0, 1, 2)
"""One five-fold run for each seed."""


def folds(n_papers: int, *, seed: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Papers to fit on and to test on, by position, in five shuffled folds."""
    yield from KFold(5, shuffle=True, random_state=seed).split(np.arange(n_papers))


def held_out_technique_scores(
    problem: TechniqueProblem, levels: NDArray[np.int64], level: int, *, seed: int
) -> NDArray[np.float64]:
    """``(n_papers, n_techniques)``, every score by a model that has not seen the paper."""
    scores = np.full(levels.shape, NO_WORDS_SCORE)
    truth = levels[problem.papers, problem.terms]
    for _, test in folds(len(levels), seed=seed):
        unseen = np.isin(problem.papers, test)
        model = fit_linear(problem.features[~unseen], truth[~unseen], level=level)
        scores[problem.papers[unseen], problem.terms[unseen]] = problem.features[unseen] @ model.weights + model.bias
    return scores


def held_out_theme_scores(features: Any, levels: NDArray[np.int64], level: int, *, seed: int) -> NDArray[np.float64]:
    """``(n_papers,)``, every score by a model that has not seen the paper."""
    scores = np.zeros(len(levels))
    for seen, test in folds(len(levels), seed=seed):
        model = fit_linear(features[seen], levels[seen], level=level)
        scores[test] = features[test] @ model.weights + model.bias
    return scores


def nested_decisions(
    truths: Truths,
    scores: Scores,
    choose: Callable[[Truths, Scores, Weights | None], list[float]],
    *,
    seed: int,
    weights: Weights | None = None,
) -> list[NDArray[np.bool_]]:
    """Held-out decisions of a group of labels, with thresholds chosen on the other folds only.

    ``weights`` say of each label how much each paper counts in the choice.
    """
    decided = [np.zeros(len(truth), dtype=bool) for truth in truths]
    for train, test in folds(len(truths[0]), seed=seed):
        thresholds = choose(
            [truth[train] for truth in truths],
            [score[train] for score in scores],
            None if weights is None else [of_label[train] for of_label in weights],
        )
        for decision, score, threshold in zip(decided, scores, thresholds, strict=True):
            decision[test] = score[test] > threshold
    return decided
