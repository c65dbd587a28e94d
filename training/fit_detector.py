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
from training.cross_validation import SEEDS, held_out_technique_scores, held_out_theme_scores, nested_decisions
from training.evaluate import SCORES, Counts, measure_detector
from training.features import (
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
from training.labels import ADDED_LABELS, ADOPTS, LABELS, TECHNIQUES, THEMES, LabelledPaper, read_added, read_labelled
from training.linear_model import fit_linear
from training.terminal_report import report_lines
from training.thresholds import own_thresholds, shared_threshold

N_SHAPE = len(SHAPE)

Levels = dict[str, NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class FitData:
    """Labelled papers as features and levels; the first ``len(is_random)`` papers are those of ``train.jsonl``.

    ``is_random`` says of each of these whether it was drawn at random.
    """

    features: Features
    levels: Levels
    is_random: NDArray[np.bool_]

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
    words: list[dict[str, NDArray[np.float32]]] = field(default_factory=lambda: [{} for _ in LABELS])
    cross_validated: dict[str, dict[str, Any]] = field(default_factory=lambda: {label: {} for label in LABELS})

    @classmethod
    def empty(cls, features: Features) -> DetectorFit:
        return cls(
            shape=np.zeros((len(LABELS) + 1, N_LEVELS, N_SHAPE)),
            bias=np.zeros((len(LABELS) + 1, N_LEVELS)),
            nearby=np.zeros((len(features.techniques.nearby), N_LEVELS)),
            ngrams=np.zeros((len(features.ngram_names), N_LEVELS * len(LABELS))),
        )

    def set_word(self, label: int, word: str, level: int, weights: NDArray[np.float64]) -> None:
        """Set the weights ``(N_ZONES,)`` of a word of one label."""
        table = self.words[label].setdefault(word, np.zeros((N_ZONES, N_LEVELS), dtype=np.float32))
        table[:, level - 1] = weights


def fit_techniques(fit: DetectorFit, data: FitData, reader: FeatureReader, *, level: int) -> float:
    """Fit one level of all techniques into ``fit`` and cross-validate it; returns their threshold."""
    problem, projection = data.features.techniques, data.features.projection
    levels = np.stack([data.levels[key] for key in TECHNIQUES], axis=1)
    held_out = [held_out_technique_scores(problem, levels, level, seed=seed) for seed in SEEDS]
    model = fit_linear(problem.features, levels[problem.papers, problem.terms], level=level)
    fit.nearby[:, level - 1] = model.weights[N_SHAPE : N_SHAPE + len(problem.nearby)] * NEARBY
    truths = [data.levels[key] >= level for key in TECHNIQUES]
    columns = [[scores[:, j] for j in range(len(TECHNIQUES))] for scores in held_out]
    thresholds = shared_threshold(truths, list(np.mean(columns, axis=0)))
    runs = [
        nested_decisions(truths, scores, shared_threshold, seed=seed)
        for seed, scores in zip(SEEDS, columns, strict=True)
    ]
    for j, key in enumerate(TECHNIQUES):
        fit.cross_validated[key][str(level)] = _cross_validated(truths[j], [run[j] for run in runs], data)
        own = model.weights[problem.own_start[j] : problem.own_start[j] + N_SHAPE]
        fit.shape[j, level - 1] = model.weights[:N_SHAPE] + SHAPE_OWN * own
        fit.bias[j, level - 1] = model.bias - thresholds[j]
        for i, word in enumerate(problem.words[j]):
            start = problem.word_start[j] + N_ZONES * i
            fit.set_word(j, reader.words[word], level, TECHNIQUE_WORD * model.weights[start : start + N_ZONES])
        on_latent = model.weights[problem.latent_start[j] : problem.latent_start[j] + N_LATENT]
        fit.ngrams[:, N_LEVELS * j + level - 1] = TECHNIQUE_LATENT * (projection @ on_latent)
    fit.shape[-1, level - 1] = model.weights[:N_SHAPE]
    fit.bias[-1, level - 1] = model.bias - thresholds[0]
    return thresholds[0]


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
        j = len(TECHNIQUES) + t
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


def weights_file(fit: DetectorFit, features: Features, taxonomy: Taxonomy, about: dict[str, Any]) -> bytes:
    """The fitted weights as the file that ships."""
    entries = {entry.key: entry for entry in taxonomy.entries}
    terms = [
        TermWeights(
            "technique" if key in TECHNIQUES else "theme",
            key,
            entries[key].content_hash,
            fit.shape[j].astype(np.float32),
            fit.bias[j].astype(np.float32),
            fit.words[j],
            N_LEVELS * j,
        )
        for j, key in enumerate(LABELS)
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
    texts = unlabelled_texts(shared, pools, n_texts=30_000, seed=0)
    features = features_of(read_term_features(reader, papers), reader, keys, papers, texts)
    print(f"{len(features.ngram_names):,} n-grams in {len(texts):,} abstracts", flush=True)
    data = FitData(
        features,
        {label: np.array([paper.levels[label] for paper in papers]) for label in LABELS},
        np.array([paper.drawn == "random" for paper in train]),
    )
    fit = DetectorFit.empty(features)
    for level in range(1, N_LEVELS + 1):
        threshold = fit_techniques(fit, data, reader, level=level)
        print(f"  techniques, level {level}: threshold {threshold:.2f}", flush=True)
    for level in range(1, ADOPTS + 1):
        thresholds = fit_themes(fit, data, reader, [keys.index(key) for key in THEMES], level=level)
        print(f"  themes, level {level}: thresholds {', '.join(f'{t:.2f}' for t in thresholds)}", flush=True)
    about = _about(papers, data.n_train, len(texts))
    content = weights_file(fit, features, taxonomy, about)
    weights = out / "detector_weights.npz"
    weights.write_bytes(content)
    print(f"{weights.name}: {len(content) / 1e6:.2f} MB, {len(features.ngram_names):,} n-grams", flush=True)
    report = measure_detector(Detector(taxonomy, load_weights(weights)), shared) | {"fit": about}
    for label in LABELS:
        report["labels"][label]["cross_validated"] = fit.cross_validated[label]
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
