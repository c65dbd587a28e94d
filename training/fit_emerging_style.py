"""Fits the model that tells a term of research from a turn of phrase.

    python -m training.fit_emerging_style [--shared ../shared]

Reads the papers of ``arxiv/recent`` up to the end of 2025, finds the phrases that grow in any week by at least half,
and fits their signs to ``emerging_labels.tsv``: one judged phrase a line, ``term`` for what names a thing, method,
task, field or quantity, ``style`` for a turn of phrase, an evaluation, a word of general English, a part of a term, a
size, or a modifier that names nothing without its noun. Prints how well it
tells them apart in cross-validation, and writes the weights. Nothing after 2025 is read.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from analysis.emerging.growth import MIN_GROWTH as LISTED_GROWTH
from analysis.emerging.style import FEATURES
from analysis.emerging.terms import ReadPapers, growing_phrases
from domain.author_name import parsed_name
from domain.emerging import PaperText
from domain.paper import ArxivId
from domain.week import Week

LABELS = Path(__file__).with_name("emerging_labels.tsv")
WEIGHTS = Path(__file__).parents[1] / "analysis" / "emerging" / "style_weights.json"
WATCHED = frozenset("cs.LG stat.ML cs.CL cs.CV cs.AI cs.NE".split())
LAST = Week.parse("2025-W52")
MIN_GROWTH = 1.5
"""A little less than the product asks for, which gives more phrases to learn from."""
C = 0.2
"""Inverse strength of the ridge penalty; between 0.03 and 1 it makes no difference in cross-validation."""
THRESHOLD = 0.75
"""Of the phrases with this probability or more, 43 of 45 are terms in cross-validation, and fewer of later weeks."""


def read_papers(shared: Path, last: Week, *, with_authors: bool = False) -> list[PaperText]:
    """The watched papers of ``arxiv/recent`` up to a week, by week and identifier."""
    papers = []
    for path in sorted((shared / "arxiv" / "recent").glob("*.jsonl.gz")):
        for row in _rows(path):
            week = Week.containing(datetime.fromisoformat(row["published"]))
            if WATCHED & set(row["categories"]) and week <= last:
                names = tuple(map(parsed_name, row["authors"])) if with_authors else ()
                papers.append(
                    PaperText(
                        ArxivId(row["arxiv_id"]), week, row["title"], row["abstract"], row["primary_category"], names
                    )
                )
    return sorted(papers, key=lambda paper: (paper.week, paper.arxiv_id))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def read_labels(path: Path = LABELS) -> dict[str, bool]:
    """Whether each judged phrase is a term."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return {phrase: label == "term" for label, phrase in rows}


def main() -> None:
    """Fit, print and write."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    labels = read_labels()
    read = ReadPapers.of(read_papers(parser.parse_args().shared, LAST))
    weeks = read.tokens.weeks[15:]
    counts = read.count(weeks)
    signs: dict[str, tuple[np.ndarray[tuple[int], np.dtype[np.float64]], float]] = {}
    unlabelled = set()
    for week in weeks:
        for phrase in growing_phrases(read, counts, week, min_growth=MIN_GROWTH)[0]:
            if phrase.phrase in labels:
                signs.setdefault(phrase.phrase, (phrase.signs, phrase.growth_low))
            else:
                unlabelled.add(phrase.phrase)
    x = np.nan_to_num(np.array([of for of, _ in signs.values()]))
    low = np.array([of for _, of in signs.values()])
    y = np.array([labels[phrase] for phrase in signs])
    mean, scale = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
    z = (x - mean) / scale
    model = LogisticRegression(C=C, max_iter=1000)
    folds = StratifiedKFold(10, shuffle=True, random_state=1)
    p = cross_val_predict(model, z, y, cv=folds, method="predict_proba")[:, 1]
    print(f"{len(y)} phrases, {int(y.sum())} of them terms; {len(unlabelled)} growing phrases are not labelled")
    print(f"area under the ROC curve in ten-fold cross-validation: {roc_auc_score(y, p):.3f}")
    for threshold in (0.6, 0.7, 0.75, 0.8, 0.85):
        of = low >= LISTED_GROWTH
        chosen = of & (p >= threshold)
        print(
            f"grown by {LISTED_GROWTH} or more, probability {threshold} or more: "
            f"{int((y & chosen).sum())} of {int(chosen.sum())} are terms, "
            f"without the model {int((y & of).sum())} of {int(of.sum())}"
        )
    model.fit(z, y)
    stored = {
        "features": {
            name: {"mean": round(float(m), 6), "scale": round(float(s), 6), "weight": round(float(w), 6)}
            for name, m, s, w in zip(FEATURES, mean, scale, model.coef_[0], strict=True)
        },
        "intercept": round(float(model.intercept_[0]), 6),
        "threshold": THRESHOLD,
        "n_phrases": len(y),
        "n_terms": int(y.sum()),
    }
    WEIGHTS.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {WEIGHTS}")


if __name__ == "__main__":
    main()
