"""Fit the reader of claims and findings, cross-validate it, and write its weights.

    python -m training.fit_claims [--shared ../shared] [--out FOLDER]

``--shared`` is the folder with ``arxiv/recent``, where the texts of the labels are. Nothing of ``gold/`` is read;
``python -m benchmarks.claims`` measures what was fitted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

import analysis.claims
from analysis.claims.claim_features import ReadSentences, claim_features
from analysis.claims.claim_reader import may_be_claim
from analysis.claims.claim_weights import LinearScores, dump_weights
from analysis.claims.finding_features import finding_features
from analysis.claims.number_candidates import number_candidates
from analysis.claims.quantity_features import quantity_features
from analysis.claims.readable_text import ReadableText
from analysis.claims.sentences import sentence_spans
from domain.claim import CLAIM_QUANTITIES
from training.arxiv_texts import arxiv_texts
from training.claim_labels import FITTED_LABELS, LabelledAbstract, aligned, read_claim_labels

FORMS = ("none", "times", "percent", "points", "absolute")
FORM_STRENGTH, QUANTITY_STRENGTH, FINDING_STRENGTH = 0.15, 1.0, 0.05
"""Inverse strengths of the regularisation; chosen by cross-validation on the fitting data."""
MIN_PAPERS = 3
"""Rows that a feature must occur in."""
N_FOLDS, SEEDS = 6, (0, 1, 2)


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows of named features, the class of each, the number of its abstract, and where it stands in that."""

    features: list[list[str]]
    classes: NDArray[np.str_]
    groups: NDArray[np.int64]
    starts: NDArray[np.int64]

    def rows(self, chosen: NDArray[np.int64]) -> Problem:
        """Some of the rows."""
        features = [self.features[i] for i in chosen]
        return Problem(features, self.classes[chosen], self.groups[chosen], self.starts[chosen])


def form_and_quantity(abstracts: Sequence[LabelledAbstract]) -> tuple[Problem, Problem, int]:
    """The two problems of claims, and how many labels met no number."""
    features, forms, groups, starts, n_missed = [], [], [], [], 0
    claim_rows, quantities, claim_groups = [], [], []
    for group, labelled in enumerate(abstracts):
        readable = ReadableText.of(labelled.abstract)
        candidates = number_candidates(readable.text)
        read = ReadSentences.of(readable.text)
        labels, missed = aligned(labelled, readable, candidates)
        n_missed += missed
        for n, label in enumerate(labels):
            if not may_be_claim(candidates[n]):
                n_missed += label is not None
                continue
            row = claim_features(read, candidates, n)
            features.append(row)
            forms.append(label.form if label else "none")
            groups.append(group)
            starts.append(readable.raw_span(candidates[n].start, candidates[n].end)[0])
            if label is not None:
                claim_rows.append(quantity_features(read, candidates[n], label.form))
                quantities.append(label.quantity)
                claim_groups.append(group)
    return (
        Problem(features, np.array(forms), np.array(groups), np.array(starts)),
        Problem(claim_rows, np.array(quantities), np.array(claim_groups), np.zeros(len(claim_rows), dtype=np.int64)),
        n_missed,
    )


def finding_problem(abstracts: Sequence[LabelledAbstract], forms: Problem) -> Problem:
    """One row for each sentence of the abstracts whose finding was read; its class is "finding" or "other".

    The claims of a sentence are those that models find which have not seen it, as the reader will find them.
    """
    decided = held_out(forms, fit_forms, seed=SEEDS[0]).argmax(axis=1)
    is_claim = np.array(FORMS)[decided] != "none"
    features: list[list[str]] = []
    classes, groups = [], []
    for group, labelled in enumerate(abstracts):
        spans = sentence_spans(labelled.abstract)
        if not any(labelled.abstract[start:end] in labelled.findings for start, end in spans):
            continue
        places = forms.starts[(forms.groups == group) & is_claim]
        n_claims = [int(((places >= start) & (places < end)).sum()) for start, end in spans]
        sentences = [labelled.abstract[start:end] for start, end in spans]
        features += finding_features(sentences, n_claims)
        classes += ["finding" if sentence in labelled.findings else "other" for sentence in sentences]
        groups += [group] * len(spans)
    return Problem(features, np.array(classes), np.array(groups), np.zeros(len(groups), dtype=np.int64))


def fit(problem: Problem, classes: Sequence[str], strength: float) -> LinearScores:
    """One logistic regression for each class against the others, over the features that are frequent enough."""
    counter = CountVectorizer(analyzer=lambda row: row, min_df=MIN_PAPERS, binary=True)
    rows = counter.fit_transform(problem.features).astype(np.float64)
    weights = np.zeros((rows.shape[1] + 1, len(classes)))
    row_of = {name: int(row) for name, row in counter.vocabulary_.items()}
    bias = row_of["bias"]
    for column, name in enumerate(classes):
        is_class = problem.classes == name
        if not is_class.any() or is_class.all():
            weights[bias, column] = -9.0
            continue
        model = LogisticRegression(C=strength, solver="liblinear", max_iter=2000, random_state=0)
        model.fit(rows, is_class)
        weights[:-1, column] = model.coef_[0]
        weights[bias, column] += model.intercept_[0]
    return LinearScores(tuple(classes), row_of, weights.astype(np.float32))


def fit_choice(problem: Problem, chosen: str, strength: float) -> LinearScores:
    """One model that chooses a row of each abstract: the softmax over its rows (McFadden's conditional logit).

    Rows of an abstract stand together, and each abstract has a row of the class ``chosen``; of several, any is right.
    """
    counter = CountVectorizer(analyzer=lambda row: row, min_df=MIN_PAPERS, binary=True)
    rows = counter.fit_transform(problem.features).astype(np.float64)
    is_right = (problem.classes == chosen).astype(np.float64)
    starts = np.flatnonzero(np.diff(problem.groups, prepend=-1))
    sizes = np.diff(starts, append=len(is_right))

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = rows @ weights
        raised = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
        of_all, of_right = np.add.reduceat(raised, starts), np.add.reduceat(raised * is_right, starts)
        share, share_of_right = raised / np.repeat(of_all, sizes), raised * is_right / np.repeat(of_right, sizes)
        penalty = weights @ weights / (2 * strength)
        return float(np.log(of_all / of_right).sum() + penalty), rows.T @ (share - share_of_right) + weights / strength

    weights = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    row_of = {name: int(row) for name, row in counter.vocabulary_.items()}
    return LinearScores((chosen,), row_of, np.append(weights, 0.0)[:, None].astype(np.float32))


def held_out(problem: Problem, fit_on: Callable[[Problem], LinearScores], *, seed: int) -> NDArray[np.float32]:
    """Scores ``(n_rows, n_classes)`` of each row by a model that saw no row of its abstract."""
    parts: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []
    folds = GroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    for train, test in folds.split(problem.features, problem.classes, problem.groups):
        parts.append((test, fit_on(problem.rows(train))(problem.rows(test).features)))
    order = np.argsort(np.concatenate([test for test, _ in parts]))
    return np.concatenate([scores for _, scores in parts])[order]


def fit_forms(problem: Problem) -> LinearScores:
    return fit(problem, FORMS, FORM_STRENGTH)


def fit_quantities(problem: Problem) -> LinearScores:
    return fit(problem, CLAIM_QUANTITIES, QUANTITY_STRENGTH)


def fit_findings(problem: Problem) -> LinearScores:
    return fit_choice(problem, "finding", FINDING_STRENGTH)


def mean_over_seeds(measure: Callable[[int], float]) -> str:
    values = [measure(seed) for seed in SEEDS]
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f} over {len(values)} seeds)"


def form_f1(problem: Problem, n_missed: int, *, seed: int) -> float:
    """F1 of claims by value and form, held out; labels that met no number count as missed."""
    decided = np.array(FORMS)[held_out(problem, fit_forms, seed=seed).argmax(axis=1)]
    is_claim, found = problem.classes != "none", decided != "none"
    right = int((is_claim & (problem.classes == decided)).sum())
    return 2 * right / (int(is_claim.sum()) + n_missed + int(found.sum()))


def quantity_accuracy(problem: Problem, *, seed: int) -> float:
    decided = np.array(CLAIM_QUANTITIES)[held_out(problem, fit_quantities, seed=seed).argmax(axis=1)]
    return float((decided == problem.classes).mean())


def finding_accuracy(problem: Problem, *, seed: int) -> float:
    scores = held_out(problem, fit_findings, seed=seed)[:, 0]
    right = []
    for group in np.unique(problem.groups):
        rows = np.flatnonzero(problem.groups == group)
        right.append(problem.classes[rows[scores[rows].argmax()]] == "finding")
    return float(np.mean(right))


def fit_claims(shared: Path, out: Path) -> None:
    """Cross-validate, fit on everything, and write the weights to ``out``."""
    print("reading arXiv's abstracts ...", flush=True)
    abstracts = read_claim_labels(FITTED_LABELS, arxiv_texts(shared)[0])
    forms, quantities, n_missed = form_and_quantity(abstracts)
    findings = finding_problem(abstracts, forms)
    n_claims = len(quantities.features) + n_missed
    print(
        f"{len(abstracts):,} abstracts, {n_claims:,} claims ({n_missed} met no number), {len(forms.features):,} numbers"
    )
    print(f"claims by value and form, F1   {mean_over_seeds(lambda seed: form_f1(forms, n_missed, seed=seed))}")
    print(f"quantity of a claim, share     {mean_over_seeds(lambda seed: quantity_accuracy(quantities, seed=seed))}")
    print(f"finding, share right           {mean_over_seeds(lambda seed: finding_accuracy(findings, seed=seed))}")
    parts = {
        "form": fit_forms(forms),
        "quantity": fit_quantities(quantities),
        "finding": fit_findings(findings),
    }
    about = {
        "n_abstracts": len(abstracts),
        "n_claims": n_claims,
        "n_findings": int((findings.classes == "finding").sum()),
    }
    content = dump_weights(parts, about)
    (out / "claim_weights.npz").write_bytes(content)
    sizes = ", ".join(f"{len(part.row_of):,} features for {name}" for name, part in parts.items())
    print(f"claim_weights.npz: {len(content) / 1e6:.2f} MB, {sizes}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit; 1 where the texts are not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with arxiv/recent")
    parser.add_argument("--out", type=Path, default=Path(analysis.claims.__file__).parent, help="folder to write to")
    options = parser.parse_args(arguments)
    if not (options.shared / "arxiv" / "recent").is_dir():
        print(f"no abstracts under {options.shared}; name the folder with --shared", file=sys.stderr)
        return 1
    fit_claims(options.shared, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
