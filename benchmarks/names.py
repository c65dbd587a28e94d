"""Measure the tagger of names that ships, beside the codebook's two baselines, and its speed.

    python -m benchmarks.names [--shared ../shared]

Prints precision, recall and F1 with 95 % intervals (papers resampled) on ``gold/names/dev.jsonl`` and on the added
abstracts that two readers labelled. ``--shared`` is the folder with ``gold/`` and ``arxiv/``, by default ``../shared``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from analysis.names.tagger import NameTagger
from training.arxiv_texts import arxiv_texts, newest_texts
from training.name_labels import MEASURE_LABELS, NamedPaper, read_gold, read_name_labels
from training.name_scores import BASELINES, COLUMNS, NameCounts, as_found, count_names

_F1_COLUMNS = ("names", "introduces", "benchmark or dataset introduced", "mentions")
_SHARE_COLUMNS = ("kinds right", "roles right")


def print_scores(system: str, counts: NameCounts, *, shares: bool) -> None:
    """Print one system's scores."""
    print(f"  {system}")
    for column in _F1_COLUMNS:
        precision, recall, f1 = counts.scores(column)
        low, high = counts.interval(column, 2)
        n = int(counts.there[:, COLUMNS.index(column)].sum())
        line = f"    {column:<32} precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f} ({low:.3f} to {high:.3f})"
        if column == "mentions":
            low, high = counts.interval(column, 1)
            line += f"  recall {low:.3f} to {high:.3f}"
        print(f"{line}  n {n}")
    for column in _SHARE_COLUMNS if shares else ():
        share = counts.scores(column)[0]
        low, high = counts.interval(column, 0)
        print(f"    {column:<32} {share:.3f} ({low:.3f} to {high:.3f}) of names found")


def measure(name: str, papers: Sequence[NamedPaper], tagger: NameTagger) -> None:
    """Print the scores of the tagger and of both baselines on labelled papers."""
    n_names = sum(len(paper.names) for paper in papers)
    print(f"{name}: {len(papers)} abstracts, {n_names} names")
    found = tagger.tag_texts([(paper.title, paper.abstract) for paper in papers])
    print_scores(tagger.tagger_id, count_names(papers, [as_found(mentions) for mentions in found]), shares=True)
    for system, find in BASELINES:
        counts = count_names(papers, [find(paper.title, paper.abstract) for paper in papers])
        print_scores(system, counts, shares=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measurements; 1 where there are no labelled abstracts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with gold/ and arxiv/")
    options = parser.parse_args(arguments)
    dev = options.shared / "gold" / "names" / "dev.jsonl"
    if not dev.exists():
        print(f"no labelled abstracts under {options.shared}; name the folder with --shared", file=sys.stderr)
        return 1
    tagger = NameTagger()
    measure("dev.jsonl", read_gold(dev), tagger)
    if MEASURE_LABELS.exists():
        papers = read_name_labels(MEASURE_LABELS, arxiv_texts(options.shared))
        measure("added abstracts, read twice", papers, tagger)
    month, texts = newest_texts(options.shared, n_texts=3000)
    start = time.process_time()
    tagger.tag_texts(texts)
    seconds = time.process_time() - start
    print(f"{len(texts) / seconds:,.0f} papers/s on one core, {len(texts):,} papers of {month}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
