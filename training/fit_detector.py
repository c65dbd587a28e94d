"""Fit the detector on ``train.jsonl`` and ``detection_labels.jsonl`` and measure it on ``dev.jsonl``.

    python -m training.fit_detector [--shared ../shared]

Writes ``detector_weights.npz`` and ``detector_scores.json`` to ``analysis/detection/``, or to the folder that ``--out``
names. ``--shared`` is the folder with ``gold/`` and ``arxiv/``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.detection.detector import Detector
from analysis.detection.taxonomy import Taxonomy, load_taxonomy
from analysis.detection.term_features import N_ZONES, SHAPE, FeatureReader
from analysis.detection.weights import N_LEVELS, TermWeights, dump_weights, load_weights
from training.arxiv_texts import arxiv_texts, unlabelled_texts
from training.detection_thresholds import NO_WORDS_SCORE, calibrated_threshold, own_thresholds, shared_threshold
from training.detector_cross_validation import SEEDS, held_out_technique_scores, held_out_theme_scores, nested_decisions
from training.detector_features import (
    LATENT,
    N_LATENT,
    NEARBY,
    NGRAM,
    SHAPE_OWN,
    TECHNIQUE_LATENT,
    TECHNIQUE_WORD,
    THEME_WORD,
    Features,
    features_of,
    read_term_features,
)
from training.detector_fit_report import report_lines
from training.evaluate_detector import SCORES, Counts, measure_detector
from training.labels import (
    ADDED_LABELS,
    ADOPTS,
    DRAWN_LABELS,
    LABELS,
    MENTIONS,
    STRATA,
    TECHNIQUES,
    THEMES,
    LabelledPaper,
    read_added,
    read_drawn,
    read_labelled,
    read_strata,
)
from training.linear_detector import fit_linear
from training.stratified_papers import (
    DrawnSample,
    drawn_papers,
    drawn_samples,
    nested_drawn_decisions,
    stratified_scores,
)

N_SHAPE = len(SHAPE)
MENTION_WEIGHT = 2.0
"""How much a paper that only mentions a technique weighs where the threshold of adoption is chosen.

Cross-validated on the fitting abstracts, at 1 a third of the mentions counted as adopting, at 2 a quarter; the macro F1
fell from .824 to .817. At 3 it was a fifth and .805.
"""

Levels = dict[str, NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class FitData:
    """Labelled papers as features and levels; the first ``len(is_random)`` papers are those of ``train.jsonl``.

    ``is_random`` says of each of these whether it was drawn at random. ``drawn`` holds the further techniques by their
    keys, whose papers come after those that are labelled for all of ``LABELS``.
    """

    features: Features
    levels: Levels
    is_random: NDArray[np.bool_]
    drawn: dict[str, DrawnSample]

    @property
    def fitted(self) -> tuple[str, ...]:
        """The keys of all fitted terms, in the order of ``DetectorFit``'s rows."""
        return (*LABELS, *self.drawn)

    @property
    def techniques(self) -> tuple[str, ...]:
        """The keys of all fitted techniques, in the order of ``Features.techniques``."""
        return (*TECHNIQUES, *self.drawn)

    @property
    def n_train(self) -> int:
        return len(self.is_random)


@dataclass(frozen=True, eq=False)
class DetectorFit:
    """Weights of all labels, filled level by level; the last row of ``shape`` and ``bias`` serves unmeasured terms."""

    shape: NDArray[np.float64]
    bias: NDArray[np.float64]
    nearby: NDArray[np.float64]
    ngrams: NDArray[np.float64]
    words: list[dict[str, NDArray[np.float32]]]
    cross_validated: dict[str, dict[str, Any]] = field(default_factory=lambda: {label: {} for label in LABELS})
    stratified: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def empty(cls, data: FitData) -> DetectorFit:
        n_terms, features = len(data.fitted), data.features
        return cls(
            shape=np.zeros((n_terms + 1, N_LEVELS, N_SHAPE)),
            bias=np.zeros((n_terms + 1, N_LEVELS)),
            nearby=np.zeros((len(features.techniques.nearby), N_LEVELS)),
            ngrams=np.zeros((len(features.ngram_names), N_LEVELS * n_terms)),
            words=[{} for _ in data.fitted],
        )

    def set_word(self, label: int, word: str, level: int, weights: NDArray[np.float64]) -> None:
        """Set the weights ``(N_ZONES,)`` of a word of one label."""
        table = self.words[label].setdefault(word, np.zeros((N_ZONES, N_LEVELS), dtype=np.float32))
        table[:, level - 1] = weights


def fit_techniques(fit: DetectorFit, data: FitData, reader: FeatureReader, *, level: int) -> list[float]:
    """Fit one level of all techniques into ``fit`` and cross-validate it; returns the techniques' thresholds."""
    problem, projection = data.features.techniques, data.features.projection
    levels = _levels_of_techniques(data)
    held_out = [held_out_technique_scores(problem, levels, level, seed=seed) for seed in SEEDS]
    model = fit_linear(problem.features, levels[problem.papers, problem.terms], level=level)
    fit.nearby[:, level - 1] = model.weights[N_SHAPE : N_SHAPE + len(problem.nearby)] * NEARBY
    truths = [data.levels[key] >= level for key in TECHNIQUES]
    n_whole = len(truths[0])
    columns = [[scores[:n_whole, j] for j in range(len(TECHNIQUES))] for scores in held_out]
    # At adoption, each technique has a threshold of its own and mentions weigh more.
    choose = own_thresholds if level == ADOPTS else shared_threshold
    is_mention = [data.levels[key] == MENTIONS for key in TECHNIQUES]
    weights = [np.where(mention, MENTION_WEIGHT, 1.0) for mention in is_mention] if level == ADOPTS else None
    thresholds = choose(truths, list(np.mean(columns, axis=0)), weights)
    runs = [
        nested_decisions(truths, scores, choose, seed=seed, weights=weights)
        for seed, scores in zip(SEEDS, columns, strict=True)
    ]
    for j, key in enumerate(TECHNIQUES):
        fit.cross_validated[key][str(level)] = _cross_validated(truths[j], [run[j] for run in runs], data)
        if level == ADOPTS:
            fit.cross_validated[key]["mentions"] = {
                "labelled": int(is_mention[j].sum()),
                "said_adopts": float(np.mean([(run[j] & is_mention[j]).sum() for run in runs])),
            }
    for j, (key, sample) in enumerate(data.drawn.items(), len(TECHNIQUES)):
        truth, scores = sample.levels >= level, [run[sample.papers, j] for run in held_out]
        decided = [
            nested_drawn_decisions(truth, score, sample, seed) for seed, score in zip(SEEDS, scores, strict=True)
        ]
        fit.stratified.setdefault(key, {})[str(level)] = stratified_scores(truth, decided, sample)
        thresholds.append(_threshold(truth, np.mean(scores, axis=0), sample))
    for j, key in enumerate(data.techniques):
        row = data.fitted.index(key)
        own = model.weights[problem.own_start[j] : problem.own_start[j] + N_SHAPE]
        fit.shape[row, level - 1] = model.weights[:N_SHAPE] + SHAPE_OWN * own
        fit.bias[row, level - 1] = model.bias - thresholds[j]
        for i, word in enumerate(problem.words[j]):
            start = problem.word_start[j] + N_ZONES * i
            fit.set_word(row, reader.words[word], level, TECHNIQUE_WORD * model.weights[start : start + N_ZONES])
        on_latent = model.weights[problem.latent_start[j] : problem.latent_start[j] + N_LATENT]
        fit.ngrams[:, N_LEVELS * row + level - 1] = TECHNIQUE_LATENT * (projection @ on_latent)
    fit.shape[-1, level - 1] = model.weights[:N_SHAPE]
    fit.bias[-1, level - 1] = model.bias - _threshold_in_common(data, model.weights, model.bias, level)
    return thresholds


def _levels_of_techniques(data: FitData) -> NDArray[np.int64]:
    """``(n_papers, n_techniques)``; -1 where a paper is not labelled for a technique."""
    n_whole = len(data.levels[TECHNIQUES[0]])
    n_papers = max((int(sample.papers.max()) + 1 for sample in data.drawn.values()), default=n_whole)
    levels = np.full((n_papers, len(data.techniques)), -1)
    for j, key in enumerate(TECHNIQUES):
        levels[:n_whole, j] = data.levels[key]
    for j, sample in enumerate(data.drawn.values(), len(TECHNIQUES)):
        levels[sample.papers, j] = sample.levels
    return levels


def _threshold(truth: NDArray[np.bool_], score: NDArray[np.float64], sample: DrawnSample) -> float:
    found = score > NO_WORDS_SCORE
    return calibrated_threshold(truth[found], score[found], sample.weights[found])


def _threshold_in_common(data: FitData, weights: NDArray[np.float64], bias: float, level: int) -> float:
    """The threshold for techniques that were never fitted: the best one for the drawn papers by the shared weights."""
    problem = data.features.techniques
    n_shared = N_SHAPE + len(problem.nearby)
    scores = problem.features[:, :n_shared] @ weights[:n_shared] + bias
    of_papers = _levels_of_techniques(data)
    levels, weight_of = of_papers[problem.papers, problem.terms], np.zeros(of_papers.shape)
    for j, sample in enumerate(data.drawn.values(), len(TECHNIQUES)):
        weight_of[sample.papers, j] = sample.weights / sample.weights.sum()
    of_row = weight_of[problem.papers, problem.terms]
    is_drawn = of_row > 0
    if not is_drawn.any():
        return calibrated_threshold(levels >= level, scores)
    return calibrated_threshold(levels[is_drawn] >= level, scores[is_drawn], of_row[is_drawn])


def fit_themes(
    fit: DetectorFit, data: FitData, reader: FeatureReader, numbers: Sequence[int], *, level: int
) -> list[float]:
    """Fit one level of each theme into ``fit`` and cross-validate it; returns their thresholds.

    ``numbers`` are the themes' positions in the taxonomy.
    """
    features, n_ngrams = data.features.themes, len(data.features.ngram_names)
    truths = [data.levels[key] >= level for key in THEMES]
    columns = [
        [held_out_theme_scores(x, data.levels[key], level, seed=seed) for x, key in zip(features, THEMES, strict=True)]
        for seed in SEEDS
    ]
    thresholds = own_thresholds(truths, list(np.mean(columns, axis=0)))
    runs = [
        nested_decisions(truths, scores, own_thresholds, seed=seed) for seed, scores in zip(SEEDS, columns, strict=True)
    ]
    for t, key in enumerate(THEMES):
        fit.cross_validated[key][str(level)] = _cross_validated(truths[t], [run[t] for run in runs], data)
        j = LABELS.index(key)
        own_words = reader.words_of(numbers[t])
        after_words = N_SHAPE + N_ZONES * len(own_words)
        model = fit_linear(features[t], data.levels[key], level=level)
        fit.shape[j, level - 1] = model.weights[:N_SHAPE]
        fit.bias[j, level - 1] = model.bias - thresholds[t]
        for i, word in enumerate(own_words):
            start = N_SHAPE + N_ZONES * i
            fit.set_word(j, reader.words[word], level, THEME_WORD * model.weights[start : start + N_ZONES])
        on_ngrams = model.weights[after_words : after_words + n_ngrams]
        on_latent = model.weights[after_words + n_ngrams :]
        fit.ngrams[:, N_LEVELS * j + level - 1] = NGRAM * on_ngrams + LATENT * (data.features.projection @ on_latent)
    return thresholds


def weights_file(fit: DetectorFit, data: FitData, taxonomy: Taxonomy, about: dict[str, Any]) -> bytes:
    """The fitted weights as the file that ships."""
    features = data.features
    entries = {entry.key: entry for entry in taxonomy.entries}
    terms = [
        TermWeights(
            "theme" if key in THEMES else "technique",
            key,
            entries[key].content_hash,
            fit.shape[j].astype(np.float32),
            fit.bias[j].astype(np.float32),
            fit.words[j],
            N_LEVELS * j,
        )
        for j, key in enumerate(data.fitted)
    ]
    shape, bias = fit.shape[-1].astype(np.float32), fit.bias[-1].astype(np.float32)
    return dump_weights(
        terms,
        TermWeights("technique", "", "", shape, bias, {}, None),
        {name: fit.nearby[i].astype(np.float32) for name, i in features.techniques.nearby.items()},
        features.ngram_names,
        features.ngram_idf,
        fit.ngrams.astype(np.float32),
        about,
    )


def _cross_validated(truth: NDArray[np.bool_], runs: list[NDArray[np.bool_]], data: FitData) -> dict[str, Any]:
    """Scores on ``train.jsonl``: the mean over the runs, and the counts of the first run.

    ``counts_random`` is on the papers that were drawn at random.
    """
    truth = truth[: data.n_train]
    runs = [run[: data.n_train] for run in runs]
    counts = [Counts.of(truth, decided) for decided in runs]
    return {
        "f1": float(np.mean([c.f1 for c in counts])),
        "precision": float(np.mean([c.precision for c in counts])),
        "recall": float(np.mean([c.recall for c in counts])),
        "counts": asdict(counts[0]),
        "counts_random": asdict(Counts.of(truth[data.is_random], runs[0][data.is_random])),
    }


def _about(papers: Sequence[LabelledPaper], n_train: int, n_texts: int) -> dict[str, Any]:
    drawn = [paper.drawn == "random" for paper in papers]
    return {
        "fitted_on": datetime.now(UTC).date().isoformat(),
        "n_fitted": n_train,
        "n_fitted_random": sum(drawn[:n_train]),
        "n_added": len(papers) - n_train,
        "n_added_random": sum(drawn[n_train:]),
        "n_unlabelled": n_texts,
    }


def fit_detector(shared: Path, out: Path) -> None:
    """Fit and cross-validate all labels, measure the result, and write weights and scores to ``out``."""
    taxonomy = load_taxonomy()
    reader = FeatureReader(taxonomy)
    keys = [entry.key for entry in taxonomy.entries]
    train = read_labelled(shared / "gold" / "train.jsonl")
    print("reading arXiv's abstracts ...", flush=True)
    pools = arxiv_texts(shared)
    papers = train + read_added(ADDED_LABELS, pools)
    labels, n_whole = read_drawn(DRAWN_LABELS), len(papers)
    papers += drawn_papers(labels, pools)
    texts = unlabelled_texts(shared, pools, n_texts=30_000, seed=0)
    drawn = drawn_samples(labels, read_strata(STRATA), papers)
    features = features_of(
        read_term_features(reader, papers), reader, keys, papers, texts, techniques=(*TECHNIQUES, *drawn)
    )
    print(f"{len(features.ngram_names):,} n-grams in {len(texts):,} abstracts", flush=True)
    data = FitData(
        features,
        {label: np.array([paper.levels[label] for paper in papers[:n_whole]]) for label in LABELS},
        np.array([paper.drawn == "random" for paper in train]),
        drawn,
    )
    fit = DetectorFit.empty(data)
    for level in range(1, N_LEVELS + 1):
        thresholds = fit_techniques(fit, data, reader, level=level)
        print(f"  techniques, level {level}: thresholds {', '.join(f'{t:.2f}' for t in thresholds)}", flush=True)
    for level in range(1, ADOPTS + 1):
        thresholds = fit_themes(fit, data, reader, [keys.index(key) for key in THEMES], level=level)
        print(f"  themes, level {level}: thresholds {', '.join(f'{t:.2f}' for t in thresholds)}", flush=True)
    about = _about(papers[:n_whole], data.n_train, len(texts)) | {
        "n_drawn": len(labels),
        "n_strata_papers": next(iter(drawn.values())).n_papers,
    }
    content = weights_file(fit, data, taxonomy, about)
    weights = out / "detector_weights.npz"
    weights.write_bytes(content)
    print(f"{weights.name}: {len(content) / 1e6:.2f} MB, {len(features.ngram_names):,} n-grams", flush=True)
    report = measure_detector(Detector(taxonomy, load_weights(weights)), shared) | {"fit": about}
    for label in LABELS:
        report["labels"][label]["cross_validated"] = fit.cross_validated[label]
    hashes = {entry.key: entry.content_hash for entry in taxonomy.entries}
    for key, scores in fit.stratified.items():
        report["labels"][key] = {"content_hash": hashes[key], "stratified": scores}
    (out / SCORES.name).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print("\n".join(report_lines(report)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit; 1 where there are no labelled abstracts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with gold/ and arxiv/")
    parser.add_argument("--out", type=Path, default=SCORES.parent, help="folder to write to")
    options = parser.parse_args(arguments)
    if not (options.shared / "gold" / "train.jsonl").exists():
        print(f"no labelled abstracts under {options.shared}; name the folder with --shared", file=sys.stderr)
        return 1
    fit_detector(options.shared, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
