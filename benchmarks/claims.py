"""Measure the reader of claims and findings, beside simple ones in the same run, and its speed.

    python -m benchmarks.claims [--shared ../shared]

On ``gold/names/dev.jsonl`` and on 130 abstracts that state costs (``training/claim_measure_labels.jsonl``, read twice),
on none of which anything is fitted: claims by value and form, F1; the quantity of those found; the finding. Intervals
are of 2,000 bootstrap samples of abstracts. Claims are compared with every number that has a unit, its form read off
the unit; findings with the last sentence and with the sentence that holds most numbers.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.claims.claim_reader import ClaimReader
from analysis.claims.number_candidates import number_candidates
from analysis.claims.readable_text import ReadableText
from analysis.claims.sentences import sentence_spans
from training.arxiv_texts import arxiv_texts, newest_texts
from training.claim_labels import MEASURED_LABELS, LabelledAbstract, read_claim_labels, read_gold, same_value

N_BOOTSTRAP = 2000
FoundClaim = tuple[float, float, str, str]  # value, upper value, form, quantity


@dataclass(frozen=True)
class Answer:
    """What a reader found in one abstract."""

    claims: Sequence[FoundClaim]
    finding: str


def by_model(reader: ClaimReader) -> Callable[[str], Answer]:
    def answer(abstract: str) -> Answer:
        read = reader.read(abstract)
        finding = abstract[read.finding.start : read.finding.end] if read.finding else ""
        return Answer([(c.value, c.value_to, c.form, c.quantity) for c in read.claims], finding)

    return answer


def by_units(abstract: str) -> Answer:
    """Every number with a unit is a claim of quality, its form that of the unit; the last sentence is the finding."""
    forms = {"times": "times", "percent": "percent", "points": "points", "noun": "", "none": ""}
    claims = [
        (c.value, c.value_to, form, "quality")
        for c in number_candidates(ReadableText.of(abstract).text)
        if (form := forms.get(c.unit_kind, "absolute"))
    ]
    spans = sentence_spans(abstract)
    return Answer(claims, abstract[slice(*spans[-1])] if spans else "")


def by_most_numbers(abstract: str) -> Answer:
    """No claims; the finding is the sentence that holds most numbers, the last of several."""
    sentences = [abstract[start:end] for start, end in sentence_spans(abstract)]
    return Answer([], max(reversed(sentences), key=lambda s: len(re.findall(r"\d+(?:\.\d+)?", s)), default=""))


def counts(labelled: LabelledAbstract, answer: Answer) -> NDArray[np.int64]:
    """Of one abstract: claims right, found, labelled, of the right quantity; whether a finding is right, and known."""
    left = list(labelled.claims)
    n_right = n_quantity = 0
    for value, value_to, form, quantity in answer.claims:
        match = next((c for c in left if c.form == form and same_value((c.value, c.value_to), (value, value_to))), None)
        if match is not None:
            left.remove(match)
            n_right += 1
            n_quantity += match.quantity == quantity
    right_finding = any(_same_sentence(answer.finding, finding) for finding in labelled.findings)
    return np.array(
        [n_right, len(answer.claims), len(labelled.claims), n_quantity, right_finding, bool(labelled.findings)]
    )


def _same_sentence(a: str, b: str) -> bool:
    plain_a, plain_b = (" ".join(text.split()) for text in (a, b))
    return bool(plain_a) and (plain_a == plain_b or plain_a in plain_b or plain_b in plain_a)


MEASURES: dict[str, Callable[[NDArray[np.float64]], float]] = {
    "claims by value and form, F1": lambda t: 2 * t[0] / max(1, t[1] + t[2]),
    "  precision": lambda t: t[0] / max(1, t[1]),
    "  recall": lambda t: t[0] / max(1, t[2]),
    "quantity of these right": lambda t: t[3] / max(1, t[0]),
    "finding right": lambda t: t[4] / max(1, t[5]),
}


def report(name: str, abstracts: Sequence[LabelledAbstract], answer: Callable[[str], Answer]) -> None:
    rows = np.stack([counts(labelled, answer(labelled.abstract)) for labelled in abstracts]).astype(np.float64)
    chance = np.random.default_rng(0)
    samples = [rows[chance.integers(0, len(rows), len(rows))].sum(axis=0) for _ in range(N_BOOTSTRAP)]
    print(f"  {name}")
    for measure, of in MEASURES.items():
        low, high = np.quantile([of(sample) for sample in samples], [0.025, 0.975])
        print(f"    {measure:<30} {of(rows.sum(axis=0)):.3f}  ({low:.3f} to {high:.3f})")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measurements; 1 where there are no labelled abstracts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with gold/ and arxiv/")
    options = parser.parse_args(arguments)
    gold = options.shared / "gold" / "names" / "dev.jsonl"
    if not gold.exists():
        print(f"no labelled abstracts under {options.shared}; name the folder with --shared", file=sys.stderr)
        return 1
    reader = ClaimReader()
    sets = {"gold/names/dev.jsonl": read_gold(gold)}
    sets["abstracts that state costs"] = read_claim_labels(MEASURED_LABELS, arxiv_texts(options.shared)[0])
    print(f"reader {reader.reader_id}")
    for name, abstracts in sets.items():
        print(f"{name}: {len(abstracts)} abstracts, {sum(len(a.claims) for a in abstracts)} claims")
        report("the reader", abstracts, by_model(reader))
        report("numbers with units; last sentence", abstracts, by_units)
        report("sentence with most numbers", abstracts, by_most_numbers)
    costs = [
        LabelledAbstract(a.arxiv_id, a.abstract, tuple(c for c in a.claims if c.quantity != "quality"), a.findings)
        for a in sets["abstracts that state costs"]
    ]
    print(f"claims of cost alone: {sum(len(a.claims) for a in costs)} (what the reader takes for quality is left out)")

    def costs_only(abstract: str) -> Answer:
        answer = by_model(reader)(abstract)
        return Answer([c for c in answer.claims if c[3] != "quality"], answer.finding)

    report("the reader", costs, costs_only)
    _, texts = newest_texts(options.shared, n_texts=1000)
    start = time.process_time()
    for _, abstract in texts:
        reader.read(abstract)
    print(f"speed: {len(texts) / (time.process_time() - start):,.0f} papers a second of processor time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
