"""The labels that the detector is fitted on."""

from __future__ import annotations

import json

from domain.paper import ArxivId
from training.labels import ADDED_LABELS


def test_the_added_labels_hold_identifiers_and_levels_of_the_codebook_and_nothing_else() -> None:
    techniques = {"transformer", "llm", "diffusion", "ssm", "gnn", "rl", "compression"}
    themes = {"efficiency", "evaluation", "data_governance", "deployment", "security", "application"}
    lines = ADDED_LABELS.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len({row["id"] for row in rows}) == len(rows) > 0
    for row in rows:
        assert set(row) == {"id", "drawn", "levels"}
        assert str(ArxivId(row["id"])) == row["id"]
        assert set(row["levels"]) <= techniques | themes
        assert all(1 <= level <= (3 if key in techniques else 2) for key, level in row["levels"].items())
