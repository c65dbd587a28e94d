"""Techniques whose labelled papers were drawn by strata: design weights, decisions and scores.

A technique is too rare for a random sample. So papers were drawn from three strata: those that an earlier detector
counted as adopting it, as mentioning it, and those that match only a loose net of words. Each paper stands for as many
as its stratum holds per paper drawn (Horvitz and Thompson 1952). Papers outside all three count as without the
technique, so recall is relative to the net.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.detection_thresholds import NO_WORDS_SCORE, calibrated_threshold
from training.detector_cross_validation import folds
from training.labels import DrawnLabel, LabelledPaper, Strata

N_RESAMPLES = 2000


@dataclass(frozen=True, eq=False)
class DrawnSample:
    """The labelled papers of one technique.

    ``papers`` are their positions among all papers, ``levels`` their levels, ``strata`` the numbers of their strata,
    and ``weights`` how many papers each stands for, each ``(n_drawn,)``. ``n_papers`` is the size of the population.
    """

    papers: NDArray[np.int64]
    levels: NDArray[np.int64]
    strata: NDArray[np.int64]
    weights: NDArray[np.float64]
    n_papers: int


def drawn_papers(labels: Sequence[DrawnLabel], pools: Sequence[Mapping[str, tuple[str, str]]]) -> list[LabelledPaper]:
    """The papers of the labels with their texts, each once, with the levels of the techniques they were read for."""
    levels: dict[str, dict[str, int]] = {}
    for label in labels:
        if label.level is not None:
            levels.setdefault(label.arxiv_id, {})[label.technique] = label.level
    papers = []
    for arxiv_id, of_paper in levels.items():
        title, abstract = next(pool[arxiv_id] for pool in pools if arxiv_id in pool)
        papers.append(LabelledPaper(title, abstract, of_paper, f"drawn:{arxiv_id}"))
    return papers


def drawn_samples(
    labels: Sequence[DrawnLabel], strata: Mapping[str, Strata], papers: Sequence[LabelledPaper]
) -> dict[str, DrawnSample]:
    """The samples by technique; papers on which the two readers differ are left out of their stratum."""
    position = {paper.drawn: i for i, paper in enumerate(papers)}
    samples = {}
    for key, design in strata.items():
        own = [label for label in labels if label.technique == key and label.level is not None]
        n_drawn = Counter(label.stratum for label in own)
        names = list(design.sizes)
        samples[key] = DrawnSample(
            papers=np.array([position[f"drawn:{label.arxiv_id}"] for label in own]),
            levels=np.array([label.level for label in own]),
            strata=np.array([names.index(label.stratum) for label in own]),
            weights=np.array([design.sizes[label.stratum] / n_drawn[label.stratum] for label in own]),
            n_papers=design.n_papers,
        )
    return samples


def nested_drawn_decisions(
    truth: NDArray[np.bool_], score: NDArray[np.float64], sample: DrawnSample, seed: int
) -> NDArray[np.bool_]:
    """Held-out decisions, with thresholds chosen on the other folds only."""
    decided = np.zeros(len(truth), dtype=bool)
    found = score > NO_WORDS_SCORE
    for train, test in folds(len(truth), seed=seed):
        seen = train[found[train]]
        decided[test] = score[test] > calibrated_threshold(truth[seen], score[seen], sample.weights[seen])
    return decided


def stratified_scores(
    truth: NDArray[np.bool_], runs: Sequence[NDArray[np.bool_]], sample: DrawnSample
) -> dict[str, float]:
    """F1, precision, recall and specificity by the design's weights, the mean over the runs of decisions.

    Intervals are 95 %, from resampling the papers of each stratum 2,000 times. ``n_with`` and ``n_without`` are the
    sizes of simple random samples that would know recall and specificity as well as these strata do.
    """
    chance = np.random.default_rng(0)
    resamples = np.ones((N_RESAMPLES + 1, len(truth)))
    for stratum in np.unique(sample.strata):
        members = np.flatnonzero(sample.strata == stratum)
        n = len(members)
        resamples[1:, members] = chance.multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES)
    weights = resamples * sample.weights
    values: dict[str, list[NDArray[np.float64]]] = {}
    for decided in runs:
        tp, fp, fn = (weights @ mask for mask in (truth & decided, ~truth & decided, truth & ~decided))
        values.setdefault("f1", []).append(2 * tp / np.maximum(2 * tp + fp + fn, 1e-9))
        values.setdefault("precision", []).append(tp / np.maximum(tp + fp, 1e-9))
        values.setdefault("recall", []).append(tp / np.maximum(tp + fn, 1e-9))
        values.setdefault("specificity", []).append(1 - fp / (sample.n_papers - tp - fn))
    scores: dict[str, Any] = {"n": len(truth), "n_positive": int(truth.sum())}
    for name, of_runs in values.items():
        mean = np.mean(of_runs, axis=0)
        low, high = np.percentile(mean[1:], [2.5, 97.5])
        scores |= {name: float(mean[0]), f"{name}_low": float(low), f"{name}_high": float(high)}
    for name, of, n_most in (("n_with", "recall", int(truth.sum())), ("n_without", "specificity", sample.n_papers)):
        spread = float(np.var(np.mean(values[of], axis=0)[1:]))
        share = scores[of]
        scores[name] = round(min(share * (1 - share) / spread, n_most)) if spread > 0 else n_most
    return scores
