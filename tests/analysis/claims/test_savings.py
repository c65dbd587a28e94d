from __future__ import annotations

import pytest

from analysis.claims.savings import counted_claim, saving_ends, saving_factor, saving_summaries
from domain.claim import Claim, ClaimForm, ClaimQuantity
from domain.detections import Evidence
from domain.paper import ArxivId


def claim(quote: str, quantity: ClaimQuantity, form: ClaimForm, value: float, *, up_to: bool = False) -> Claim:
    return Claim(quote, quantity, form, value, value, "", up_to, Evidence("abstract", 0, len(quote)))


@pytest.mark.parametrize(
    ("quote", "quantity", "form", "value", "factor"),
    [
        ("2.3x faster", "speed", "times", 2.3, 2.3),
        ("reduces memory usage by 40%", "memory", "percent", 40.0, 1.67),
        ("reducing latency by 50%", "speed", "percent", 50.0, 2.0),
        ("40% higher throughput", "speed", "percent", 40.0, 1.4),
        ("using only 5% of the parameters", "parameters", "percent", 5.0, 20.0),
        ("half of the memory", "memory", "percent", 50.0, 2.0),
        ("cuts completion time by more than half", "speed", "percent", 50.0, 2.0),
        ("120% less memory", "memory", "percent", 120.0, None),
        ("45.6% more parameters", "parameters", "percent", 45.6, None),
        ("a 2.9x increase in latency", "speed", "times", 2.9, None),
        ("2x slower than the baseline", "speed", "times", 2.0, None),
        ("a 7.1% latency overhead", "speed", "percent", 7.1, None),
        ("improves accuracy by 40%", "quality", "percent", 40.0, None),
        ("runs in 12 ms", "speed", "absolute", 12.0, None),
        ("0.8x the memory", "memory", "times", 0.8, None),
        ("a 3x increase in tokens", "compute", "times", 3.0, None),
        ("the context grows 32x", "compute", "times", 32.0, None),
        ("at 50x the cost", "money", "times", 50.0, None),
        ("costs roughly 5x as much as the small model", "money", "times", 5.0, None),
        ("is up to 10x more expensive", "money", "times", 10.0, None),
        ("a token amplification of 20x", "compute", "times", 20.0, None),
        ("its cost varies by up to 5x", "money", "times", 5.0, None),
        ("the archive is 3x larger than earlier ones", "data", "times", 3.0, None),
        ("at 4x scale", "speed", "times", 4.0, None),
        ("matches models 8x larger", "parameters", "times", 8.0, 8.0),
        ("using 1/5 of the parameters", "parameters", "times", 5.0, 5.0),
        ("1.9x the decode throughput", "speed", "times", 1.9, 1.9),
        ("100x faster at higher accuracy", "speed", "times", 100.0, 100.0),
        ("more than 4x memory compression", "memory", "times", 4.0, 4.0),
        ("reducing overhead by 3x", "speed", "times", 3.0, 3.0),
        ("updating only 0.6% of the parameters", "parameters", "percent", 0.6, None),
        ("less than 5% of trainable parameters", "parameters", "percent", 5.0, None),
        ("trained on only 10% of the data", "data", "percent", 10.0, 10.0),
        ("finds it only 4.6% of the time", "speed", "percent", 4.6, None),
        ("takes only 4.6% of the time needed before", "speed", "percent", 4.6, 21.74),
        ("appearing in 8% of queries", "compute", "percent", 8.0, None),
        ("at 1% of the cost", "money", "percent", 1.0, 100.0),
        ("reduces memory to 40% of the baseline", "memory", "percent", 40.0, 2.5),
        ("reduces the delay to 11.3%", "speed", "percent", 11.3, None),
        ("latency increases by 24%", "speed", "percent", 24.0, None),
        ("at a 13% throughput cost", "speed", "percent", 13.0, None),
        ("training time falls by 20%", "speed", "percent", 20.0, 1.25),
    ],
)
def test_a_saving_is_a_factor_in_the_cheaper_direction(
    quote: str, quantity: ClaimQuantity, form: ClaimForm, value: float, factor: float | None
) -> None:
    assert saving_factor(claim(quote, quantity, form, value)) == factor


def test_a_summary_counts_each_paper_once_with_its_smallest_factor() -> None:
    claims = [(f"p{n}", claim("2x faster", "speed", "times", 2.0 + n)) for n in range(10)]
    claims += [("p0", claim("up to 90x faster", "speed", "times", 90.0, up_to=True))]
    claims += [("q", claim("up to 3x less memory", "memory", "times", 3.0, up_to=True))]
    speed, memory = saving_summaries([counted_claim(ArxivId(i), 0, one) for i, one in claims], ["p1", "q", "other"])
    assert (speed.quantity, speed.n_papers, speed.n_only_up_to, speed.n_with_code) == ("speed", 10, 0, 1)
    assert (speed.low_quartile, speed.median, speed.high_quartile) == (4.25, 6.5, 8.75)
    assert (memory.n_papers, memory.n_only_up_to, memory.n_with_code, memory.median) == (1, 1, 1, None)


@pytest.mark.parametrize(
    ("quote", "form", "ends", "factors"),
    [
        ("a speedup of 1.8-10x", "times", (1.8, 10.0), (1.8, 10.0)),
        ("2.3x faster", "times", (2.3, 2.3), (2.3, 2.3)),
        ("reduces latency by 20-50%", "percent", (20.0, 50.0), (1.25, 2.0)),
        ("needs only 5-10% of the time", "percent", (5.0, 10.0), None),
        ("with only 5-10% of the compute", "percent", (5.0, 10.0), (10.0, 20.0)),
        ("reduces latency by 80-100%", "percent", (80.0, 100.0), (5.0, 5.0)),
    ],
)
def test_of_a_range_the_smaller_saving_counts(
    quote: str, form: ClaimForm, ends: tuple[float, float], factors: tuple[float, float] | None
) -> None:
    stated = Claim(quote, "speed", form, *ends, "", False, Evidence("abstract", 0, len(quote)))
    assert saving_ends(stated) == factors
    assert saving_factor(stated) == (None if factors is None else factors[0])
