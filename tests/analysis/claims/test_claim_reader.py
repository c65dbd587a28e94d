from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.claims.claim_reader import find_claims, finding_of

ABSTRACT = (
    r"Serving large language models is expensive. We propose FooServe, a scheduler for mixed requests. Experiments on "
    r"ten datasets show that FooServe achieves up to $2.3\times$ higher throughput and reduces memory usage by 40\% "
    r"compared with vLLM. Code is available at https://github.com/a/b."
)


def test_a_claim_has_its_value_form_quantity_bound_and_words() -> None:
    speed, memory = find_claims("FooServe", ABSTRACT)
    assert (speed.value, speed.form, speed.quantity, speed.up_to) == (2.3, "times", "speed", True)
    assert (memory.value, memory.form, memory.quantity, memory.up_to) == (40.0, "percent", "memory", False)
    assert memory.unit == ""
    assert memory.value_to == 40.0
    for claim in (speed, memory):
        assert ABSTRACT[claim.evidence.start : claim.evidence.end] == claim.quote
    assert "memory" in memory.quote


def test_the_finding_is_a_sentence_word_for_word() -> None:
    finding = finding_of("FooServe", ABSTRACT)
    assert finding is not None
    text = ABSTRACT[finding.start : finding.end]
    assert text.startswith("Experiments on ten datasets")
    assert text.endswith("vLLM.")


@pytest.mark.parametrize(
    "abstract",
    [
        "We introduce FooBench, a dataset of 10,000 images and 25 tasks in 12 languages, collected from 2019 to 2024.",
        "We train for the tasks of 2 venues with p < 0.05 and a 7B model.",
        "",
        "No number here",
    ],
)
def test_sizes_of_data_and_statistics_are_no_claims(abstract: str) -> None:
    assert find_claims("FooBench", abstract) == ()


def test_a_change_of_levels_claims_the_difference() -> None:
    (claim,) = find_claims("", "Our method improves accuracy from 61.0% to 64.2% on the test set.")
    assert (claim.form, claim.quantity, claim.value) == ("points", "quality", 3.2)


def test_an_empty_abstract_has_no_finding() -> None:
    assert finding_of("", "") is None
    assert finding_of("", "Short.") is None


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="aA1. ,%x$\\{}-–~^()<>=×∼", max_size=200))
def test_any_text_is_read_and_claims_lie_inside_it(text: str) -> None:
    for claim in find_claims("", text):
        assert 0 <= claim.evidence.start < claim.evidence.end <= len(text)
        assert text[claim.evidence.start : claim.evidence.end] == claim.quote
        assert claim.value <= claim.value_to
    finding = finding_of("", text)
    assert finding is None or text[finding.start : finding.end].strip()


def test_hostile_abstracts_are_read_in_time() -> None:
    for text in ("9" * 20_000, "from 1% to " * 2000, "(" * 9000 + "2x faster", "by 3% and " * 2000, "a. B" * 5000):
        find_claims("", text)
        finding_of("", text)
