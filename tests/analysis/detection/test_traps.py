"""The made-up traps: complete, split as the benchmark says, and mostly passed."""

from __future__ import annotations

from collections import Counter

from analysis.detection.detector import Detector
from analysis.detection.taxonomy import load_taxonomy
from benchmarks.traps import judge, read_traps
from training.labels import LABELS


def test_traps_are_distinct_and_a_third_is_held_out() -> None:
    traps = read_traps()
    assert len({trap.title for trap in traps}) == len(traps) == 180
    assert {trap.term for trap in traps} <= set(LABELS)
    assert all(trap.abstract.count(". ") <= 4 for trap in traps)
    assert Counter((trap.part, trap.adopts) for trap in traps) == {
        ("mend", False): 100,
        ("held_out", False): 50,
        ("mend", True): 20,
        ("held_out", True): 10,
    }


def test_the_shipped_detector_passes_nearly_all_and_says_yes_to_those_that_adopt() -> None:
    judged = judge(Detector(load_taxonomy()), read_traps())
    for adopts in (False, True):
        own = [one for one in judged if one.trap.adopts == adopts]
        assert sum(one.by_detector == adopts for one in own) >= 0.95 * len(own)
