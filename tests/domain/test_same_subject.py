"""Which names are the same subject."""

from __future__ import annotations

import pytest

from domain.same_subject import are_same_subject, one_spelling


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("World models", "world model"),
        ("model quantisation", "Model quantization"),
        ("graph analyses", "graph analysis"),
        ("topic modelling", "topic modeling"),
        ("Preference optimisation and RLHF", "RLHF and preference optimization"),
        ("behaviour cloning", "behavior cloning"),
        ("colour and light", "light, color"),
        ("LLM agents (tool use)", "llm agent (tool uses)"),
        ("fibre optics", "fiber optics"),
        ("dialogue systems", "dialog system"),
    ],
)
def test_number_case_hyphens_and_british_spelling_are_no_difference(one: str, other: str) -> None:
    assert are_same_subject(one, other)
    assert are_same_subject(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Diffusion models", "world models"),
        ("image quantization", "quantization"),
        ("four", "for"),
        ("GPS", "GP"),
        ("LLM agents (tool use)", "LLM agents (memory)"),
        ("LLM agents (tool use)", "LLM agents"),
        ("Preference optimisation and RLHF", "preference optimization"),
        ("agents and tools", "agents and memory"),
        ("→", "←"),
    ],
)
def test_names_with_other_words_are_different_subjects(one: str, other: str) -> None:
    assert not are_same_subject(one, other)
    assert not are_same_subject(other, one)


@pytest.mark.parametrize("word", ["four", "hour", "contour", "skill", "excellent", "all", "fill", "tally", "is"])
def test_american_words_stay(word: str) -> None:
    assert one_spelling(word) == word
