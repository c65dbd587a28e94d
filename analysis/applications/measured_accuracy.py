"""The measured accuracy of application domains, as ``benchmarks/application_domains.py`` wrote it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def domain_scores() -> dict[str, Any]:
    """Precision, and recall within the net of papers that hold a word, of all domains together, with intervals."""
    text = (files("analysis.applications") / "domain_scores.json").read_text(encoding="utf-8")
    scores: dict[str, Any] = json.loads(text)
    return scores


def domain_precision() -> float:
    """Share of a domain's papers that are rightly counted, over all domains together."""
    return float(domain_scores()["precision"])
