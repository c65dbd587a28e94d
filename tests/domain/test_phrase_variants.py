"""Which phrases free words are counted as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.phrase_variants import counted_phrases, phrases_of_term, singular_and_plural


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("MLLM", "MLLMs"),
        ("model", "models"),
        ("loss", "losses"),
        ("bias", "biases"),
        ("policy", "policies"),
        ("survey", "surveys"),
        ("cache", "caches"),
        ("phase", "phases"),
        ("approach", "approaches"),
        ("epoch", "epochs"),
        ("analysis", "analyses"),
        ("hypothesis", "hypotheses"),
        ("matrix", "matrices"),
        ("corpus", "corpora"),
        ("metric", "metrics"),
        ("GAN", "GANs"),
    ],
)
def test_singular_and_plural_lead_to_each_other(singular: str, plural: str) -> None:
    assert set(singular_and_plural(singular)) == {singular, plural} == set(singular_and_plural(plural))


@pytest.mark.parametrize(
    "word", ["GPS", "gps", "dynamics", "semantic", "RL", "TT", "TTS", "this", "series", "news", "mean", "data", "LMs"]
)
def test_words_without_another_number_stay_alone(word: str) -> None:
    assert singular_and_plural(word) == (word,)


def test_only_the_noun_changes() -> None:
    assert counted_phrases("vision-language-action models") == (
        "vision-language-action models",
        "vision-language-action model",
    )
    assert "chains of thought" in counted_phrases("chain of thought")


@pytest.mark.parametrize(("typed", "also"), [("Qwen3", "Qwen 3"), ("Qwen 3", "Qwen3"), ("GPT-4", "GPT4")])
def test_a_version_counts_with_and_without_a_space(typed: str, also: str) -> None:
    assert counted_phrases(typed) == (typed, also)


def test_words_can_be_counted_as_written() -> None:
    assert phrases_of_term("exact:MLLM OR world models") == ("MLLM", "world models")
    assert phrases_of_term("quantiz*") == ("quantiz*",)


@given(st.text(max_size=200))
def test_the_typed_phrase_comes_first_and_there_are_few_others(typed: str) -> None:
    phrases = counted_phrases(typed)
    assert phrases[0] == typed.split(" OR ")[0]
    assert len(phrases) <= 8 * len(typed.split(" OR "))
