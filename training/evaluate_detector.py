"""Accuracy of the shipped detector on ``dev.jsonl``, beside the regular expressions, and its speed."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import analysis.detection
from analysis.detection.detector import Detector
from analysis.detection.weights import N_LEVELS
from analysis.trends.shares import share_of
from training.baseline import REGULAR_EXPRESSIONS
from training.labels import ADOPTS, LABELS, MENTIONS, TECHNIQUES, THEMES, LabelledPaper, read_labelled

SCORES = Path(analysis.detection.__file__).parent / "detector_scores.json"


@dataclass(frozen=True)
class Counts:
    """Decisions against labels: true and false positives, false and true negatives."""

    tp: int
    fp: int
    fn: int
    tn: int

    @classmethod
    def of(cls, truth: NDArray[np.bool_], decided: NDArray[np.bool_]) -> Counts:
        return cls(
            int((truth & decided).sum()),
            int((~truth & decided).sum()),
            int((truth & ~decided).sum()),
            int((~truth & ~decided).sum()),
        )

    @property
    def f1(self) -> float:
        return 2 * self.tp / max(2 * self.tp + self.fp + self.fn, 1)

    @property
    def precision(self) -> float:
        return self.tp / max(self.tp + self.fp, 1)

    @property
    def recall(self) -> float:
        return self.tp / max(self.tp + self.fn, 1)


def measure_detector(detector: Detector, shared: Path) -> dict[str, Any]:
    """The contents of the scores file: accuracy by label and level, the baseline, and the speed.

    ``labels[key]`` holds ``content_hash`` of the taxonomy entry measured, ``regex`` at the adoption level, and
    ``dev[level]`` with counts, scores and 95 % intervals: of F1 by bootstrap (percentiles of 2,000 resamples of
    papers), of precision and recall by Wilson.
    """
    taxonomy = detector.taxonomy
    dev = read_labelled(shared / "gold" / "dev.jsonl")
    is_random = np.array([paper.drawn == "random" for paper in dev])
    found = [{d.key: d.level for d in of} for of in detector.detect_texts([(p.title, p.abstract) for p in dev])]
    hashes = {entry.key: entry.content_hash for entry in taxonomy.entries}
    resamples = np.random.default_rng(0).multinomial(len(dev), np.full(len(dev), 1 / len(dev)), size=2000)
    labels: dict[str, Any] = {}
    by_group: dict[str, list[NDArray[np.float64]]] = {}
    for label in LABELS:
        truth_level = np.array([paper.levels[label] for paper in dev])
        decided_level = np.array([levels.get(label, 0) for levels in found])
        expression = re.compile(REGULAR_EXPRESSIONS[label], re.IGNORECASE)
        matches = np.array([bool(expression.search(f"{paper.title}\n{paper.abstract}")) for paper in dev])
        by_level = {}
        for level in range(1, (N_LEVELS if label in TECHNIQUES else ADOPTS) + 1):
            truth, decided = truth_level >= level, decided_level >= level
            by_level[str(level)] = _scores(truth, decided, resamples) | {
                "counts_random": asdict(Counts.of(truth[is_random], decided[is_random]))
            }
        truth, decided = truth_level >= ADOPTS, decided_level >= ADOPTS
        group = "techniques" if label in TECHNIQUES else "themes"
        by_group.setdefault(group, []).append(_resampled_f1(truth, decided, resamples))
        by_group.setdefault(f"{group}_regex", []).append(_resampled_f1(truth, matches, resamples))
        exact = (truth_level == 1) & (decided_level == 1)
        labels[label] = {
            "content_hash": hashes[label],
            "dev": by_level,
            "regex": _scores(truth, matches, resamples),
            "mentions": {
                "labelled": int((truth_level == 1).sum()),
                "said_mentions": int(exact.sum()),
                "said_adopts": int(((truth_level == 1) & (decided_level >= ADOPTS)).sum()),
            },
        }
    macro = {}
    for group, samples in by_group.items():
        keys = TECHNIQUES if group.startswith("techniques") else THEMES
        value = np.mean(
            [labels[k]["regex"]["f1"] if group.endswith("_regex") else labels[k]["dev"]["2"]["f1"] for k in keys]
        )
        macro[group] = {"f1": float(value), **_interval(np.mean(samples, axis=0), "f1")}
    return {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "taxonomy_id": taxonomy.taxonomy_id,
        "detector_id": detector.detector_id,
        "n_dev": len(dev),
        "n_dev_random": int(is_random.sum()),
        "papers_per_second": papers_per_second(detector, [(paper.title, paper.abstract) for paper in dev]),
        "macro": macro,
        "labels": labels,
    }


@dataclass(frozen=True)
class Accuracy:
    """Macro F1 of one judge on one set at the level of adoption, and how many mentions of techniques it calls adoption.

    Labels on which the annotators differ are left out.
    """

    techniques_f1: float
    themes_f1: float
    n_mentions: int
    n_called_adoption: int


def accuracy_of(adopts: Sequence[Collection[str]], papers: Sequence[LabelledPaper]) -> Accuracy:
    """The accuracy of decisions: for each paper, the labels that it is taken to adopt."""
    f1: dict[str, float] = {}
    n_mentions = n_called = 0
    for label in LABELS:
        known = [
            (level, label in decided)
            for paper, decided in zip(papers, adopts, strict=True)
            if (level := paper.levels.get(label)) is not None
        ]
        truth, by_judge = (np.array(of) for of in zip(*((level >= ADOPTS, yes) for level, yes in known), strict=True))
        f1[label] = Counts.of(truth, by_judge).f1
        if label in TECHNIQUES:
            n_mentions += sum(level == MENTIONS for level, _ in known)
            n_called += sum(level == MENTIONS and yes for level, yes in known)
    techniques, themes = (float(np.mean([f1[label] for label in group])) for group in (TECHNIQUES, THEMES))
    return Accuracy(techniques, themes, n_mentions, n_called)


def adopted_by_detector(detector: Detector, papers: Sequence[LabelledPaper]) -> list[set[str]]:
    """The labels that each paper adopts by the detector."""
    found = detector.detect_texts([(paper.title, paper.abstract) for paper in papers])
    return [{d.key for d in of if d.level >= ADOPTS} for of in found]


def adopted_by_expressions(papers: Sequence[LabelledPaper]) -> list[set[str]]:
    """The labels whose regular expression matches each paper."""
    expressions = {label: re.compile(REGULAR_EXPRESSIONS[label], re.IGNORECASE) for label in LABELS}
    texts = [f"{paper.title}\n{paper.abstract}" for paper in papers]
    return [{label for label, expression in expressions.items() if expression.search(text)} for text in texts]


def papers_per_second(detector: Detector, texts: Sequence[tuple[str, str]]) -> float:
    """Papers detected in a second of one core's time, together, the best of eight rounds over at least 2,000 papers."""
    many = [*texts] * -(-2000 // len(texts))
    rounds = []
    for _ in range(8):
        start = time.process_time()
        detector.detect_texts(many)
        rounds.append(len(many) / (time.process_time() - start))
    return round(max(rounds))


def _resampled_f1(
    truth: NDArray[np.bool_], decided: NDArray[np.bool_], resamples: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The F1 of each resample."""
    tp, n_decided, n_true = resamples @ (truth & decided), resamples @ decided, resamples @ truth
    f1: NDArray[np.float64] = 2 * tp / np.maximum(n_decided + n_true, 1)
    return f1


def _interval(samples: NDArray[np.float64], name: str) -> dict[str, float]:
    low, high = np.percentile(samples, [2.5, 97.5])
    return {f"{name}_low": float(low), f"{name}_high": float(high)}


def _scores(truth: NDArray[np.bool_], decided: NDArray[np.bool_], resamples: NDArray[np.int64]) -> dict[str, Any]:
    counts = Counts.of(truth, decided)
    f1 = _interval(_resampled_f1(truth, decided, resamples), "f1")
    return {"counts": asdict(counts), "f1": counts.f1, **f1, **precision_and_recall(counts)}


def precision_and_recall(counts: Counts) -> dict[str, float]:
    """Both with Wilson intervals; a bootstrap of a sample without errors has an interval of width zero."""
    scores: dict[str, float] = {}
    for name, n in (("precision", counts.tp + counts.fp), ("recall", counts.tp + counts.fn)):
        share = share_of(counts.tp, n)
        low, high = (share.low, share.high) if n else (0.0, 1.0)
        scores |= {name: float(getattr(counts, name)), f"{name}_low": low, f"{name}_high": high}
    return scores
