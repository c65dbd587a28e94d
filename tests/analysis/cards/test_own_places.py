"""Places that are a term's own are told from those that are news."""

from __future__ import annotations

import pytest

from analysis.cards.own_places import is_own_place
from analysis.detection.taxonomy import load_taxonomy

STRONG = {entry.key: (entry.name.lower(), *entry.strong) for entry in load_taxonomy().entries}


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("federated", "federated learning"),
        ("rag", "retrieval-augmented generation"),
        ("rl", "offline reinforcement learning"),
        ("gaussian_splatting", "3D Gaussian Splatting"),
        ("security", "prompt injection"),
        ("security", "Cybersecurity"),
        ("application", "application domains: Law"),
    ],
)
def test_a_place_named_for_the_term_is_its_own(key: str, place: str) -> None:
    assert is_own_place(place, 10, 100, STRONG[key])


@pytest.mark.parametrize(
    ("key", "place"), [("interpretability", "Biology and genomics"), ("federated", "Medicine and health")]
)
def test_another_place_is_not(key: str, place: str) -> None:
    assert not is_own_place(place, 66, 100, STRONG[key])


def test_a_place_that_mostly_adopts_the_term_is_its_own() -> None:
    assert is_own_place("GPU kernels", 67, 100, ["efficient"])
    assert not is_own_place("GPU kernels", 66, 100, ["efficient"])
