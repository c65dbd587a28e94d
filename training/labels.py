"""Labelled abstracts: the labels of the codebook, and the files that they are read from."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TECHNIQUES = ("transformer", "llm", "diffusion", "ssm", "gnn", "rl", "compression")
THEMES = ("efficiency", "evaluation", "data_governance", "deployment", "security", "application")
LABELS = TECHNIQUES + THEMES
MENTIONS = 1
"""The level of a paper that only mentions a technique."""
ADOPTS = 2
"""The level from which on a paper counts as an adopter."""

DRAWN_LABELS = Path(__file__).parent / "technique_labels.jsonl"
"""Labels of the further techniques, by arXiv identifier and without texts."""
STRATA = Path(__file__).parent / "technique_strata.toml"
"""How the papers of ``technique_labels.jsonl`` were drawn."""

ADDED_LABELS = Path(__file__).parent / "detection_labels.jsonl"
"""Labels beyond ``train.jsonl``, by arXiv identifier and without texts; docs/methods.md says how they were made."""


@dataclass(frozen=True)
class Strata:
    """How the labelled papers of one technique were drawn from ``n_papers`` at random.

    ``sizes`` are the papers of each stratum: those that an earlier detector counted as adopting, as mentioning, and
    those that match only the loose ``net``. The rest are taken to be without the technique.
    """

    n_papers: int
    net: str
    sizes: dict[str, int]


@dataclass(frozen=True)
class DrawnLabel:
    """The level of one technique in one paper, read twice.

    ``level`` is the first reader's; ``None`` where the two differ on adoption. ``stratum`` is that of ``Strata``.
    """

    arxiv_id: str
    technique: str
    stratum: str
    level: int | None


@dataclass(frozen=True)
class LabelledPaper:
    """A paper with the level of each label, and how it was drawn (``random`` or by a pattern).

    ``levels`` leaves out a label on which the annotators differ, which only ``dev2.jsonl`` has.
    """

    title: str
    abstract: str
    levels: dict[str, int]
    drawn: str


def read_labelled(path: Path) -> list[LabelledPaper]:
    """The labelled abstracts of a JSON-lines file that holds their texts."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [
        LabelledPaper(
            row["title"],
            row["abstract"],
            {label: level for label, level in row["labels"].items() if level is not None},
            row["drawn"],
        )
        for row in rows
    ]


def read_added(path: Path, pools: Sequence[Mapping[str, tuple[str, str]]]) -> list[LabelledPaper]:
    """The papers of a file of labels, with their texts from ``pools``; the file leaves out levels of 0."""
    added = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        title, abstract = next(pool[row["id"]] for pool in pools if row["id"] in pool)
        added.append(LabelledPaper(title, abstract, dict.fromkeys(LABELS, 0) | row["levels"], row["drawn"]))
    return added


def read_strata(path: Path) -> dict[str, Strata]:
    """The strata of each further technique, by its key."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        key: Strata(table["n_papers"], row["net"], {name: row[name] for name in ("adopts", "mentions", "net_only")})
        for key, row in table["technique"].items()
    }


def read_drawn(path: Path) -> list[DrawnLabel]:
    """The labels of the further techniques."""
    labels = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        first, second = row["levels"]
        differ = first is None or second is None or (first >= ADOPTS) != (second >= ADOPTS)
        labels.append(DrawnLabel(row["id"], row["technique"], row["stratum"], None if differ else first))
    return labels
