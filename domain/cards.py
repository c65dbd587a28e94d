"""Evidence cards: what is known of a technique, theme or named thing, as counters; templates put them into words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from domain.claim import SavingSummary
from domain.facet import FacetKind
from domain.paper import ArxivId
from domain.trends import TermSeries

CardKind = Literal["technique", "theme", "name"]
Comparison = Literal["more", "less", "same", "few"]
"""Whether a card's papers have something more or less often than all papers; ``few`` where too few papers tell."""
MIN_SHARE_PAPERS = 30
"""Papers below which a card gives counts and no share."""


@dataclass(frozen=True)
class FacetCount:
    """How many of a card's papers have something, beside all papers of the same span.

    ``k`` of the ``n`` papers of the card have it, with the share and its 95 % interval, ``None`` where ``n`` is below
    ``MIN_SHARE_PAPERS``; ``k_all`` of all ``n_all`` papers have it, those of the card included.
    """

    kind: FacetKind
    key: str
    name: str
    k: int
    n: int
    share: float | None
    low: float | None
    high: float | None
    k_all: int
    n_all: int
    share_all: float | None
    comparison: Comparison


@dataclass(frozen=True)
class UsedName:
    """A named thing that a card's papers use.

    ``k`` of the card's papers use it, and ``k_all`` of all papers. ``ratio`` is how many times as large its share is
    among the card's papers as among the others, shrunk, with its 95 % interval.
    """

    name_id: int
    name: str
    k: int
    k_all: int
    ratio: float
    ratio_low: float
    ratio_high: float


@dataclass(frozen=True)
class Place:
    """Where a term is found more often than elsewhere: an application domain, topic or technique.

    ``k`` of the place's ``n`` papers adopt the term, and ``k_elsewhere`` of the ``n_elsewhere`` other papers.
    ``ratio`` is the share in the place over the share elsewhere, shrunk, with its 95 % interval. ``q_value`` is
    adjusted over all pairs tested. ``change`` is "rising" or "falling" where the term's share of the place's papers
    is called to have moved, and ``change_since`` the Monday since which, where a point of change tells that. ``since``
    and ``until`` are the first and last day that the pair is counted over. ``joint_precision`` is the share of the
    ``k`` papers expected to be rightly counted in both, ``None`` where it was not measured.
    """

    kind: FacetKind
    key: str
    name: str
    k: int
    n: int
    k_elsewhere: int
    n_elsewhere: int
    share: float | None
    ratio: float
    ratio_low: float
    ratio_high: float
    q_value: float
    change: Literal["rising", "falling"] | None
    change_since: date | None
    since: date
    until: date
    joint_precision: float | None


FirstPaperReason = Literal["introduces", "survey", "accepted_with_code", "accepted", "code", "strongest", "newest"]
"""Why a paper is one to start with; ``strongest`` is the surest detection, ``newest`` the newest use of a name."""


@dataclass(frozen=True)
class FirstPaper:
    """A paper to start with, and the rule that chose it."""

    arxiv_id: ArxivId
    title: str
    reason: FirstPaperReason


@dataclass(frozen=True)
class Card:
    """What is known of one term from the papers of all closed weeks held.

    ``definition`` is that of the taxonomy, or the sentence by which the paper ``defined_by`` introduces a name, empty
    where there is none. ``k`` of the ``n`` papers submitted from ``since`` to ``until`` adopt the term. ``series`` has
    its weekly shares with the newest call, ``None`` where no week can be counted.
    """

    kind: CardKind
    key: str
    name: str
    name_kind: str | None
    definition: str
    defined_by: ArxivId | None
    since: date
    until: date
    k: int
    n: int
    n_unread: int
    """Papers of the span that have not been read for techniques, or for claims, standards and domains, yet."""
    share: float | None
    low: float | None
    high: float | None
    corrected: float | None
    """The share corrected for the detector's measured error, with the ends of its interval; null where not measured."""
    corrected_low: float | None
    corrected_high: float | None
    series: TermSeries | None
    places: tuple[Place, ...]
    n_pairs_tested: int
    stated: tuple[FacetCount, ...]
    """A saving claimed, code, and acceptance by a venue."""
    savings: tuple[SavingSummary, ...]
    themes: tuple[FacetCount, ...]
    evaluated_on: tuple[UsedName, ...]
    runs_on: tuple[UsedName, ...]
    standards: tuple[FacetCount, ...]
    failure_modes: tuple[FacetCount, ...]
    first_papers: tuple[FirstPaper, ...]
    n_older_reading: int
    """Papers of the span that count as an earlier version of Papertide read them; the next run reads them again."""
