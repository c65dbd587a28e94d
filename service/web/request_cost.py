"""What requests are estimated to cost, in seconds of processor time, before anything is looked up.

Measured on 139,282 papers and one core of an AMD EPYC. A request that takes longer is charged the rest afterwards, so
the estimates need only tell cheap requests from expensive ones.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain.errors import UsageError
from queries.parameters import PaperRequest, TrendRequest

PAGE_S = 0.03
"""A page, a paper or a feed."""
DIGEST_S = 0.2
"""A digest with its papers; the list behind one of its numbers is as long."""
TERM_S = 0.015
"""A term of a chart, or one alternative of it."""
PREFIX_S = 0.05
"""An alternative that leaves the ending of its last word open."""
MEANING_S = 0.05
"""A term that is matched by meaning."""
FILTER_S = 0.2
"""A chart of some categories, whose papers must be counted first."""
LIST_S = 0.15
"""A list of papers by words, most of which goes into sorting them by day."""
SEARCH_S = 0.06
"""A search by meaning."""
WORD_S = 0.004
"""A word of a search."""
CLAIMS_S = 0.5
"""Counting the claims of a term's papers."""
CARD_S = 0.3
"""A card of a technique, theme or named thing."""
EXPORT_S = 0.1
"""A file of hundreds of papers."""
PICTURE_S = 0.25
"""A chart drawn as a picture."""
MAX_ALTERNATIVES = 24
"""Alternatives of all terms of one request."""


def trend_cost_s(question: TrendRequest) -> float:
    """The cost of a chart.

    Raises
    ------
    UsageError
        If its terms have more than ``MAX_ALTERNATIVES``.
    """
    return PAGE_S + _terms_cost_s(question.terms) + (FILTER_S if question.categories else 0.0)


def list_cost_s(question: PaperRequest) -> float:
    """The cost of a list of papers.

    Raises
    ------
    UsageError
        As ``trend_cost_s``.
    """
    if question.term is None:
        return PAGE_S
    return PAGE_S + LIST_S + _terms_cost_s([question.term])


def search_cost_s(question: PaperRequest) -> float:
    """The cost of a search."""
    return SEARCH_S + WORD_S * len(question.query.split())


def _terms_cost_s(terms: Iterable[str]) -> float:
    n_alternatives, cost_s = 0, 0.0
    for term in terms:
        if term.startswith(("meaning:", "meaning(")):
            cost_s += MEANING_S
            continue
        for alternative in term.split(" OR "):
            n_alternatives += 1
            cost_s += PREFIX_S if alternative.rstrip().endswith("*") else TERM_S
    if n_alternatives > MAX_ALTERNATIVES:
        raise UsageError(
            f"the terms have {n_alternatives} alternatives together; give {MAX_ALTERNATIVES} or fewer in one request"
        )
    return cost_s
