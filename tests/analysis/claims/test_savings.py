from __future__ import annotations

import pytest

from analysis.claims.savings import counted_claim, saving_factor, saving_summaries
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
