from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.claims.claim_reader import find_claims, finding_of
from analysis.claims.savings import saving_factor

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


@pytest.mark.parametrize(
    ("sentence", "not_this"),
    [
        ("The new test gains 12% in statistical power over the classical procedure.", "energy"),
        ("The discriminative power of the learned features rises by 15% on three datasets.", "energy"),
        ("It reduces the mean absolute error of solar energy forecasts by 18%.", "energy"),
        ("With a two-bit KV cache, perplexity rises by only 0.5% on long documents.", "memory"),
        ("Working memory of the participants improved by 15%.", "memory"),
        ("Our planner reduces the mean trajectory error by 63% compared with the baseline.", "compute"),
        ("The average vehicle speed increases by 12% under our signal control.", "speed"),
        ("The proposed certificate is 3.5 times tighter than that of the uniform baseline.", "speed"),
        ("The strongest model retrieves the right report at 15 times chance.", "speed"),
        ("The transport cost between the two distributions decreases by 30%.", "money"),
        ("A small model keeps 74% of its accuracy while the large one is switched off.", "compute"),
    ],
)
def test_a_cost_counts_only_where_a_word_names_it(sentence: str, not_this: str) -> None:
    assert not_this not in {claim.quantity for claim in find_claims("", sentence)}


@pytest.mark.parametrize(
    ("sentence", "quantity"),
    [
        ("Our scheduler reduces the power draw of the accelerator by 18%.", "energy"),
        ("Our kernel cuts peak memory by 40% at equal perplexity.", "memory"),
        ("It matches the full model's accuracy at 6x fewer FLOPs.", "compute"),
        ("Our cache cuts the median time-to-first-token by 53-398x.", "speed"),
    ],
)
def test_a_cost_beside_a_measure_of_quality_stays_a_cost(sentence: str, quantity: str) -> None:
    (claim,) = find_claims("", sentence)
    assert (claim.quantity, saving_factor(claim) is not None) == (quantity, True)


def test_a_setting_of_training_is_no_claim() -> None:
    assert find_claims("", "The learning rate is reduced by 10x after 30 epochs.") == ()
    assert find_claims("", "We find that a learning rate of 0.001 gives the best results.") == ()


@pytest.mark.parametrize(
    ("sentence", "own"),
    [
        ("Its latency increases by only 24% compared with a 17.6x increase for full recomputation.", 24.0),
        ("It reaches a 3.2x speedup, versus 1.4x for the strongest cache.", 3.2),
        ("It reduces memory by 40%, compared to a 15% reduction of the baseline.", 40.0),
    ],
)
def test_the_change_of_what_a_paper_compares_with_is_no_claim_of_its_own(sentence: str, own: float) -> None:
    assert [claim.value for claim in find_claims("", sentence)] == [own]


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        (
            "On four workloads it reduces time to first token (TTFT) by 1.37x.",
            "On four workloads it reduces time to first token (TTFT) by 1.37x",
        ),
        (
            "Our method reaches average speedups of 5.5x on the small model, and 3.9x on the large one.",
            "Our method reaches average speedups of 5.5x on the small model, and 3.9x on the large one",
        ),
        ("The agent stops early; the planner cuts token use by 30%.", "the planner cuts token use by 30%"),
        (
            "The compiler averages 5.66x, 4.05x, and 4.26x speedup over the eager mode.",
            "4.05x, and 4.26x speedup",
        ),
    ],
)
def test_a_quote_holds_what_its_number_is_of_and_which_way_it_goes(sentence: str, quote: str) -> None:
    assert quote in {claim.quote for claim in find_claims("", sentence)}


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
