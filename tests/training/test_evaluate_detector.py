"""Accuracy on labelled abstracts."""

from __future__ import annotations

from training.evaluate_detector import accuracy_of
from training.labels import LABELS, LabelledPaper


def _paper(**levels: int | None) -> LabelledPaper:
    of_paper = dict.fromkeys(LABELS, 0) | levels
    return LabelledPaper("", "", {label: level for label, level in of_paper.items() if level is not None}, "random")


def test_mentions_called_adoption_are_counted_and_unsettled_labels_left_out() -> None:
    papers = [_paper(**dict.fromkeys(LABELS, 2)), _paper(llm=1, rl=1), _paper(llm=None), _paper(efficiency=1)]
    adopts = [set(LABELS), {"llm"}, {"llm"}, {"efficiency"}]
    at = accuracy_of(adopts, papers)
    assert (at.n_mentions, at.n_called_adoption) == (2, 1)
    assert abs(at.techniques_f1 - (6 + 2 / 3) / 7) < 1e-9
    assert abs(at.themes_f1 - (5 + 2 / 3) / 6) < 1e-9
