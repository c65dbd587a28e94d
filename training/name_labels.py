"""Labelled names: which names an abstract holds, their kinds and roles, stored by identifier and offsets.

``name_labels.jsonl`` holds the labels to fit on, ``name_measure_labels.jsonl`` those to measure on, which two readers
made; docs/methods.md says how. A line is ``{"id", "drawn", "names": [[field, start, end, kind, role], ...]}``, with
the offsets of where the name first stands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.name_mention import NameKind, NameRole

NAME_LABELS = Path(__file__).parent / "name_labels.jsonl"
MEASURE_LABELS = Path(__file__).parent / "name_measure_labels.jsonl"


@dataclass(frozen=True)
class LabelledName:
    """A name as a reader saw it."""

    surface: str
    kind: NameKind
    role: NameRole


@dataclass(frozen=True)
class NamedPaper:
    """A title and abstract with their names; ``drawn`` says how the paper was drawn."""

    arxiv_id: str
    title: str
    abstract: str
    names: tuple[LabelledName, ...]
    drawn: str


def read_gold(path: Path) -> list[NamedPaper]:
    """The labelled abstracts of a JSON-lines file that holds their texts."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [
        NamedPaper(
            row["id"],
            row["title"],
            row["abstract"],
            tuple(LabelledName(name["surface"], name["type"], name["role"]) for name in row["names"]),
            "gold",
        )
        for row in rows
    ]


def read_name_labels(path: Path, pools: Sequence[Mapping[str, tuple[str, str]]]) -> list[NamedPaper]:
    """The papers of a file of labels by offsets, with their texts from ``pools``."""
    papers = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        title, abstract = next(pool[row["id"]] for pool in pools if row["id"] in pool)
        texts = {"title": title, "abstract": abstract}
        names = tuple(
            LabelledName(texts[field][start:end], kind, role) for field, start, end, kind, role in row["names"]
        )
        papers.append(NamedPaper(row["id"], title, abstract, names, row["drawn"]))
    return papers
