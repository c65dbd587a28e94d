"""The model card."""

from __future__ import annotations

import json

from analysis.detection.taxonomy import load_taxonomy
from training.evaluate_detector import SCORES
from training.model_card import CARD, model_card


def test_the_model_card_is_what_the_scores_say() -> None:
    scores = json.loads(SCORES.read_text(encoding="utf-8"))
    card = CARD.read_text(encoding="utf-8")
    assert card == model_card(scores, load_taxonomy()), "run: python -m training.model_card"
