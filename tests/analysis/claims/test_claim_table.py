"""The columns of claims give back what was counted of them."""

from __future__ import annotations

from analysis.claims.claim_table import ClaimTable
from domain.claim import CountedClaim
from domain.paper import ArxivId

ONE, TWO, THREE = (ArxivId(f"2606.0000{n}") for n in (1, 2, 3))
CLAIMS = [
    CountedClaim(ONE, 0, "speed", "times", False, 2.3),
    CountedClaim(ONE, 2, "quality", "points", True, None),
    CountedClaim(TWO, 0, "memory", "percent", True, 1.67),
    CountedClaim(THREE, 1, "other", "absolute", False, None),
]


def test_the_claims_of_papers_come_back_in_their_order() -> None:
    table = ClaimTable.of(CLAIMS)
    assert list(table.of_papers({ONE, TWO, THREE})) == CLAIMS
    assert list(table.of_papers({THREE, ONE})) == [CLAIMS[0], CLAIMS[1], CLAIMS[3]]
    assert list(table.of_papers({ArxivId("2606.00009")})) == []


def test_there_may_be_no_claims() -> None:
    assert list(ClaimTable.of([]).of_papers({ONE})) == []
