"""Emerging terms: phrases that research takes up and that no taxonomy, topic label or earlier year holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.author_name import AuthorName
from domain.paper import ArxivId
from domain.trend_calls import CallScore
from domain.week import Week

RECENT_WEEKS = 8
"""The weeks whose papers are compared with those before."""
MIN_BEFORE_WEEKS = 8
MAX_BEFORE_WEEKS = 26
"""At least and at most this many weeks before them."""
WEEKS_NEEDED = RECENT_WEEKS + MIN_BEFORE_WEEKS
"""Weeks of papers without which no list is made."""


@dataclass(frozen=True)
class PaperText:
    """What terms are found in: a paper's text, primary category and authors."""

    arxiv_id: ArxivId
    week: Week
    title: str
    abstract: str
    primary_category: str
    authors: tuple[AuthorName, ...]


@dataclass(frozen=True)
class EmergingTerm:
    """A phrase on the list of one week.

    ``phrase`` is its counted form and identity, ``name`` how most papers write it. ``first_week`` is the week when it
    was first listed. ``k`` of the list's recent papers hold it, and ``k_before`` of those before; ``growth`` is the
    ratio of the two shares, ``None`` where no paper before holds it, and ``growth_low`` its lower bound. ``n_teams``
    counts the teams among the recent papers whose authors are known. ``neighbours`` are words that stand with it.
    ``share`` is over the last weeks of the call and ``share_before`` over the first ones, as for trend calls; whether
    the term held is judged by these. ``probability`` is that of being a term rather than a turn of phrase.
    """

    phrase: str
    name: str
    first_week: Week
    k: int
    k_before: int
    growth: float | None
    growth_low: float
    n_teams: int
    neighbours: tuple[str, ...]
    papers: tuple[ArxivId, ...]
    share: float
    share_before: float
    probability: float
    scores: tuple[CallScore, ...] = ()

    @property
    def trend_term(self) -> str:
        """The term that a trend of the same papers is asked for."""
        return f"text:{self.name}"


@dataclass(frozen=True)
class EmergingListHead:
    """A weekly list without its terms."""

    week: Week
    n_terms: int
    n_new: int
    made_at: datetime


@dataclass(frozen=True)
class EmergingList:
    """The emerging terms of one week, as they were when the list was made; it never changes.

    ``recent_weeks`` weeks with ``n`` papers, ending with ``week``, are compared with ``before_weeks`` weeks with
    ``n_before`` papers. ``n_tested`` phrases were tested. Terms are in the order of ``growth_low``, the fastest first.
    """

    week: Week
    recent_weeks: int
    before_weeks: int
    n: int
    n_before: int
    n_tested: int
    terms: tuple[EmergingTerm, ...]
    made_with: str
    made_at: datetime

    @property
    def new_terms(self) -> tuple[EmergingTerm, ...]:
        """The terms that were on no earlier list."""
        return tuple(term for term in self.terms if term.first_week == self.week)
