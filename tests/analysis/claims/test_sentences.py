from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from analysis.claims.sentences import sentence_spans


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def test_abbreviations_decimals_and_formulas_do_not_end_a_sentence() -> None:
    text = r"We follow Smith et al. and, e.g. GPT-4, i.e. it scores 2.3 vs. 1.9. For $a. B$ it holds! Is it so? Yes."
    assert split(text) == [
        "We follow Smith et al. and, e.g. GPT-4, i.e. it scores 2.3 vs. 1.9.",
        "For $a. B$ it holds!",
        "Is it so?",
        "Yes.",
    ]


def test_a_sentence_may_end_with_an_abbreviation_or_without_a_space() -> None:
    assert split("Data are i.i.d. We show this.Our method wins.") == [
        "Data are i.i.d.",
        "We show this.",
        "Our method wins.",
    ]


def test_a_name_in_lower_case_opens_a_sentence_and_a_word_does_not() -> None:
    assert split("It is fast. vLLM serves it. approx. 3 s") == ["It is fast.", "vLLM serves it. approx. 3 s"]


@given(st.text(alphabet="aB .!?$\n(1", max_size=80))
def test_sentences_lose_nothing_but_white_space(text: str) -> None:
    spans = sentence_spans(text)
    assert all(a_end <= b_start for (_, a_end), (b_start, _) in pairwise(spans))
    outside = list(text)
    for start, end in spans:
        outside[start:end] = [" "] * (end - start)
    assert not "".join(outside).strip()
