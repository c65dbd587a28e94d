"""Claims in words: always as claimed, with their denominators, and never a mean."""

from __future__ import annotations

from typing import Protocol

from domain.claim import ClaimForm, ClaimQuantity, SavingSummary
from templates.number_text import agreeing, count, percent, plain_plural, plural


class Shares(Protocol):
    """How many papers claim a saving and link code."""

    @property
    def n(self) -> int: ...
    @property
    def n_with_saving(self) -> int: ...
    @property
    def n_with_code(self) -> int: ...
    @property
    def share_with_saving(self) -> float | None: ...
    @property
    def share_with_code(self) -> float | None: ...


class QuotedClaim(Protocol):
    """A quote of an abstract, with whether its sentence goes on before and after it."""

    @property
    def quote(self) -> str: ...
    @property
    def cut_before(self) -> bool: ...
    @property
    def cut_after(self) -> bool: ...


class ListedClaim(QuotedClaim, Protocol):
    """A claim of a list."""

    @property
    def quantity(self) -> ClaimQuantity: ...
    @property
    def saving(self) -> float | None: ...
    @property
    def saving_to(self) -> float | None: ...


QUANTITY_NAMES: dict[ClaimQuantity, str] = {
    "speed": "speed",
    "memory": "memory",
    "compute": "compute",
    "energy": "energy",
    "money": "money",
    "parameters": "parameters",
    "data": "data",
    "quality": "quality",
    "other": "other",
}
_SAVINGS: dict[ClaimQuantity, str] = {
    "speed": "a gain in speed",
    "memory": "less memory",
    "compute": "less compute",
    "energy": "less energy",
    "money": "a lower cost",
    "parameters": "fewer parameters",
    "data": "less data",
    "quality": "a gain in quality",
    "other": "another saving",
}
FORM_NAMES: dict[ClaimForm, str] = {
    "times": "factors",
    "percent": "percentages",
    "points": "points",
    "absolute": "levels",
}


def factor(value: float) -> str:
    """A factor with one decimal below 10, and with two below 1.1: ``1.05×``, ``1.7×``, ``4.0×``, ``12×``."""
    decimals = 2 if round(value, 2) < 1.1 else 1 if round(value, 1) < 10 else 0
    return f"{value:,.{decimals}f}×"


def factors(low: float, high: float | None) -> str:
    """A factor, or a range of factors: ``1.8× to 10×``."""
    ends = (factor(low), factor(low if high is None else high))
    return " to ".join(dict.fromkeys(ends))


def saving_words(quantity: ClaimQuantity) -> str:
    """What a paper claims that saves a quantity: ``a gain in speed``, ``less memory``."""
    return _SAVINGS[quantity]


def whole_or_cut(quote: str, claim: QuotedClaim) -> str:
    """A quote with an ellipsis where its sentence goes on: ``…reduces memory by 40 %…``."""
    return ("…" if claim.cut_before else "") + quote + ("…" if claim.cut_after else "")  # HTML stays HTML


def quoted(claim: QuotedClaim) -> str:
    """A claim's quote on one line of text, in quotation marks."""
    return f"“{whole_or_cut(' '.join(claim.quote.split()), claim)}”"


def saving_text(saving: SavingSummary, n_papers: int) -> str:
    """One sentence on the savings of a quantity that papers claim."""
    claim = agreeing(saving.n_papers, "claims", "claim")
    head = f"{count(saving.n_papers)} of {_papers(n_papers)} {claim} {saving_words(saving.quantity)}"
    return f"{head}; {saving_details(saving)}"


def saving_details(saving: SavingSummary) -> str:
    """How large the savings are that papers claim, how many are bounds, and how many papers link code."""
    parts = []
    if saving.median is not None and saving.low_quartile is not None and saving.high_quartile is not None:
        parts.append(
            f"the middle half claimed {factors(saving.low_quartile, saving.high_quartile)}, "
            f"median {factor(saving.median)}"
        )
    else:
        parts.append("too few for a median")
    if saving.n_only_up_to:
        parts.append(f"{count(saving.n_only_up_to)} {agreeing(saving.n_only_up_to, 'says', 'say')} only “up to”")
    n_coded = count(saving.n_with_code) if saving.n_with_code else "none"
    parts.append(f"{n_coded} {'links' if saving.n_with_code <= 1 else 'link'} code")
    return "; ".join(parts)


def shares_text(papers: Shares, others: Shares | None) -> str:
    """One sentence on how many papers claim a saving, beside all papers of the same time (``None``: they are all)."""
    if not papers.n:
        if others is not None and others.n:
            if others.n == 1:
                return "the one paper read of this time does not hold this term"
            return f"none of the {_papers(others.n)} read of this time holds this term"
        return "no paper of this time was read yet; the next run reads those that are stored"
    text = (
        f"{count(papers.n_with_saving)} of {_papers(papers.n)} "
        f"{agreeing(papers.n_with_saving, 'claims', 'claim')} a saving, "
        f"{count(papers.n_with_code)} {agreeing(papers.n_with_code, 'links', 'link')} code"
    )
    if others is None or others.share_with_saving is None or others.share_with_code is None:
        return text
    return (
        f"{text}; of all {_papers(others.n)} of the same time {percent(others.share_with_saving)} claim a saving "
        f"and {percent(others.share_with_code)} link code"
    )


def older_reading_text(n: int) -> str:
    """One sentence on papers that an earlier version read and the next run reads again; empty without any."""
    if not n:
        return ""
    return (
        f"{plural(n, 'paper')} {agreeing(n, 'counts', 'count')} as an earlier version of Papertide read "
        f"{agreeing(n, 'it', 'them')}; the next run reads {agreeing(n, 'it', 'them')} again."
    )


def _papers(number: int) -> str:
    return plain_plural(number, "paper")


def claim_text(claim: ListedClaim) -> str:
    """A claim in the authors' words, with what it was read as."""
    what = QUANTITY_NAMES[claim.quantity]
    if claim.saving is not None:
        what = f"{saving_words(claim.quantity)}, {factors(claim.saving, claim.saving_to)}"
    return f"{what}: {quoted(claim)}"
