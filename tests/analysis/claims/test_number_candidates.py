from __future__ import annotations

import pytest

from analysis.claims.claim_reader import claimed_unit, claimed_values
from analysis.claims.number_candidates import number_candidates
from analysis.claims.readable_text import ReadableText


def read(raw: str) -> list[tuple[float, float, str, str, bool]]:
    found = number_candidates(ReadableText.of(raw).text)
    return [(c.value, c.value_to, c.shape, c.unit_kind, c.up_to) for c in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is 2.3x faster.", (2.3, 2.3, "single", "times", False)),
        (r"It is up to $2.3\times$ faster.", (2.3, 2.3, "single", "times", True)),
        (r"A 7.5--23.3\% improvement.", (7.5, 23.3, "range", "percent", False)),
        (r"from 61.0\% (base) to 64.2\% in accuracy", (61.0, 64.2, "change", "percent", False)),
        ("from 4.92 (NODE) to 0.26 (UDE)", (4.92, 0.26, "change", "none", False)),
        ("ranging from 2x to 5x", (2.0, 5.0, "range", "times", False)),
        ("reduced to 2.8 from 18 channels", (2.8, 18.0, "change", "noun", False)),
        ("a gain of +3.2 points", (3.2, 3.2, "single", "points", False)),
        ("by at most 9.4pp", (9.4, 9.4, "single", "points", True)),
        ("by an order of magnitude", (10.0, 10.0, "word", "times", False)),
        ("one to two orders of magnitude cheaper", (10.0, 100.0, "word", "times", False)),
        ("It halves the cost.", (50.0, 50.0, "word", "percent", False)),
        ("a threefold reduction", (3.0, 3.0, "word", "times", False)),
        ("smaller by a factor of 4.", (4.0, 4.0, "single", "times", False)),
        ("costs $1.5M to train", (1.5e6, 1.5e6, "single", "money", False)),
        ("with 564,103 parameters", (564103.0, 564103.0, "single", "parameters", False)),
        ("runs in 12 ms", (12.0, 12.0, "single", "time", False)),
        (r"in less than $10^{-3}$ s", (0.001, 0.001, "single", "time", True)),
        ("30 frames per second", (30.0, 30.0, "single", "rate", False)),
        ("an error of 29.42mm", (29.42, 29.42, "single", "length", False)),
    ],
)
def test_a_number_is_read_with_its_range_unit_and_bound(
    text: str, expected: tuple[float, float, str, str, bool]
) -> None:
    assert read(text) == [expected]


@pytest.mark.parametrize(
    "text", ["on CIFAR-10", "GPT-4 and Qwen3-4B", "a 2D map", "(1) we show", "Table 3.1a", "v2.0.1"]
)
def test_numbers_inside_names_are_left_out(text: str) -> None:
    assert read(text) == []


def test_every_number_of_a_list_is_read_by_itself() -> None:
    assert [c[0] for c in read("by 54%, 89% and 70%, respectively")] == [54.0, 89.0, 70.0]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("a reader with 11.3M parameters", 11.3, "M parameters"),
        ("only 2.6 billion tokens are needed", 2.6, "billion tokens"),
        ("just 10k samples", 10_000.0, "samples"),
        ("a latency of 12 ms", 12.0, "ms"),
    ],
)
def test_a_level_in_millions_is_claimed_as_written(text: str, value: float, unit: str) -> None:
    (candidate,) = number_candidates(text)
    assert (claimed_values(candidate, "absolute"), claimed_unit(candidate)) == ((value, value), unit)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("answers in sub-20 ms time", 20.0),
        ("was rated 4.64/5 by readers", 4.64),
        ("the highest agreement (0.8819)", 0.8819),
    ],
)
def test_bounds_and_scores_without_a_unit_are_read(text: str, value: float) -> None:
    assert [candidate.value for candidate in number_candidates(text)] == [value]


@pytest.mark.parametrize("text", ["in steps (1) first and (2) second", "runs 24/7 in a hospital"])
def test_numbers_of_a_list_are_no_scores(text: str) -> None:
    assert not [c for c in number_candidates(text) if c.unit_kind == "none"]


def test_hostile_numbers_end_in_time() -> None:
    for text in ("9" * 5000, "1 " * 4000, "from 1 to " * 1500, "$" * 3000 + "1%", "(" * 4000 + "3x", "1,000," * 2000):
        number_candidates(ReadableText.of(text).text)
