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

_COST = (
    r"(?:costs?|price|latency|time|runtime|memory|footprint|storage|bandwidth|compute|computation|flops|tokens?|calls?|"
    r"queries|parameters?|size|volume|energy|power|emissions|budget|overhead|data|samples?|labels|steps?|epochs?)"
)
_DEARER = re.compile(
    r"\b(?:slow(?:er|down|s|ed)?|overheads?|penalty|premium|dearer|longer|heavier|costlier|degrad\w+|extra|additional|"
    r"more expensive|amplif\w+|expansion|(?:over|under)estimat\w+|var(?:y|ies|ied)|adds?|wider|inflat\w+|"
    r"more (?:[\w-]+ )?(?:parameters|memory|tokens|compute|time|data|energy|storage|flops|samples|steps|labels|"
    r"annotations|calls|queries)|"
    rf"(?:increas\w+|higher|rise|larger|growth|doubl\w+|tripl\w+|triple)(?: [\w-]+){{0,3}} {_COST}|"
    rf"{_COST} (?:increas\w+|rises?|grows?|grew|rose|doubl\w+|tripl\w+)|"
    r"(?:throughput|speed) (?:costs?|loss|losses|drops?|reductions?|falls?|fell|decreas\w+)|"
    r"(?:reduc\w+|lower\w*|decreas\w+|drop\w*|loss) (?:in |of )?(?:[\w-]+ )?(?:throughput|speed))\b",
    re.IGNORECASE,
)
_FACTOR = r"(?:\d\S*|times|fold|twice|double|triple|magnitude)\s?(?:\\?[x×]|\$|\}|\\times|times)*"
_SPEEDS = r"(?:[\w-]*(?:throughput|speed|fps|efficien|accelerat|compress|sparsi|frame rate)\w*)"
_DEARER_BY_A_FACTOR = re.compile(
    rf"{_FACTOR} (?:(?:the|that of)\b|as (?:much|many)\b|(?:[\w-]+ )?(?:larger|bigger|higher|greater|more|wider|"
    rf"increases?|growth|amplification)\b)(?!(?: (?:in )?[\w-]+){{0,3}} {_SPEEDS})|"
    rf"\b(?:increas\w+|gr[eo]w\w*|r[io]s(?:es?|ing)|rais\w+|costs?)(?: (?!{_SPEEDS})[\w-]+){{0,4}} {_FACTOR}",
    re.IGNORECASE,
)
_NO_OVERHEAD = re.compile(
    r"\b(?:reduc\w+|lower\w*|cut\w*|decreas\w+|sav\w+|minimi[sz]\w+|avoid\w*|without|negligible|no|little)"
    r"(?: [\w-]+){0,3} overheads?\b",
    re.IGNORECASE,
)
_AGAINST_LARGER = re.compile(
    r"\b(?:outperform\w*|match(?:es|ing)?|rival\w*|surpass\w*|exceed\w*|beat\w*|competitive|comparable|on par)\b.*"
    r"\b(?:larger|bigger|more)\b",
    re.IGNORECASE,
)
_ONE_OF = re.compile(r"(?<![\w/.])1\s?/\s?\d+(?!\s?=)", re.IGNORECASE)
_CHEAPER = re.compile(
    r"\b(?:fast\w*|speed\w*|accelerat\w+|throughput\w*|quick\w*|rapid\w*|fps|\w*-?efficien\w+|reduc\w+|less|fewer|"
    r"lower\w*|sav(?:e[sd]?|ings?)|cut(?:s|ting)?|decreas\w+|shr[aiu]nk\w*|smaller|cheaper|short\w+|compress\w+|drop\w*|"
    r"fall(?:s|ing)?|fell|minimi[sz]\w+|lighter|diminish\w*)\b",
    re.IGNORECASE,
)
_FASTER = re.compile(r"\b(?:improv\w+|gain\w*|boost\w*|outperform\w*|advantage)\b", re.IGNORECASE)
_CHANGED_PART = re.compile(
    r"\b(?:updat\w+|train\w*|fine-?tun\w+|tun(?:e[sd]?|ing|able)|adapt\w*|edit\w*|modif\w+|learn(?:s|ed|ing|able)|"
    r"chang\w+|optimi[sz]\w+)\b",
    re.IGNORECASE,
)
_PERCENT_OF = r"(?:[\w~≈<]+ ){0,3}[≈∼~<$]*\d[\d.,–-]*\s?(?:\\?%|percent)\$?\s?of\b"
_HOW_OFTEN = re.compile(  # "trained on 10 % of the samples" is how much, "on 10 % of the samples" how often
    r"(?:%|percent)\$?\s?of the time\b(?! (?:needed|required|taken|spent|that|of|it|budget))|"
    rf"(?<!ed )(?<!ing )\b(?:in|on|for|appear\w*|occur\w*|account\w*) {_PERCENT_OF}"
    rf"(?:(?!(?: [\w'’-]+){{0,4}} {_COST}\b)| (?:all |the |its )?(?:queries|samples|calls|tokens|steps)\b)",
    re.IGNORECASE,
)
_DOWN_TO = re.compile(
    r"\b(?:reduc|lower|cut|decreas|drop|shrink)\w*[^%\d]*?(?<!up )\bto (?:only |just |about |under |below |around )?"
    r"[≈∼~<$]*\d[\d.]*\s?(?:\\?%|percent)",
    re.IGNORECASE,
)
_REMAINDER = re.compile(
    r"\b(?:only|just|merely|to|using|uses?|requir\w+|with|updat\w+|retain\w*|train(?:s|ing)?|as little as|"
    r"(?:less|fewer) than|under|at|in|<)\s*(?:about |roughly |approximately |around |"
    r"half )?[≈∼~<$]*\s*\S*\d[\d.,]*\s?(?:\\?%|percent)"
    r"(?:\$)?\s*(?:of|as)\b|\b(?:half|one[- ](?:third|fifth|tenth|sixth|quarter)) (?:of|the|as)\b",
    re.IGNORECASE,
)
_LESS = re.compile(
    r"\b(?:reduc\w+|less|fewer|lower\w*|sav\w+|cut\w*|decreas\w+|shrink\w*|drop\w*|smaller|cheaper|"
    r"shorten\w*|shorter|halv\w+|"
    r"fall(?:s|ing)?|fell|declin\w+|compress\w+|minimi[sz]\w+|diminish\w*|prun\w+|eliminat\w+|skip\w*)\b",
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
    faster" 2.3, "40 % higher throughput" 1.4, "5 % of the parameters" 20. Of a range the smaller saving counts.

    Examples
    --------
    >>> from domain.detections import Evidence
    >>> here = Evidence("abstract", 0, 1)
    >>> saving_factor(Claim("reduces memory by 40%", "memory", "percent", 40.0, 40.0, "", False, here))
    1.67
    >>> saving_factor(Claim("45.6% more parameters", "parameters", "percent", 45.6, 45.6, "", False, here)) is None
    True
    """
    ends = saving_ends(claim)
    return None if ends is None else ends[0]


def saving_ends(claim: Claim) -> tuple[float, float] | None:
    """The smaller and the larger factor of a claim that gives a range, else one factor twice; ``None`` without one.

    Examples
    --------
    >>> from domain.detections import Evidence
    >>> here = Evidence("abstract", 0, 1)
    >>> saving_ends(Claim("a speedup of 1.8-10x", "speed", "times", 1.8, 10.0, "", False, here))
    (1.8, 10.0)
    >>> saving_ends(Claim("with 5-10% of the data", "data", "percent", 5.0, 10.0, "", False, here))
    (10.0, 20.0)
    """
    if claim.quantity not in COST_QUANTITIES or claim.form not in ("times", "percent") or _is_dearer(claim.quote):
        return None
    first, last = (_factor_of(claim, value) for value in (claim.value, claim.value_to))
    if first is None:
        return None
    return (first, first) if last is None else (min(first, last), max(first, last))


def _factor_of(claim: Claim, value: float) -> float | None:
    """How many times cheaper one number of a claim says its work is."""
    quote = claim.quote
    if claim.form == "times":
        return round(value, 2) if value > 1 and _is_cheaper_by_a_factor(claim.quantity, quote) else None
    if not value > 0 or _HOW_OFTEN.search(quote):
        return None
    if value < 100 and _REMAINDER.search(quote):
        # What is trained is a part of a model that stays as large as it is.
        is_changed_part = claim.quantity == "parameters" and _CHANGED_PART.search(quote)
        return None if is_changed_part else round(100 / value, 2)
    if _DOWN_TO.search(quote):  # a level that is reached; how far it was is not said
        return None
    if _LESS.search(quote):
        return round(100 / (100 - value), 2) if value < 100 else None
    if claim.quantity == "speed" and _MORE.search(quote):
        return round(1 + value / 100, 2)
    return None


def _is_dearer(quote: str) -> bool:
    return _DEARER.search(_NO_OVERHEAD.sub(" ", quote)) is not None


def _is_cheaper_by_a_factor(quantity: ClaimQuantity, quote: str) -> bool:
    """Whether the words of a factor say that less is needed: "3x faster", "1/5 the parameters", "matches 9x larger"."""
    if _ONE_OF.search(quote) or (quantity in ("parameters", "data") and _AGAINST_LARGER.search(quote)):
        return True
    if _DEARER_BY_A_FACTOR.search(quote):
        return False
    return _CHEAPER.search(quote) is not None or (quantity == "speed" and _FASTER.search(quote) is not None)


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
