"""Labelled claims and findings: identifiers, places and values without texts, and the texts that they belong to.

``claim_labels.jsonl`` holds what the reader is fitted on. Papers drawn at "random" were read whole; of those drawn for
their "numbers" every number was read, but no finding chosen. ``claim_measure_labels.jsonl`` holds abstracts that state
costs, read twice, which are only measured on. Places are offsets into the abstract as arXiv gives it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.claims.claim_reader import claimed_values
from analysis.claims.number_candidates import NumberCandidate
from analysis.claims.readable_text import ReadableText

FITTED_LABELS = Path(__file__).parent / "claim_labels.jsonl"
MEASURED_LABELS = Path(__file__).parent / "claim_measure_labels.jsonl"


@dataclass(frozen=True)
class LabelledClaim:
    """A claim as it was read: its place in the abstract, form, quantity and values; ``-1`` for an unknown place."""

    start: int
    end: int
    form: str
    quantity: str
    value: float
    value_to: float


@dataclass(frozen=True)
class LabelledAbstract:
    """An abstract with its claims, and the sentences that count as its finding (none where it was not read)."""

    arxiv_id: str
    abstract: str
    claims: tuple[LabelledClaim, ...]
    findings: tuple[str, ...]


def read_claim_labels(path: Path, texts: Mapping[str, tuple[str, str]]) -> list[LabelledAbstract]:
    """The labels of a file without texts, with their abstracts from ``texts`` (title and abstract by identifier)."""
    labelled = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        abstract = texts[row["id"]][1]
        places = row.get("findings") or ([row["finding"]] if row.get("finding") else [])
        findings = tuple(abstract[start:end] for start, end in places)
        labelled.append(
            LabelledAbstract(row["id"], abstract, tuple(LabelledClaim(**claim) for claim in row["claims"]), findings)
        )
    return labelled


def read_gold(path: Path) -> list[LabelledAbstract]:
    """The labelled abstracts of a file of ``gold/names``, which holds the texts and calls the claims gains."""
    labelled = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        claims = tuple(
            LabelledClaim(-1, -1, g["form"], g["quantity"], float(g["value"]), float(g["value_to"]))
            for g in row["gains"]
        )
        labelled.append(LabelledAbstract(row["id"], row["abstract"], claims, tuple(row["findings"])))
    return labelled


def same_value(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether either end of one range equals either end of another."""
    return any(abs(x - y) <= 1e-6 * max(1.0, abs(x), abs(y)) for x in a for y in b)


def aligned(
    labelled: LabelledAbstract, readable: ReadableText, candidates: Sequence[NumberCandidate]
) -> tuple[list[LabelledClaim | None], int]:
    """The label of each number of an abstract, ``None`` for what is no claim, and how many labels met no number."""
    of: list[LabelledClaim | None] = [None] * len(candidates)
    places = [readable.raw_span(candidate.start, candidate.end) for candidate in candidates]
    n_missed = 0
    for claim in labelled.claims:
        for n, (candidate, (start, end)) in enumerate(zip(candidates, places, strict=True)):
            values = (*claimed_values(candidate, claim.form), candidate.value, candidate.value_to)
            overlaps = claim.start < end and start < claim.end
            if of[n] is None and overlaps and same_value(values, (claim.value, claim.value_to)):
                of[n] = claim
                break
        else:
            n_missed += 1
    return of, n_missed
