"""Quantified claims of papers about their own results."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from domain.detections import Evidence
from domain.paper import ArxivId

ClaimQuantity = Literal["speed", "memory", "compute", "energy", "money", "parameters", "data", "quality", "other"]
ClaimForm = Literal["times", "percent", "points", "absolute"]

CLAIM_QUANTITIES: tuple[ClaimQuantity, ...] = (
    "speed",
    "memory",
    "compute",
    "energy",
    "money",
    "parameters",
    "data",
    "quality",
    "other",
)


@dataclass(frozen=True)
class Claim:
    """One number that an abstract states of its own results, as "2.3x faster" or "40 % less memory".

    ``form`` tells how it is stated: as a factor, a relative change, a difference in points, or a level without
    comparison. ``value`` is the number, ``value_to`` the upper end where a range is given and else the same. ``unit``
    is that of an ``absolute`` level ("ms"), else empty. ``up_to`` marks a bound. ``evidence`` is where ``quote``
    stands; ``cut_before`` and ``cut_after`` say whether its sentence begins before it and goes on after it.
    """

    quote: str
    quantity: ClaimQuantity
    form: ClaimForm
    value: float
    value_to: float
    unit: str
    up_to: bool
    evidence: Evidence
    cut_before: bool = False
    cut_after: bool = False


_ENDS = re.compile(r"[.!?][\"')\]’”]*\Z")
_GOES_ON = re.compile(r"[\s\"')\]’”]*[^\s\"')\]’”.!?]|\.\S*\w")


def cuts_of(abstract: str, start: int, end: int) -> tuple[bool, bool]:
    """Whether the sentence of a quote begins before it, and whether it goes on after it.

    Examples
    --------
    >>> abstract = "We prune. Our method is 2x faster and simple."
    >>> cuts_of(abstract, 10, 33), cuts_of(abstract, 21, 44), cuts_of(abstract, 10, 44)
    ((False, True), (True, False), (False, False))
    """
    before, quote, after = abstract[:start].rstrip(), abstract[start:end], abstract[end:]
    starts_inside = quote[:1].islower() or quote[:1].isdigit()  # "approx. 2.5x" ends no sentence
    begins = not before or (_ENDS.search(before) is not None and not starts_inside)
    return not begins, _ENDS.search(quote) is None and _GOES_ON.match(after) is not None


class CountedClaim(NamedTuple):
    """What is counted of a claim, without its words.

    ``number`` tells the claims of a paper apart. ``saving`` is how many times cheaper it says its work is, ``None`` if
    it claims no saving, or does not say how much.
    """

    arxiv_id: ArxivId
    number: int
    quantity: ClaimQuantity
    form: ClaimForm
    up_to: bool
    saving: float | None


@dataclass(frozen=True)
class SavingSummary:
    """What papers claim to save of one quantity.

    ``n_papers`` claim a saving of it, ``n_only_up_to`` of these only as a bound, ``n_with_code`` of these name a
    repository. ``median`` and the quartiles are of one factor a paper, the smallest that it claims; ``None`` below
    ten papers.
    """

    quantity: ClaimQuantity
    n_papers: int
    n_only_up_to: int
    n_with_code: int
    median: float | None
    low_quartile: float | None
    high_quartile: float | None
