"""Claims of saving as factors: how many times cheaper, of claims that say how."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from domain.claim import Claim, ClaimQuantity, CountedClaim, SavingSummary
from domain.paper import ArxivId

COST_QUANTITIES: tuple[ClaimQuantity, ...] = (
    "speed",
    "memory",
    "compute",
    "energy",
    "money",
    "parameters",
    "data",
)
MIN_PAPERS = 10
"""Papers below which no median is given."""

_DEARER = re.compile(
    r"\b(?:slow(?:er|down|s|ed)?|overheads?|penalty|dearer|longer|heavier|costlier|degrad\w+|extra|additional|"
    r"more (?:\w+ )?(?:parameters|memory|tokens|compute|time|data|energy|storage|flops|samples|steps|labels)|"
    r"(?:increas\w+|higher|rise|larger|growth)(?: \w+){0,3} "
    r"(?:latency|time|cost|costs|memory|parameters|footprint|size|energy|overhead))\b",
    re.IGNORECASE,
)
_REMAINDER = re.compile(
    r"\b(?:only|just|merely|using|uses?|requir\w+|with|updat\w+|retain\w*|train(?:s|ing)?|as little as|"
    r"(?:less|fewer) than|under|at|in|<)\s*(?:about |roughly |approximately |around |"
    r"half )?[≈∼~<$]*\s*\S*\d[\d.,]*\s?(?:\\?%|percent)"
    r"(?:\$)?\s*(?:of|as)\b|\b(?:half|one[- ](?:third|fifth|tenth|sixth|quarter)) (?:of|the|as)\b",
    re.IGNORECASE,
)
_LESS = re.compile(
    r"\b(?:reduc\w+|less|fewer|lower\w*|sav\w+|cut\w*|decreas\w+|shrink\w*|drop\w*|smaller|cheaper|"
    r"shorten\w*|shorter|halv\w+|"
    r"compress\w+|minimi[sz]\w+|diminish\w*|prun\w+|eliminat\w+|skip\w*)\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"\b(?:fast\w*|speed\w*|accelerat\w+|throughput|efficien\w+|improv\w+|higher|increas\w+|gain\w*|"
    r"boost\w*|more|quick\w*)\b",
    re.IGNORECASE,
)


def saving_factor(claim: Claim) -> float | None:
    """How many times cheaper a claim says its work is; ``None`` if it claims no saving, or does not say how much.

    Only factors and relative changes of a cost count, in the cheaper direction: "40 % less memory" is 1.67, "2.3x
    faster" 2.3, "40 % higher throughput" 1.4, "5 % of the parameters" 20. Of a range the lower end counts.

    Examples
    --------
    >>> from domain.detections import Evidence
    >>> here = Evidence("abstract", 0, 1)
    >>> saving_factor(Claim("reduces memory by 40%", "memory", "percent", 40.0, 40.0, "", False, here))
    1.67
    >>> saving_factor(Claim("45.6% more parameters", "parameters", "percent", 45.6, 45.6, "", False, here)) is None
    True
    """
    if claim.quantity not in COST_QUANTITIES or claim.form not in ("times", "percent") or _DEARER.search(claim.quote):
        return None
    value = claim.value
    if claim.form == "times":
        return round(value, 2) if value > 1 else None
    if not value > 0:
        return None
    if value < 100 and _REMAINDER.search(claim.quote):
        return round(100 / value, 2)
    if _LESS.search(claim.quote):
        return round(100 / (100 - value), 2) if value < 100 else None
    if claim.quantity == "speed" and _MORE.search(claim.quote):
        return round(1 + value / 100, 2)
    return None


def counted_claim(arxiv_id: ArxivId, number: int, claim: Claim) -> CountedClaim:
    """What is counted of a claim of a paper."""
    return CountedClaim(arxiv_id, number, claim.quantity, claim.form, claim.up_to, saving_factor(claim))


def saving_summaries(claims: Iterable[CountedClaim], with_code: Sequence[str]) -> tuple[SavingSummary, ...]:
    """One summary for each quantity of which anyone claims a saving, most papers first.

    Parameters
    ----------
    claims : of any papers; those that claim no saving are left out.
    with_code : identifiers of the papers that name a repository.
    """
    factors: defaultdict[ClaimQuantity, defaultdict[str, list[tuple[float, bool]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for claim in claims:
        if claim.saving is not None:
            factors[claim.quantity][claim.arxiv_id].append((claim.saving, claim.up_to))
    coded = set(with_code)
    summaries = []
    for quantity, of_papers in factors.items():
        smallest = [min(factor for factor, _ in found) for found in of_papers.values()]
        quartiles: list[float | None] = [None, None, None]
        if len(smallest) >= MIN_PAPERS:
            quartiles = [round(float(q), 2) for q in np.quantile(smallest, [0.25, 0.5, 0.75])]
        summaries.append(
            SavingSummary(
                quantity,
                len(of_papers),
                sum(all(up_to for _, up_to in found) for found in of_papers.values()),
                len(of_papers.keys() & coded),
                median=quartiles[1],
                low_quartile=quartiles[0],
                high_quartile=quartiles[2],
            )
        )
    return tuple(sorted(summaries, key=lambda s: (-s.n_papers, s.quantity)))
