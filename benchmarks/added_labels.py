"""What the added labels are worth: every figure is counted on held-out abstracts of train.jsonl alone.

    python -m benchmarks.added_labels [--shared ../shared]

The detector is fitted on 1,200 abstracts of ``train.jsonl`` and on those of ``detection_labels.jsonl``, which other
readers labelled. If they read the codebook otherwise, they do harm. So the added labels are given a weight of 0, a
quarter, a half or 1, and thresholds are taken from all held-out scores or from those on ``train.jsonl``. The test folds
hold abstracts of ``train.jsonl`` only, and ``dev.jsonl`` is never read. Differences have 95 % intervals by resampling
papers; beside them stands the plain regular expression on the same abstracts.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.detection.taxonomy import load_taxonomy
from analysis.detection.term_features import FeatureReader
from training.arxiv_texts import arxiv_texts, unlabelled_texts
from training.baseline import REGULAR_EXPRESSIONS
from training.detection_thresholds import NO_WORDS_SCORE, own_thresholds, shared_threshold
from training.detector_cross_validation import SEEDS, folds
from training.detector_features import Features, features_of, read_term_features
from training.labels import ADDED_LABELS, ADOPTS, LABELS, TECHNIQUES, THEMES, read_added, read_labelled
from training.linear_detector import fit_linear

WEIGHTS = (1.0, 0.5, 0.25, 0.0)
SHIPPED = (1.0, "all")
N_RESAMPLES = 500

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def both_folds(n_train: int, n_papers: int, seed: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Papers seen and not seen: the first ``n_train`` and the added ones are each cut into five."""
    for (seen, test), (seen_added, test_added) in zip(
        folds(n_train, seed=seed), folds(n_papers - n_train, seed=seed), strict=True
    ):
        yield np.concatenate([seen, n_train + seen_added]), np.concatenate([test, n_train + test_added])


def held_out_scores(
    features: Features, levels: dict[str, NDArray[np.int64]], weights: Floats, n_train: int, seed: int
) -> dict[str, Floats]:
    """Every paper's score at the adoption level, by label, by a model that has not seen the paper."""
    problem = features.techniques
    levels_of_row = np.stack([levels[key] for key in TECHNIQUES], axis=1)[problem.papers, problem.terms]
    scores = {key: np.full(len(weights), NO_WORDS_SCORE if key in TECHNIQUES else 0.0) for key in LABELS}
    for seen, test in both_folds(n_train, len(weights), seed):
        used = seen[weights[seen] > 0]
        rows, unseen = np.isin(problem.papers, used), np.isin(problem.papers, test)
        model = fit_linear(
            problem.features[rows], levels_of_row[rows], level=ADOPTS, weights=weights[problem.papers[rows]]
        )
        score = problem.features[unseen] @ model.weights + model.bias
        for j, key in enumerate(TECHNIQUES):
            of_term = problem.terms[unseen] == j
            scores[key][problem.papers[unseen][of_term]] = score[of_term]
        for x, key in zip(features.themes, THEMES, strict=True):
            model = fit_linear(x[used], levels[key][used], level=ADOPTS, weights=weights[used])
            scores[key][test] = x[test] @ model.weights + model.bias
    return scores


def decisions(
    scores: dict[str, Floats], truth: dict[str, Bools], n_train: int, seed: int, *, of_all: bool
) -> dict[str, Bools]:
    """Whether each paper of ``train.jsonl`` is decided to adopt, by thresholds of the other folds."""
    decided = {key: np.zeros(n_train, dtype=bool) for key in LABELS}
    for seen, test in both_folds(n_train, len(scores[LABELS[0]]), seed):
        chosen_on = seen if of_all else seen[seen < n_train]
        tested = test[test < n_train]
        for keys, choose in ((TECHNIQUES, shared_threshold), (THEMES, own_thresholds)):
            thresholds = choose([truth[key][chosen_on] for key in keys], [scores[key][chosen_on] for key in keys])
            for key, threshold in zip(keys, thresholds, strict=True):
                decided[key][tested] = scores[key][tested] > threshold
    return decided


def f1_of(truth: Bools, decided: Bools, resamples: NDArray[np.int64]) -> Floats:
    """F1 in each resample, ``(n_resamples,)``."""
    both: Floats = 2 * (resamples @ (truth & decided)) / np.maximum(resamples @ truth + resamples @ decided, 1)
    return both


def main() -> None:
    """Fit, decide and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with gold/ and arxiv/")
    given = parser.parse_args()
    taxonomy = load_taxonomy()
    reader = FeatureReader(taxonomy)
    pools = arxiv_texts(given.shared)
    train = read_labelled(given.shared / "gold" / "train.jsonl")
    n_train = len(train)
    papers = train + read_added(ADDED_LABELS, pools)
    texts = unlabelled_texts(given.shared, pools, n_texts=30_000, seed=0)
    keys = [entry.key for entry in taxonomy.entries]
    features = features_of(read_term_features(reader, papers), reader, keys, papers, texts)
    levels = {key: np.array([paper.levels[key] for paper in papers]) for key in LABELS}
    truth = {key: levels[key] >= ADOPTS for key in LABELS}
    chance = np.random.default_rng(0)
    # The first row is every paper once, the others are resamples.
    resamples = np.vstack(
        [np.ones((1, n_train), dtype=np.int64), chance.multinomial(n_train, [1 / n_train] * n_train, size=N_RESAMPLES)]
    )
    f1: dict[tuple[float, str], dict[str, Floats]] = {}
    for weight in WEIGHTS:
        weights = np.where(np.arange(len(papers)) < n_train, 1.0, weight)
        by_seed = [held_out_scores(features, levels, weights, n_train, seed) for seed in SEEDS]
        for chosen_on in ("all", "train"):
            runs = [
                decisions(scores, truth, n_train, seed, of_all=chosen_on == "all")
                for seed, scores in zip(SEEDS, by_seed, strict=True)
            ]
            f1[weight, chosen_on] = {
                key: np.mean([f1_of(truth[key][:n_train], decided[key], resamples) for decided in runs], axis=0)
                for key in LABELS
            }
    settings = list(f1)
    print(f"F1 at the adoption level on {n_train:,} abstracts of train.jsonl, mean of {len(SEEDS)} runs")
    print(f"weight of {len(papers) - n_train:,} added labels / thresholds from")
    print(f"{'':18}{'expression':>11}" + "".join(f"{f'{w:g}/{chosen}':>12}" for w, chosen in settings))
    for group in (TECHNIQUES, THEMES):
        plainly = []
        for key in group:
            expression = re.compile(REGULAR_EXPRESSIONS[key], re.IGNORECASE)
            decided = np.array([expression.search(f"{p.title}\n{p.abstract}") is not None for p in train])
            plainly.append(float(f1_of(truth[key][:n_train], decided, resamples[:1])[0]))
            print(f"{key:18}{plainly[-1]:11.3f}" + "".join(f"{f1[s][key][0]:12.3f}" for s in settings))
        macro = {s: np.mean([f1[s][key] for key in group], axis=0) for s in settings}
        print(f"{'macro':18}{np.mean(plainly):11.3f}" + "".join(f"{macro[s][0]:12.3f}" for s in settings))
        for s in settings[1:]:
            gain = macro[s] - macro[SHIPPED]
            low, high = np.percentile(gain[1:], [2.5, 97.5])
            print(f"  {s[0]:g}/{s[1]} against what ships: {gain[0]:+.4f} ({low:+.4f} to {high:+.4f})")


if __name__ == "__main__":
    main()
