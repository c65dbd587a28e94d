"""Fit the tagger of names on ``name_labels.jsonl`` and cross-validate it.

    python -m training.fit_names [--shared ../shared]

Writes ``name_lexicon.npz`` and ``name_weights.npz`` to ``analysis/names/``, or to the folder that ``--out`` names.
``--shared`` is the folder with ``gold/`` and ``arxiv/``. ``--lexicon`` keeps the lexicon that ships, which is most of
the work.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from analysis.names.boosted_trees import BoostedTrees
from analysis.names.candidates import Reading, read_paper
from analysis.names.features import features_of, table_of
from analysis.names.lexicon import Lexicon, dump_lexicon, load_lexicon
from analysis.names.tagger import LEXICON, WEIGHTS, choose_names
from analysis.names.variants import name_key
from analysis.names.weights import (
    OUTPUTS,
    ROLES,
    LinearWeights,
    NameWeights,
    dump_weights,
    kind_probabilities,
    name_probabilities,
    role_probabilities,
    tree_columns,
)
from domain.name_mention import NAME_KINDS
from training.arxiv_texts import arxiv_texts
from training.name_labels import MEASURE_LABELS, NAME_LABELS, NamedPaper, read_name_labels
from training.name_lexicon import make_lexicon, read_known
from training.name_scores import COLUMNS, Found, NameCounts, count_names
from training.name_statistics import NameStatistics, is_held_out

WORD_SCALE, NUMBER_SCALE = 0.5, 0.3
"""How strongly signs and numbers enter the regularised models; by cross-validation, as the strengths."""
STRENGTHS = {"name": 0.3, "kind": 0.3, "role": 0.3}
MENTIONS_WEIGHT = 2.5
"""How much the probability of a mere mention is raised: 7 % more are found, and 3 roles in 1,000 fewer are right."""
LEAST_CANDIDATES = 3
"""Signs of fewer candidates are left out."""
N_FOLDS = 5
N_TREES = 200
THRESHOLDS = np.arange(0.3, 0.62, 0.02)


@dataclass(frozen=True, eq=False)
class FitData:
    """The candidates of the labelled papers.

    ``table`` is float32 ``(n_candidates, n_columns)``, ``words`` their signs, ``papers`` the paper of each. ``is_name``
    says which are names; ``kind`` and ``role`` are indexes into ``NAME_KINDS`` and ``ROLES``, -1 for no name.
    """

    labelled: list[NamedPaper]
    readings: list[Reading]
    table: NDArray[np.float32]
    words: list[list[str]]
    papers: NDArray[np.int64]
    is_name: NDArray[np.bool_]
    kind: NDArray[np.int64]
    role: NDArray[np.int64]


def fit_data(labelled: list[NamedPaper], lexicon: Lexicon) -> FitData:
    """Read the labelled papers."""
    readings = [read_paper(paper.title, paper.abstract, lexicon.spellings) for paper in labelled]
    features = [features_of(reading, lexicon) for reading in readings]
    numbers = [n for n, reading in enumerate(readings) for _ in reading.candidates]
    names = [{name_key(name.surface): name for name in reversed(paper.names)} for paper in labelled]
    found = [names[n].get(c.key) for n, reading in enumerate(readings) for c in reading.candidates]
    return FitData(
        labelled,
        readings,
        table_of(list(chain.from_iterable(features))),
        [f.words for of_paper in features for f in of_paper],
        np.array(numbers),
        np.array([name is not None for name in found]),
        np.array([NAME_KINDS.index(name.kind) if name else -1 for name in found]),
        np.array([ROLES.index(name.role) if name else -1 for name in found]),
    )


def folds(data: FitData, *, seed: int) -> NDArray[np.int64]:
    """The fold of each candidate, one for all candidates of a paper."""
    fold_of_paper = np.random.default_rng(seed).permutation(len(data.labelled)) % N_FOLDS
    return np.asarray(fold_of_paper[data.papers], dtype=np.int64)


def linear_scores(data: FitData, fold: NDArray[np.int64]) -> NDArray[np.float32]:
    """The scores of every candidate by regressions fitted without its paper's fold."""
    scores = np.zeros((len(data.papers), len(OUTPUTS)), dtype=np.float32)
    for number in range(N_FOLDS):
        rows = np.flatnonzero(fold == number)
        weights = fit_linear(data, np.flatnonzero(fold != number))
        scores[rows] = weights.scores(data.table[rows], [data.words[row] for row in rows])
    return scores


def fit_trees(data: FitData, rows: NDArray[np.int64], scores: NDArray[np.float32]) -> BoostedTrees:
    """Trees that decide what is a name, from the regressions' scores of the candidates and their numbers."""
    model = HistGradientBoostingClassifier(
        max_iter=N_TREES,
        learning_rate=0.05,
        max_leaf_nodes=31,
        min_samples_leaf=20,
        l2_regularization=10.0,
        max_features=0.3,
        early_stopping=False,
        random_state=0,
    )
    model.fit(tree_columns(scores, data.table[rows]), data.is_name[rows])
    return trees_of(model)


def trees_of(model: HistGradientBoostingClassifier) -> BoostedTrees:
    """The trees of a fitted model of two classes as arrays."""
    trees = [predictor.nodes for (predictor,) in model._predictors]
    shape = (len(trees), max(len(nodes) for nodes in trees))
    column, left, right = (np.zeros(shape, dtype=np.int16) for _ in range(3))
    threshold, value = (np.zeros(shape, dtype=np.float32) for _ in range(2))
    for row, nodes in enumerate(trees):
        is_leaf, itself = nodes["is_leaf"] == 1, np.arange(len(nodes))
        n = len(nodes)
        column[row, :n] = np.where(is_leaf, 0, nodes["feature_idx"])
        # A threshold lies between two float32 values of the table; rounded up it might equal the larger.
        threshold[row, :n] = _rounded_down(np.where(is_leaf, 0.0, nodes["num_threshold"]))
        left[row, :n] = np.where(is_leaf, itself, nodes["left"])
        right[row, :n] = np.where(is_leaf, itself, nodes["right"])
        value[row, :n] = np.where(is_leaf, nodes["value"], 0.0)
    depth = max(int(nodes["depth"].max()) for nodes in trees)
    return BoostedTrees(column, threshold, left, right, value, float(model._baseline_prediction.item()), depth)


def _rounded_down(values: NDArray[np.float64]) -> NDArray[np.float32]:
    rounded = values.astype(np.float32)
    return np.where(rounded > values, np.nextafter(rounded, np.float32(-np.inf)), rounded)


def fit_linear(data: FitData, rows: NDArray[np.int64]) -> LinearWeights:
    """The three regressions, fitted on some candidates."""
    counter = CountVectorizer(analyzer=list, min_df=LEAST_CANDIDATES, binary=True)
    signs = counter.fit_transform([data.words[row] for row in rows])
    names = [str(name) for name in counter.get_feature_names_out()]
    mean, spread = data.table[rows].mean(axis=0), data.table[rows].std(axis=0) + 1e-3
    features = sparse.hstack(
        [signs * WORD_SCALE, sparse.csr_matrix((data.table[rows] - mean) / spread * NUMBER_SCALE)], format="csr"
    ).astype(np.float32)
    weights = np.zeros((features.shape[1], len(OUTPUTS)))
    bias = np.zeros(len(OUTPUTS))
    of_names = np.flatnonzero(data.is_name[rows])
    parts = (
        ("name", features, data.is_name[rows], [0]),
        ("kind", features[of_names], data.kind[rows][of_names], list(range(1, 1 + len(NAME_KINDS)))),
        ("role", features[of_names], data.role[rows][of_names], list(range(1 + len(NAME_KINDS), len(OUTPUTS)))),
    )
    for part, table, labels, outputs in parts:
        model = LogisticRegression(C=STRENGTHS[part], max_iter=500)
        model.fit(table, labels)
        weights[:, outputs] = model.coef_.T
        bias[outputs] = model.intercept_
    bias[OUTPUTS.index("mentions")] += np.log(MENTIONS_WEIGHT)
    on_words, on_numbers = weights[: len(names)] * WORD_SCALE, weights[len(names) :] * NUMBER_SCALE
    on_numbers /= spread[:, None]
    return LinearWeights(
        {name: row for row, name in enumerate(names)},
        on_words.astype(np.float32),
        on_numbers.astype(np.float32),
        (bias - mean @ on_numbers).astype(np.float32),
    )


def held_out_scores(data: FitData, fold: NDArray[np.int64], scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The scores of every candidate, with that of being a name by trees fitted without its paper's fold.

    ``scores`` are those of ``linear_scores``. Regressions that gave the trees their scores have seen the fold.
    """
    decided = scores.copy()
    for number in range(N_FOLDS):
        seen, rows = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        trees = fit_trees(data, seen, scores[seen])
        decided[rows, 0] = trees.scores(tree_columns(scores[rows], data.table[rows]))
    return decided


def found_names(data: FitData, scores: NDArray[np.float32], threshold: float) -> list[list[Found]]:
    """The names of each paper by the scores of its candidates."""
    found = []
    bounds = np.searchsorted(data.papers, np.arange(len(data.labelled) + 1))
    names, kinds, roles = name_probabilities(scores), kind_probabilities(scores), role_probabilities(scores)
    for number, reading in enumerate(data.readings):
        start, end = bounds[number], bounds[number + 1]
        found.append(
            [
                (
                    reading.candidates[candidate].surface,
                    NAME_KINDS[int(np.argmax(kinds[start + candidate]))],
                    ROLES[int(np.argmax(roles[start + candidate]))],
                )
                for candidate, _ in choose_names(reading.candidates, names[start:end], threshold)
            ]
        )
    return found


def best_threshold(data: FitData, scores: NDArray[np.float32]) -> tuple[float, NameCounts]:
    """The threshold with the best F1 of names, and the counts at it."""
    counts = {
        float(threshold): count_names(data.labelled, found_names(data, scores, float(threshold)))
        for threshold in THRESHOLDS
    }
    best = max(counts, key=lambda threshold: counts[threshold].scores("names")[2])
    return round(best, 2), counts[best]


def corpus_statistics(shared: Path, pools: Sequence[dict[str, tuple[str, str]]]) -> NameStatistics:
    """Counts over the recent papers, without those that are labelled or held out."""
    labelled = {
        json.loads(line)["id"]
        for path in (
            *(shared / "gold" / f"{name}.jsonl" for name in ("train", "dev", "dev2", "names/dev")),
            NAME_LABELS,
            MEASURE_LABELS,
        )
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    statistics = NameStatistics()
    statistics.add(text for key, text in pools[0].items() if key not in labelled and not is_held_out(key))
    return statistics


def fit_names(shared: Path, out: Path, *, keep_lexicon: bool) -> None:
    """Make the lexicon, fit and cross-validate the models, and write both to ``out``."""
    print("reading arXiv's abstracts ...", flush=True)
    pools = arxiv_texts(shared)
    if not keep_lexicon:
        statistics = corpus_statistics(shared, pools)
        content = dump_lexicon(make_lexicon(statistics, read_known()))
        (out / LEXICON.name).write_bytes(content)
        print(f"{LEXICON.name}: {len(content) / 1e6:.2f} MB, of {statistics.n_papers:,} papers", flush=True)
    lexicon = load_lexicon(LEXICON if keep_lexicon else out / LEXICON.name)
    data = fit_data(read_name_labels(NAME_LABELS, pools), lexicon)
    print(f"{len(data.labelled):,} abstracts, {int(data.is_name.sum()):,} names found as candidates", flush=True)
    fold = folds(data, seed=0)
    scores = linear_scores(data, fold)
    threshold, counts = best_threshold(data, held_out_scores(data, fold, scores))
    cross_validated = {column: [round(score, 4) for score in counts.scores(column)] for column in COLUMNS}
    for column, (precision, recall, f1) in cross_validated.items():
        print(f"  {column:<32} precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}")
    rows = np.arange(len(data.papers))
    weights = NameWeights(fit_linear(data, rows), fit_trees(data, rows, scores), threshold)
    about = {
        "n_papers": len(data.labelled),
        "n_names": sum(len(paper.names) for paper in data.labelled),
        "cross_validated": cross_validated,
    }
    content = dump_weights(weights, about)
    (out / WEIGHTS.name).write_bytes(content)
    print(f"{WEIGHTS.name}: {len(content) / 1e6:.2f} MB, threshold {threshold}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit; 1 where there are no abstracts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with gold/ and arxiv/")
    parser.add_argument("--out", type=Path, default=WEIGHTS.parent, help="folder to write to")
    parser.add_argument("--lexicon", action="store_true", help="keep the lexicon that ships")
    options = parser.parse_args(arguments)
    if not (options.shared / "arxiv" / "recent").exists():
        print(f"no abstracts under {options.shared}; name the folder with --shared", file=sys.stderr)
        return 1
    fit_names(options.shared, options.out, keep_lexicon=options.lexicon)
    return 0


if __name__ == "__main__":
    sys.exit(main())
