"""Fit the detector, measure it, and write its model card.

    python -m benchmarks.detection fit       fit on train.jsonl and detection_labels.jsonl, measure on dev.jsonl, write
                                             both to analysis/
    python -m benchmarks.detection           measure what ships, beside one regular expression per label, and its speed
    python -m benchmarks.detection speed     measure its speed alone, on papers of arxiv/recent, and keep the figure
    python -m benchmarks.detection card      write docs/model-card.md from analysis/detector_scores.json

``--shared`` is the folder with ``gold/`` and ``arxiv/``, by default ``../shared``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from analysis.detection.detector import Detector
from analysis.detection.taxonomy import Taxonomy, load_taxonomy
from analysis.detection.term_features import N_ZONES, SHAPE, FeatureReader, TermFeatures
from analysis.detection.weights import N_LEVELS, TermWeights, dump_weights, ngrams
from analysis.detection.word_finder import plain
from analysis.trends.shares import share_of

ANALYSIS = Path(__file__).parent.parent / "analysis" / "detection"
WEIGHTS = ANALYSIS / "detector_weights.npz"
SCORES = ANALYSIS / "detector_scores.json"
CARD = Path(__file__).parent.parent / "docs" / "model-card.md"
ADDED_LABELS = Path(__file__).parent / "detection_labels.jsonl"
"""Labels beyond ``train.jsonl``, by arXiv identifier and without texts; how they were made is in docs/methods.md."""

TECHNIQUES = ("transformer", "llm", "diffusion", "ssm", "gnn", "rl", "compression")
THEMES = ("efficiency", "evaluation", "data_governance", "deployment", "security", "application")
LABELS = TECHNIQUES + THEMES
WATCHED = {"cs.LG", "stat.ML", "cs.CL", "cs.CV", "cs.AI", "cs.NE"}
ADOPTS = 2

REGULAR_EXPRESSIONS = {
    "transformer": r"\btransformers?\b|self-attention|(?-i:\bViTs?\b|\bSwin\b|\w*BERT\w*)|multi-head attention",
    "llm": r"\blarge (vision-)?language models?\b|(?-i:\b\w?LLMs?\b|\bVLMs?\b)|\bGPT-?[345]|ChatGPT|LLaMA"
    r"|vision-language model",
    "diffusion": r"\bdiffusion (model|transformer|polic|probabilistic)|diffusion-based|denoising diffusion"
    r"|latent diffusion|stable diffusion|score-based|flow matching|\bDDPM|\bDDIM",
    "ssm": r"\w*mamba\b|structured state[- ]space|selective state[- ]space|state[- ]space models? \(SSM|(?-i:\bS4\b)",
    "gnn": r"\bgraph (neural|convolution\w*|attention|transformer)|(?-i:\bGNNs?\b|\bGCNs?\b)|message.passing neural",
    "rl": r"reinforcement learning|(?-i:\bRL\b|\bPPO\b)|\bRLHF\b|\bGRPO\b|\bbandits?\b|Q-learning|actor-critic"
    r"|policy gradient",
    "compression": r"\bquantiz|\bpruning\b|knowledge distillation|model compression|\bLoRA\b|low-rank adapt"
    r"|parameter-efficient|KV cache",
    "efficiency": r"efficien|latency|speed-?up|memory (footprint|usage)|computational cost|throughput|accelerat",
    "evaluation": r"benchmark|evaluation (framework|protocol|metric)|calibrat|leaderboard|systematic(ally)? evaluat",
    "data_governance": r"privacy|fairness|federated|unlearning|copyright|regulation|contamination|GDPR|data quality",
    "deployment": r"deploy|in production|serving|monitoring|concept drift|MLOps|on-device",
    "security": r"adversarial (attack|example|robust)|\battacks?\b|backdoor|jailbreak|poison|watermark"
    r"|prompt injection",
    "application": r"clinical|medical|patient|autonomous driving|robot|climate|financ|legal|remote sensing|protein"
    r"|traffic",
}
"""One expression per label: what a weekend project would use. Nothing in the detector depends on them."""


@dataclass(frozen=True)
class Labelled:
    """A labelled abstract."""

    title: str
    abstract: str
    levels: dict[str, int]
    drawn: str


@dataclass(frozen=True)
class Counts:
    """Decisions against labels."""

    tp: int
    fp: int
    fn: int
    tn: int

    @classmethod
    def of(cls, truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> Counts:
        return cls(
            int((truth & said).sum()),
            int((~truth & said).sum()),
            int((truth & ~said).sum()),
            int((~truth & ~said).sum()),
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


# --- data -------------------------------------------------------------------------------------------------------------


def read_labelled(path: Path) -> list[Labelled]:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [Labelled(row["title"], row["abstract"], row["labels"], row["drawn"]) for row in rows]


def arxiv_texts(shared: Path) -> list[dict[str, tuple[str, str]]]:
    """Titles and abstracts of the watched papers by identifier: the recent ones, and cs.CL's history."""
    pools = []
    for folder in ("recent", "cs-CL-history"):
        pool = {}
        for path in sorted((shared / "arxiv" / folder).glob("*.jsonl.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for line in lines:
                    row = json.loads(line)
                    if WATCHED & set(row["categories"]):
                        pool[row["arxiv_id"]] = (row["title"], row["abstract"])
        pools.append(pool)
    return pools


def read_added(path: Path, pools: list[dict[str, tuple[str, str]]]) -> list[Labelled]:
    """The papers of a file of labels, with their texts from arXiv; levels of 0 are left out of the file."""
    added = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        title, abstract = next(pool[row["id"]] for pool in pools if row["id"] in pool)
        added.append(Labelled(title, abstract, dict.fromkeys(LABELS, 0) | row["levels"], row["drawn"]))
    return added


def unlabelled_texts(
    shared: Path, pools: list[dict[str, tuple[str, str]]], *, n_texts: int, seed: int
) -> list[tuple[str, str]]:
    """Texts for the n-gram statistics: three quarters recent, one quarter of cs.CL's history.

    Abstracts that are labelled in ``train.jsonl`` or ``dev.jsonl`` are left out.
    """
    labelled = {
        json.loads(line)["id"]
        for name in ("train", "dev")
        for line in (shared / "gold" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    }
    chance = random.Random(seed)
    texts = []
    for pool, n in zip(pools, (n_texts * 3 // 4, n_texts // 4), strict=True):
        texts += chance.sample([text for arxiv_id, text in pool.items() if arxiv_id not in labelled], n)
    return texts


# --- fitting ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fitted:
    """One fitted linear model: weights over its features, and the constant."""

    weights: NDArray[np.float64]
    bias: float


def fit_linear(
    features: Any, levels: NDArray[np.int64], *, level: int, weights: NDArray[np.float64] | None = None
) -> Fitted:
    """A logistic regression for "at least this level"; ``weights`` say how much each row counts."""
    model = LogisticRegression(C=STRENGTH, max_iter=2000, solver="liblinear", random_state=0)
    model.fit(features, levels >= level, sample_weight=weights)
    return Fitted(model.coef_[0], float(model.intercept_[0]))


@dataclass(frozen=True, eq=False)
class TechniqueProblem:
    """Rows (paper, technique) where the technique's words stand, features shared and of its own."""

    features: Any
    papers: NDArray[np.int64]
    terms: NDArray[np.int64]
    nearby: dict[str, int]
    words: list[list[int]]
    own_start: list[int]
    word_start: list[int]
    latent_start: list[int]


SHAPE_OWN = 0.3
NEARBY = 0.4
TECHNIQUE_WORD = 1.0
THEME_WORD = 0.5
NGRAM = 6.0
TECHNIQUE_LATENT = 2.0
LATENT = 4.0
N_LATENT = 100
MIN_NEARBY = 6
STRENGTH = 0.5
"""Scales of the feature groups (a larger scale is regularised less), and the inverse strength of regularisation of all;
chosen by cross-validation on the fitting data."""


def technique_problem(
    signals: list[dict[int, TermFeatures]], reader: FeatureReader, numbers: list[int], latent: NDArray[np.float64]
) -> TechniqueProblem:
    counts = Counter(name for found in signals for n in numbers if n in found for name in found[n].nearby)
    nearby = {name: i for i, name in enumerate(sorted(name for name, c in counts.items() if c >= MIN_NEARBY))}
    words = [reader.words_of(number) for number in numbers]
    n_shape = len(SHAPE)
    start = n_shape + len(nearby)
    own_start, word_start = [], []
    for _ in numbers:
        own_start.append(start)
        start += n_shape
    for own in words:
        word_start.append(start)
        start += N_ZONES * len(own)
    latent_start = [start + latent.shape[1] * j for j in range(len(numbers))]
    n_own = start
    rows: list[dict[int, float]] = []
    papers, terms = [], []
    for j, number in enumerate(numbers):
        position = {word: i for i, word in enumerate(words[j])}
        for paper, found in enumerate(signals):
            if number not in found:
                continue
            signal = found[number]
            row = {i: value for i, value in enumerate(signal.shape) if value}
            row |= {own_start[j] + i: SHAPE_OWN * value for i, value in enumerate(signal.shape) if value}
            row |= {n_shape + nearby[name]: NEARBY for name in signal.nearby if name in nearby}
            row |= {word_start[j] + _column(code, position): TECHNIQUE_WORD for code in signal.words}
            rows.append(row)
            papers.append(paper)
            terms.append(j)
    of_paper, of_term = np.array(papers), np.array(terms)
    parts = [_matrix(rows, n_own)]
    for j in range(len(numbers)):
        parts.append(sparse.csr_matrix(TECHNIQUE_LATENT * latent[of_paper] * (of_term == j)[:, None]))
    features = sparse.hstack(parts).tocsr()
    return TechniqueProblem(features, of_paper, of_term, nearby, words, own_start, word_start, latent_start)


def theme_features(
    signals: list[dict[int, TermFeatures]], reader: FeatureReader, number: int, ngram: Any, latent: NDArray[np.float64]
) -> Any:
    words = reader.words_of(number)
    position = {word: i for i, word in enumerate(words)}
    rows = []
    for found in signals:
        signal = found.get(number)
        row: dict[int, float] = {}
        if signal is not None:
            row = {i: value for i, value in enumerate(signal.shape) if value}
            row |= {len(SHAPE) + _column(code, position): THEME_WORD for code in signal.words}
        rows.append(row)
    own = _matrix(rows, len(SHAPE) + N_ZONES * len(words))
    return sparse.hstack([own, ngram * NGRAM, sparse.csr_matrix(latent * LATENT)]).tocsr()


def signals_of(reader: FeatureReader, papers: Sequence[Labelled]) -> list[dict[int, TermFeatures]]:
    return [reader.read(p.title, p.abstract, plain(p.title), plain(p.abstract)) for p in papers]


@dataclass(frozen=True, eq=False)
class Features:
    """What is fitted: a problem for all techniques together, and features ``(n_papers, n_columns)`` for each theme.

    ``projection`` is ``(n_ngrams, N_LATENT)``, from tf-idf values of n-grams to the latent directions.
    """

    techniques: TechniqueProblem
    themes: list[Any]
    ngram_names: list[str]
    ngram_idf: NDArray[np.float32]
    projection: NDArray[np.float64]


def features_of(
    signals: list[dict[int, TermFeatures]],
    reader: FeatureReader,
    keys: Sequence[str],
    papers: Sequence[Labelled],
    texts: Sequence[tuple[str, str]],
) -> Features:
    """Features of labelled papers, whose signals are given, with the statistics of unlabelled texts.

    ``keys`` are those of the taxonomy's entries, in their order.
    """
    vectorizer = TfidfVectorizer(
        analyzer=lambda pair: ngrams(*pair), min_df=25, max_df=0.3, sublinear_tf=True, dtype=np.float32
    )
    corpus = vectorizer.fit_transform(texts)
    ngram = vectorizer.transform([(paper.title, paper.abstract) for paper in papers])
    svd = TruncatedSVD(N_LATENT, random_state=0, n_iter=3).fit(corpus)
    # Dividing by the root of the singular values keeps the few broadest directions from drowning the rest. The map
    # from n-grams to latent directions is linear, so that what ships is one weight an n-gram, without the map.
    projection = svd.components_.T / np.sqrt(svd.singular_values_)
    projection /= np.linalg.norm(ngram @ projection, axis=1).mean()
    latent = np.asarray(ngram @ projection, dtype=np.float64)
    return Features(
        technique_problem(signals, reader, [keys.index(key) for key in TECHNIQUES], latent),
        [theme_features(signals, reader, keys.index(key), ngram, latent) for key in THEMES],
        list(vectorizer.get_feature_names_out()),
        vectorizer.idf_.astype(np.float32),
        projection,
    )


def _column(code: int, position: dict[int, int]) -> int:
    """The column of a word in a zone, as ``TermSignals.words`` names it, among those of its term."""
    word, zone = divmod(code, N_ZONES)
    return N_ZONES * position[word] + zone


def _matrix(rows: list[dict[int, float]], n_columns: int) -> Any:
    row_of = [i for i, row in enumerate(rows) for _ in row]
    columns = [column for row in rows for column in row]
    values = [value for row in rows for value in row.values()]
    return sparse.csr_matrix((values, (row_of, columns)), shape=(len(rows), n_columns))


def folds(n_papers: int, *, seed: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    yield from KFold(5, shuffle=True, random_state=seed).split(np.arange(n_papers))


NEVER = -50.0
"""Score of a technique whose words do not stand in the paper."""


def held_out_technique_scores(
    problem: TechniqueProblem, levels: NDArray[np.int64], level: int, *, seed: int
) -> NDArray[np.float64]:
    """``(n_papers, n_techniques)``, every score by a model that has not seen the paper."""
    scores = np.full(levels.shape, NEVER)
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


SEEDS = (0, 1, 2)

Truths = Sequence[NDArray[np.bool_]]
Scores = Sequence[NDArray[np.float64]]


def calibrated_threshold(truth: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """The score above which the expected F1 is best.

    Scores are calibrated by Platt scaling (two numbers), and the F1 expected from the calibrated probabilities has its
    top where the probability is half of it (Lipton, Elkan and Narayanaswamy, 2014). The observed F1 of few positives
    would be too jagged to choose by.
    """
    platt = LogisticRegression(C=1000.0).fit(score[:, None], truth)
    probability = np.sort(platt.predict_proba(score[:, None])[:, 1])[::-1]
    n_said = np.arange(1, len(probability) + 1)
    half = float((2 * np.cumsum(probability) / (n_said + probability.sum())).max()) / 2
    return float((math.log(half / (1 - half)) - platt.intercept_[0]) / platt.coef_[0, 0])


def shared_threshold(truths: Truths, scores: Scores) -> list[float]:
    """One threshold for all labels of a group: for the techniques, some of which have two dozen positives."""
    truth, score = np.concatenate(truths), np.concatenate(scores)
    found = score > NEVER
    return [calibrated_threshold(truth[found], score[found])] * len(truths)


def own_thresholds(truths: Truths, scores: Scores) -> list[float]:
    """A threshold for each label: for the themes, whose positives differ fifteenfold in number."""
    return [calibrated_threshold(truth, score) for truth, score in zip(truths, scores, strict=True)]


def nested_decisions(
    truths: Truths, scores: Scores, choose: Callable[[Truths, Scores], list[float]], *, seed: int
) -> list[NDArray[np.bool_]]:
    """Held-out decisions of a group of labels, with thresholds chosen on the other folds only."""
    said = [np.zeros(len(truth), dtype=bool) for truth in truths]
    for train, test in folds(len(truths[0]), seed=seed):
        thresholds = choose([truth[train] for truth in truths], [score[train] for score in scores])
        for decided, score, threshold in zip(said, scores, thresholds, strict=True):
            decided[test] = score[test] > threshold
    return said


def fit(shared: Path) -> None:
    """Fit, cross-validate and write the weights; then measure on dev and write the scores."""
    taxonomy = load_taxonomy()
    reader = FeatureReader(taxonomy)
    keys = [entry.key for entry in taxonomy.entries]
    train = read_labelled(shared / "gold" / "train.jsonl")
    n_train = len(train)
    print("reading arXiv's abstracts ...", flush=True)
    pools = arxiv_texts(shared)
    papers = train + read_added(ADDED_LABELS, pools)
    texts = unlabelled_texts(shared, pools, n_texts=30_000, seed=0)
    signals = signals_of(reader, papers)
    levels = {label: np.array([paper.levels[label] for paper in papers]) for label in LABELS}
    is_random = np.array([paper.drawn == "random" for paper in train])

    features = features_of(signals, reader, keys, papers, texts)
    problem, ngram_names, projection = features.techniques, features.ngram_names, features.projection
    print(f"{len(ngram_names):,} n-grams in {len(texts):,} abstracts", flush=True)

    cross_validated: dict[str, dict[str, Any]] = {label: {} for label in LABELS}
    n_shape = len(SHAPE)
    shape = np.zeros((len(LABELS) + 1, N_LEVELS, n_shape))
    bias = np.zeros((len(LABELS) + 1, N_LEVELS))
    words: list[dict[str, NDArray[np.float32]]] = [{} for _ in LABELS]
    ngram_weights = np.zeros((len(ngram_names), N_LEVELS * len(LABELS)))

    technique_levels = np.stack([levels[key] for key in TECHNIQUES], axis=1)
    row_levels = technique_levels[problem.papers, problem.terms]
    nearby = np.zeros((len(problem.nearby), N_LEVELS))
    for level in range(1, N_LEVELS + 1):
        held_out = [held_out_technique_scores(problem, technique_levels, level, seed=s) for s in SEEDS]
        model = fit_linear(problem.features, row_levels, level=level)
        nearby[:, level - 1] = model.weights[n_shape : n_shape + len(problem.nearby)] * NEARBY
        truths = [levels[key] >= level for key in TECHNIQUES]
        columns = [[scores[:, j] for j in range(len(TECHNIQUES))] for scores in held_out]
        thresholds = shared_threshold(truths, list(np.mean(columns, axis=0)))
        print(f"  techniques, level {level}: threshold {thresholds[0]:.2f}")
        runs = [
            nested_decisions(truths, scores, shared_threshold, seed=seed)
            for seed, scores in zip(SEEDS, columns, strict=True)
        ]
        for j, key in enumerate(TECHNIQUES):
            cross_validated[key][str(level)] = _summary(
                truths[j][:n_train], [run[j][:n_train] for run in runs], is_random
            )
            own = model.weights[problem.own_start[j] : problem.own_start[j] + n_shape]
            shape[j, level - 1] = model.weights[:n_shape] + SHAPE_OWN * own
            bias[j, level - 1] = model.bias - thresholds[j]
            for i, word in enumerate(problem.words[j]):
                start = problem.word_start[j] + N_ZONES * i
                _word(words[j], reader.words[word])[:, level - 1] = (
                    TECHNIQUE_WORD * model.weights[start : start + N_ZONES]
                )
            on_latent = model.weights[problem.latent_start[j] : problem.latent_start[j] + N_LATENT]
            ngram_weights[:, N_LEVELS * j + level - 1] = TECHNIQUE_LATENT * (projection @ on_latent)
        shape[-1, level - 1] = model.weights[:n_shape]
        bias[-1, level - 1] = model.bias - thresholds[0]

    theme_numbers = [keys.index(key) for key in THEMES]
    for level in range(1, ADOPTS + 1):
        truths = [levels[key] >= level for key in THEMES]
        columns = [
            [
                held_out_theme_scores(x, levels[key], level, seed=seed)
                for x, key in zip(features.themes, THEMES, strict=True)
            ]
            for seed in SEEDS
        ]
        thresholds = own_thresholds(truths, list(np.mean(columns, axis=0)))
        print(f"  themes, level {level}: thresholds {', '.join(f'{t:.2f}' for t in thresholds)}")
        runs = [
            nested_decisions(truths, scores, own_thresholds, seed=seed)
            for seed, scores in zip(SEEDS, columns, strict=True)
        ]
        for t, key in enumerate(THEMES):
            cross_validated[key][str(level)] = _summary(
                truths[t][:n_train], [run[t][:n_train] for run in runs], is_random
            )
            j = len(TECHNIQUES) + t
            own_words = reader.words_of(theme_numbers[t])
            after_words = n_shape + N_ZONES * len(own_words)
            model = fit_linear(features.themes[t], levels[key], level=level)
            shape[j, level - 1] = model.weights[:n_shape]
            bias[j, level - 1] = model.bias - thresholds[t]
            for i, word in enumerate(own_words):
                start = n_shape + N_ZONES * i
                _word(words[j], reader.words[word])[:, level - 1] = THEME_WORD * model.weights[start : start + N_ZONES]
            on_ngrams = model.weights[after_words : after_words + len(ngram_names)]
            on_latent = model.weights[after_words + len(ngram_names) :]
            ngram_weights[:, N_LEVELS * j + level - 1] = NGRAM * on_ngrams + LATENT * (projection @ on_latent)

    terms = [
        TermWeights(
            "technique" if key in TECHNIQUES else "theme",
            key,
            taxonomy.entries[keys.index(key)].content_hash,
            shape[j].astype(np.float32),
            bias[j].astype(np.float32),
            words[j],
            N_LEVELS * j,
        )
        for j, key in enumerate(LABELS)
    ]
    about = {
        "fitted_on": datetime.now(UTC).date().isoformat(),
        "n_fitted": n_train,
        "n_fitted_random": int(is_random.sum()),
        "n_added": len(papers) - n_train,
        "n_added_random": sum(paper.drawn == "random" for paper in papers[n_train:]),
        "n_unlabelled": len(texts),
    }
    common = TermWeights("technique", "", "", shape[-1].astype(np.float32), bias[-1].astype(np.float32), {}, None)
    content = dump_weights(
        terms,
        common,
        {name: nearby[i].astype(np.float32) for name, i in problem.nearby.items()},
        ngram_names,
        features.ngram_idf,
        ngram_weights.astype(np.float32),
        about,
    )
    WEIGHTS.write_bytes(content)
    print(f"{WEIGHTS.name}: {len(content) / 1e6:.2f} MB, {len(ngram_names):,} n-grams", flush=True)
    report = measure(shared) | {"fit": about}
    for label in LABELS:
        report["labels"][label]["cross_validated"] = cross_validated[label]
    SCORES.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print_report(report)


def _word(words: dict[str, NDArray[np.float32]], word: str) -> NDArray[np.float32]:
    return words.setdefault(word, np.zeros((N_ZONES, N_LEVELS), dtype=np.float32))


def _summary(truth: NDArray[np.bool_], runs: list[NDArray[np.bool_]], is_random: NDArray[np.bool_]) -> dict[str, Any]:
    """Mean scores over the runs, and the counts of the first, on all papers and on those drawn at random."""
    counts = [Counts.of(truth, said) for said in runs]
    return {
        "f1": float(np.mean([c.f1 for c in counts])),
        "precision": float(np.mean([c.precision for c in counts])),
        "recall": float(np.mean([c.recall for c in counts])),
        "counts": asdict(counts[0]),
        "counts_random": asdict(Counts.of(truth[is_random], runs[0][is_random])),
    }


# --- measuring --------------------------------------------------------------------------------------------------------


def measure(shared: Path) -> dict[str, Any]:
    """The shipped detector on ``dev.jsonl``, beside the regular expressions, and its speed.

    ``labels[key]`` holds ``content_hash`` of the taxonomy entry measured, ``regex`` at the adoption level, and
    ``dev[level]`` with counts, scores and 95 % intervals: of F1 by bootstrap (percentiles of 2,000 resamples of
    papers), of precision and recall Wilson's.
    """
    taxonomy = load_taxonomy()
    detector = Detector(taxonomy)
    dev = read_labelled(shared / "gold" / "dev.jsonl")
    is_random = np.array([paper.drawn == "random" for paper in dev])
    found = [{d.key: d.level for d in of} for of in detector.detect_texts([(p.title, p.abstract) for p in dev])]
    hashes = {entry.key: entry.content_hash for entry in taxonomy.entries}
    resamples = np.random.default_rng(0).multinomial(len(dev), np.full(len(dev), 1 / len(dev)), size=2000)
    labels: dict[str, Any] = {}
    by_group: dict[str, list[NDArray[np.float64]]] = {}
    for label in LABELS:
        truth_level = np.array([paper.levels[label] for paper in dev])
        said_level = np.array([levels.get(label, 0) for levels in found])
        expression = re.compile(REGULAR_EXPRESSIONS[label], re.IGNORECASE)
        matches = np.array([bool(expression.search(f"{paper.title}\n{paper.abstract}")) for paper in dev])
        by_level = {}
        for level in range(1, (N_LEVELS if label in TECHNIQUES else ADOPTS) + 1):
            truth, said = truth_level >= level, said_level >= level
            by_level[str(level)] = _scores(truth, said, resamples) | {
                "counts_random": asdict(Counts.of(truth[is_random], said[is_random]))
            }
        truth, said = truth_level >= ADOPTS, said_level >= ADOPTS
        group = "techniques" if label in TECHNIQUES else "themes"
        by_group.setdefault(group, []).append(_resampled_f1(truth, said, resamples))
        by_group.setdefault(f"{group}_regex", []).append(_resampled_f1(truth, matches, resamples))
        exact = (truth_level == 1) & (said_level == 1)
        labels[label] = {
            "content_hash": hashes[label],
            "dev": by_level,
            "regex": _scores(truth, matches, resamples),
            "mentions": {
                "labelled": int((truth_level == 1).sum()),
                "said_mentions": int(exact.sum()),
                "said_adopts": int(((truth_level == 1) & (said_level >= ADOPTS)).sum()),
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


def papers_per_second(detector: Detector, texts: Sequence[tuple[str, str]]) -> float:
    """Papers detected in a second of one core's time, together, the best of eight rounds over at least 2,000 papers."""
    many = [*texts] * -(-2000 // len(texts))
    rounds = []
    for _ in range(8):
        start = time.process_time()
        detector.detect_texts(many)
        rounds.append(len(many) / (time.process_time() - start))
    return round(max(rounds))


def measure_speed(shared: Path) -> None:
    """Print the speed on the newest month of ``arxiv/recent``, and keep it among the scores."""
    newest = max((shared / "arxiv" / "recent").glob("*.jsonl.gz"))
    with gzip.open(newest, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    texts = [(row["title"], row["abstract"]) for row in rows[:2000]]
    speed = papers_per_second(Detector(load_taxonomy()), texts)
    print(f"{speed:,} papers/s on one core, {len(texts):,} papers of {newest.name} together")
    scores = json.loads(SCORES.read_text(encoding="utf-8")) | {"papers_per_second": speed}
    SCORES.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")


def _resampled_f1(
    truth: NDArray[np.bool_], said: NDArray[np.bool_], resamples: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The F1 of each resample."""
    tp, n_said, n_true = resamples @ (truth & said), resamples @ said, resamples @ truth
    return 2 * tp / np.maximum(n_said + n_true, 1)


def _interval(samples: NDArray[np.float64], name: str) -> dict[str, float]:
    low, high = np.percentile(samples, [2.5, 97.5])
    return {f"{name}_low": float(low), f"{name}_high": float(high)}


def _scores(truth: NDArray[np.bool_], said: NDArray[np.bool_], resamples: NDArray[np.int64]) -> dict[str, Any]:
    counts = Counts.of(truth, said)
    f1 = _interval(_resampled_f1(truth, said, resamples), "f1")
    return {"counts": asdict(counts), "f1": counts.f1, **f1, **precision_and_recall(counts)}


def precision_and_recall(counts: Counts) -> dict[str, float]:
    """Both with Wilson's intervals: a bootstrap of a sample without errors would say that there can be none."""
    scores = {}
    for name, n in (("precision", counts.tp + counts.fp), ("recall", counts.tp + counts.fn)):
        share = share_of(counts.tp, n)
        low, high = (share.low, share.high) if n else (0.0, 1.0)
        scores |= {name: float(getattr(counts, name)), f"{name}_low": low, f"{name}_high": high}
    return scores


def print_report(report: dict[str, Any]) -> None:
    print(f"detector {report['detector_id']}")
    print(
        f"{report['n_dev']} abstracts of dev.jsonl at the adoption level, 95 % bootstrap intervals; CV on train.jsonl"
    )
    print(
        f"{'label':16}{'F1':>6} {'interval':>12}{'prec.':>7}{'recall':>7}{'regex':>7}{'CV F1':>7}"
        f"{'>=1 F1':>8}{'=3 F1':>7}"
    )
    for label in LABELS:
        entry = report["labels"][label]
        at = entry["dev"]["2"]
        cross = entry.get("cross_validated", {}).get("2", {}).get("f1", float("nan"))
        about = f"{entry['dev']['3']['f1']:7.2f}" if "3" in entry["dev"] else ""
        print(
            f"{label:16}{at['f1']:6.2f} {at['f1_low']:6.2f}-{at['f1_high']:.2f}"
            f"{at['precision']:7.2f}{at['recall']:7.2f}{entry['regex']['f1']:7.2f}{cross:7.2f}{entry['dev']['1']['f1']:8.2f}{about}"
        )
    for group in ("techniques", "themes"):
        at, regex = report["macro"][group], report["macro"][f"{group}_regex"]
        print(
            f"macro {group:10}{at['f1']:6.3f} {at['f1_low']:6.2f}-{at['f1_high']:.2f}"
            f"   regular expressions {regex['f1']:.3f}"
        )
    print(f"{report['papers_per_second']:,} papers/s on one core")


# --- model card -------------------------------------------------------------------------------------------------------


def model_card(report: dict[str, Any], taxonomy: Taxonomy) -> str:
    """The model card as Markdown, from nothing but the scores file and the taxonomy."""
    fit_about, labels = report["fit"], report["labels"]
    names = {entry.key: entry.name for entry in taxonomy.entries}
    lines = [
        "# Model card: the technique and theme detector",
        "",
        "Generated by `python -m benchmarks.detection card` from `analysis/detector_scores.json`; do not edit.",
        "",
        f"- Detector: `{report['detector_id']}`",
        f"- Fitted {fit_about['fitted_on']}, measured {report['measured_on']}",
        f"- Speed where it was measured: {report['papers_per_second']:,} papers a second on one core",
        "",
        "## What it does",
        "",
        "It reads a paper's title and abstract and says, for each technique and theme of the taxonomy, at which level "
        "the paper shows it: 1 mentions (theme: touched), 2 adopts (main contribution), 3 is about it (techniques "
        "only). A technique is found by its words in `analysis/taxonomy.toml`; a linear model over where they stand, "
        "what stands around them and all words of the text decides the level. A theme is found and decided by a linear "
        "model over its words and all words and word pairs of the text. Every detection carries the words that it "
        "rests on.",
        "",
        "## Data",
        "",
        f"- Fitted on {fit_about['n_fitted']:,} abstracts labelled once ({fit_about['n_fitted_random']:,} drawn at "
        "random, the rest by loose word patterns, to have enough positives and traps), and on "
        f"{fit_about['n_added']:,} more ({fit_about['n_added_random']:,} drawn at random, the rest where an earlier "
        "fit was unsure), labelled once by a language model that read each abstract with the same codebook. The levels "
        "of the latter are in `benchmarks/detection_labels.jsonl`, by arXiv identifier and without texts.",
        f"- Measured on {report['n_dev']:,} other abstracts ({report['n_dev_random']:,} drawn at random), labelled "
        "twice by language models and adjudicated. No weight and no threshold was fitted on them.",
        f"- The statistics of words and word pairs come from {fit_about['n_unlabelled']:,} unlabelled arXiv abstracts.",
        "- No text of the labelled abstracts ships; the weights are a few numbers a word or word pair.",
        f"- {DEV_LOOKS}",
        "",
        "## Accuracy at the adoption level (2 or more)",
        "",
        f"Intervals are 95 %: of F1 by resampling papers 2,000 times, which cannot see errors that the sample does not "
        "hold; of precision and recall Wilson's. The cross-validated figure is the mean of three "
        f"five-fold runs over all that it was fitted on, thresholds chosen on the other folds, counted on the "
        f"{fit_about['n_fitted']:,} abstracts labelled once; their labels are noisier and their papers harder "
        "by design. The last column is one plain regular expression, measured in the same run.",
        "",
        "| | F1 | precision | recall | positives | cross-validated F1 | regular expression F1 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for label in LABELS:
        entry = labels[label]
        at = entry["dev"]["2"]
        cells = [_with_interval(at, name) for name in ("f1", "precision", "recall")]
        positives = at["counts"]["tp"] + at["counts"]["fn"]
        cross = entry["cross_validated"]["2"]["f1"]
        lines.append(
            f"| {names[label]} | {' | '.join(cells)} | {positives} | {cross:.2f} | {entry['regex']['f1']:.2f} |"
        )
    for group in ("techniques", "themes"):
        at, regex = report["macro"][group], report["macro"][f"{group}_regex"]
        keys = TECHNIQUES if group == "techniques" else THEMES
        cross = np.mean([labels[k]["cross_validated"]["2"]["f1"] for k in keys])
        lines.append(f"| **macro, {group}** | {_with_interval(at, 'f1')} | | | | {cross:.2f} | {regex['f1']:.2f} |")
    lines += [
        "",
        "## The other levels",
        "",
        'F1 of "at least mentioned", on the measuring set and cross-validated, and of "is about it"; and of the papers '
        "labelled as mere mentions, how many are said to be that, and how many are wrongly counted as adoption. "
        "Mentions are few, and the least sure of all levels.",
        "",
        "| | level 1 or more | cross-validated | level 3 | mentions | said to mention | said to adopt |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for label in LABELS:
        entry = labels[label]
        third = _with_interval(entry["dev"]["3"], "f1") if "3" in entry["dev"] else ""
        mentions = entry["mentions"]
        lines.append(
            f"| {names[label]} | {_with_interval(entry['dev']['1'], 'f1')} "
            f"| {entry['cross_validated']['1']['f1']:.2f} | {third} | {mentions['labelled']} "
            f"| {mentions['said_mentions']} | {mentions['said_adopts']} |"
        )
    unmeasured = [entry.name for entry in taxonomy.entries if entry.key not in labels]
    below = [names[k] for k in LABELS if labels[k]["dev"]["2"]["f1"] < labels[k]["regex"]["f1"]]
    few = [
        names[k] for k in LABELS if labels[k]["dev"]["2"]["counts"]["tp"] + labels[k]["dev"]["2"]["counts"]["fn"] < 20
    ]
    lines += [
        "",
        "## Limits",
        "",
        f"- Not measured, and shown as such: {', '.join(unmeasured)}. They, and what an operator adds, are decided by "
        "what the seven fitted techniques have in common.",
        f"- Fewer than 20 positives to measure on, so wide intervals: {', '.join(few) or 'none'}.",
        f"- Below the plain regular expression on this set: {', '.join(below) or 'none'}.",
        "- Labels are by language models of one kind; their agreement flatters, and people may judge otherwise.",
        "- Only title and abstract are read: what an abstract does not say is not found. English only.",
        "- Words change: a new model family is missed until its name is in the taxonomy or its authors use older "
        "words.",
        "- A change of a measured term's words in the taxonomy makes it unmeasured until the detector is fitted again.",
        "",
    ]
    return "\n".join(lines)


DEV_LOOKS = (
    "The measuring set was looked at fifteen times while the detector was built, as totals per label and never as "
    "texts: features, words, scales and thresholds were chosen by cross-validation on the fitting data, but these "
    "looks showed which labels to work on. So its figures may flatter somewhat. The cross-validated ones flatter a "
    "little too: the scales were chosen by these same figures, and the errors on the fitting data were read to find "
    "missing words and phrases that mislead."
)


def _with_interval(scores: dict[str, Any], name: str) -> str:
    return f"{scores[name]:.2f} ({scores[f'{name}_low']:.2f} to {scores[f'{name}_high']:.2f})"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", choices=("measure", "fit", "speed", "card"), default="measure")
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with gold/ and arxiv/")
    options = parser.parse_args(arguments)
    if options.command == "card":
        CARD.write_text(model_card(json.loads(SCORES.read_text(encoding="utf-8")), load_taxonomy()), encoding="utf-8")
        print(f"wrote {CARD.relative_to(CARD.parent.parent)}")
        return 0
    if options.command == "speed":
        measure_speed(options.shared)
        return 0
    if not (options.shared / "gold" / "dev.jsonl").exists():
        print(f"no labelled abstracts under {options.shared}; name the folder with --shared", file=sys.stderr)
        return 1
    if options.command == "fit":
        fit(options.shared)
        return 0
    report = measure(options.shared)
    shipped = json.loads(SCORES.read_text(encoding="utf-8"))
    if shipped["detector_id"] == report["detector_id"]:
        for label in LABELS:
            report["labels"][label]["cross_validated"] = shipped["labels"][label]["cross_validated"]
    print_report(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
