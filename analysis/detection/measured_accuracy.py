"""The detector's measured accuracy, as the model card states it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files


@cache
def detector_scores() -> dict[str, dict[str, float]]:
    """Scores on held-out abstracts at the level of adoption, by the terms' keys; docs/model-card.md defines them.

    Those of a technique whose papers were drawn by strata are cross-validated, and its recall is relative to a loose
    net of words.
    """
    measured = json.loads((files("analysis.detection") / "detector_scores.json").read_text(encoding="utf-8"))
    return {key: (label.get("dev") or label["stratified"])["2"] for key, label in measured["labels"].items()}
