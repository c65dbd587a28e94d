"""Labelled abstracts: the labels of the codebook, and the files that they are read from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TECHNIQUES = ("transformer", "llm", "diffusion", "ssm", "gnn", "rl", "compression")
THEMES = ("efficiency", "evaluation", "data_governance", "deployment", "security", "application")
LABELS = TECHNIQUES + THEMES
ADOPTS = 2
"""The level from which on a paper counts as an adopter."""

ADDED_LABELS = Path(__file__).parent / "detection_labels.jsonl"
"""Labels beyond ``train.jsonl``, by arXiv identifier and without texts; docs/methods.md says how they were made."""


@dataclass(frozen=True)
class LabelledPaper:
    """A paper with the level of each label, and how it was drawn (``random`` or by a pattern)."""

    title: str
    abstract: str
    levels: dict[str, int]
    drawn: str


def read_labelled(path: Path) -> list[LabelledPaper]:
    """The labelled abstracts of a JSON-lines file that holds their texts."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [LabelledPaper(row["title"], row["abstract"], row["labels"], row["drawn"]) for row in rows]


def read_added(path: Path, pools: Sequence[Mapping[str, tuple[str, str]]]) -> list[LabelledPaper]:
    """The papers of a file of labels, with their texts from ``pools``; the file leaves out levels of 0."""
    added = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        title, abstract = next(pool[row["id"]] for pool in pools if row["id"] in pool)
        added.append(LabelledPaper(title, abstract, dict.fromkeys(LABELS, 0) | row["levels"], row["drawn"]))
    return added
