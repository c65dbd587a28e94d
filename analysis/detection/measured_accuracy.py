"""The detector's measured accuracy, as the model card states it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files


@cache
def detector_scores() -> dict[str, dict[str, float]]:
    """Scores on held-out abstracts at the level of adoption, by the terms' keys; docs/model-card.md defines them."""
    measured = json.loads((files("analysis.detection") / "detector_scores.json").read_text(encoding="utf-8"))
    return {key: label["dev"]["2"] for key, label in measured["labels"].items()}
