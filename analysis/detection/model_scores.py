"""The detector's measured accuracy, as the model card states it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files


@cache
def detector_scores() -> dict[str, dict[str, float]]:
    """The detector's measured accuracy at the level of adoption, by key; docs/model-card.md says how."""
    measured = json.loads((files("analysis.detection") / "detector_scores.json").read_text(encoding="utf-8"))
    return {key: label["dev"]["2"] for key, label in measured["labels"].items()}
