"""A digest: everything one week's page shows, already chosen, ordered and worded.

Templates only loop over it. Shares and changes are fractions; percent exists only in templates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from domain.calls import CallRecord, TrendCall
from domain.detections import Evidence, TermKind
from domain.paper import ArxivId, Paper
from domain.week import Week

Verdict = Literal["up", "down", "steady", "unknown"]
TopicStatus = Literal["rising", "new", "cooling", "unproven"]


def short_authors(authors: Sequence[str]) -> str:
    """Up to three names, then "and 4 more": some papers have thousands."""
    if len(authors) <= 3:
        return ", ".join(authors)
    return f"{', '.join(authors[:2])} and {len(authors) - 2} more"


@dataclass(frozen=True)
class Share:
    """``k`` of ``n`` papers as a fraction with its 95 % interval; NaN throughout where ``n`` is too small."""

    k: int
    n: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class SharePoint:
    """One period of a series; ``complete`` is false where a harvest window of the period is not proven whole."""

    start: date
    end: date
    k: int
    n: int
    share: float
    low: float
    high: float
    complete: bool


@dataclass(frozen=True)
class Change:
    """A share against a baseline share.

    ``current`` is what is compared, over ``current_weeks``: this week for techniques and themes, the last four
    weeks for topics, which are smaller. ``baseline`` is the share over ``baseline_weeks``, ``None`` where they are
    not held. ``difference`` is current minus baseline, a fraction with its 95 % interval ``low`` to ``high``.
    ``q_value`` and ``verdict`` against recent weeks are those of the term's call: "up" where it is called rising or
    emerging and ``difference`` says so too, "down" where falling or cooling, else "steady"; "unknown" where there is
    no call or the baseline is not held. Against last year, where nothing is called, ``q_value`` is the
    false-discovery-adjusted p-value over everything that this digest compares with last year.
    """

    baseline: Share | None
    baseline_weeks: tuple[Week, ...]
    difference: float
    low: float
    high: float
    q_value: float
    verdict: Verdict
    current: Share | None = None
    current_weeks: tuple[Week, ...] = ()


@dataclass(frozen=True)
class ListedPaper:
    """A paper as a digest lists it; ``reason`` says in words why it was chosen, empty where all are listed."""

    arxiv_id: ArxivId
    title: str
    authors: str
    primary_category: str
    reason: str = ""

    @classmethod
    def of(cls, paper: Paper, reason: str) -> ListedPaper:
        """A stored paper as a digest lists it."""
        return cls(paper.arxiv_id, paper.title, short_authors(paper.authors), paper.primary_category, reason)


@dataclass(frozen=True)
class DetectedPaper:
    """A paper on a list page, with the level and the words that put it there.

    ``level`` is 0 and ``evidence`` empty on lists that are not of detections, such as a topic's. ``topic_id`` is
    the topic that the paper belonged to when the list was made, ``None`` where it fitted none.
    """

    arxiv_id: ArxivId
    title: str
    abstract: str
    authors: str
    primary_category: str
    level: int = 0
    evidence: tuple[Evidence, ...] = ()
    topic_id: int | None = None

    @classmethod
    def of(
        cls,
        paper: Paper,
        level: int = 0,
        evidence: tuple[Evidence, ...] = (),
        *,
        topic_id: int | None = None,
        with_abstract: bool = True,
    ) -> DetectedPaper:
        """A stored paper as a list page shows it; the abstract is empty where the list shows none."""
        return cls(
            arxiv_id=paper.arxiv_id,
            title=paper.title,
            abstract=paper.abstract if with_abstract else "",
            authors=short_authors(paper.authors),
            primary_category=paper.primary_category,
            level=level,
            evidence=evidence,
            topic_id=topic_id,
        )


@dataclass(frozen=True)
class Place:
    """A topic that holds ``k`` of a term's adopting papers this week.

    ``k_usual`` is how many it held a week, on average over the four weeks before; NaN where they are not all held.
    """

    topic_id: int
    label: str
    k: int
    k_usual: float


@dataclass(frozen=True)
class TermLine:
    """A technique or theme in one week.

    ``slug`` names its list page, ``technique-diffusion``. ``adopts`` counts level 2 and more, ``mentions``
    level 1 alone. ``series`` is up to 26 weeks of ``adopts``, ending with this week, gaps as points with ``n`` 0.
    ``where`` names the topics that hold most of the adopting papers, ``more_than_usual`` those that hold more of
    them than the weeks before led to expect. ``corrected`` is ``adopts`` with the share that truly adopts and its
    interval, as far as the detector's measured error tells; ``None`` where that is not measured.
    """

    slug: str
    kind: TermKind
    key: str
    name: str
    definition: str
    measured: bool
    adopts: Share
    mentions: Share
    against_recent: Change
    against_last_year: Change
    series: tuple[SharePoint, ...]
    papers: tuple[ListedPaper, ...]
    where: tuple[Place, ...] = ()
    more_than_usual: tuple[Place, ...] = ()
    call: TrendCall | None = None
    corrected: Share | None = None


@dataclass(frozen=True)
class TopicLine:
    """A topic that rises, is new, or cools; ``against_recent`` compares as for techniques.

    An "unproven" one is among the largest moves that may still be noise.
    """

    slug: str
    topic_id: int
    label: str
    top_terms: tuple[str, ...]
    status: TopicStatus
    born_week: Week
    share: Share
    against_recent: Change
    series: tuple[SharePoint, ...]
    papers: tuple[ListedPaper, ...]
    call: TrendCall | None = None


@dataclass(frozen=True)
class WatchedLine:
    """Words that the operator follows, in one week: papers that hold them, and which way they go."""

    words: str
    share: Share
    series: tuple[SharePoint, ...]
    call: TrendCall


@dataclass(frozen=True)
class TopicCount:
    """How much of a week belongs to a topic; ``area`` is the wider field it stands under, ``None`` without areas."""

    slug: str
    topic_id: int
    label: str
    area: str | None
    share: Share


@dataclass(frozen=True)
class Completeness:
    """Whether the week's papers are all here, and what is known about the weeks around it.

    ``n_said`` is how many papers arXiv said the week has, ``None`` where it gave no answer. ``n_held`` are here, of
    which ``n_withdrawn`` have been withdrawn since and are in no other number. ``incomplete_weeks``
    are the weeks of the series that are held but not proven whole, ``missing_weeks`` those never harvested.
    """

    complete: bool
    n_held: int
    n_said: int | None
    problem: str | None
    incomplete_weeks: tuple[Week, ...]
    missing_weeks: tuple[Week, ...]
    n_withdrawn: int = 0


@dataclass(frozen=True)
class TopicCoverage:
    """How many of the week's papers have a topic, and how many topics there are."""

    n_topics: int
    assigned: Share


@dataclass(frozen=True)
class Provenance:
    """What the numbers were made with, so that a digest of last spring can be explained."""

    papertide_version: str
    embedding_model: str
    topic_model: str
    taxonomy: str
    close_lag_hours: float
    interval_level: float
    false_discovery_rate: float


@dataclass(frozen=True)
class Headline:
    """The week in one sentence and three numbers.

    ``moved_most`` is the slug of the technique or theme that moved most against the recent weeks; of the topic, where
    none of those did; ``None`` where nothing moved more than noise.
    """

    sentence: str
    n_papers: int
    n_papers_recent: float
    moved_most: str | None


@dataclass(frozen=True)
class PaperList:
    """All papers behind one number of the digest; ``slug`` is the page's name, ``heading`` what was counted.

    ``with_abstracts`` is false where thousands of abstracts would make a page that nobody can load. ``topics`` are
    the labels of the topics under which the papers are grouped, empty where they are not.
    """

    slug: str
    heading: str
    definition: str
    papers: tuple[DetectedPaper, ...]
    series: tuple[SharePoint, ...]
    with_abstracts: bool = True
    topics: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Digest:
    """Everything the page of one closed week shows, in its order.

    ``topics`` are those that moved, ``all_topics`` every one with a paper this week, by area and size.
    ``is_made_up`` where its papers are those of the sample corpus, which the page must say before anything else.
    ``call_records`` say how past calls turned out, as far as that was known in the week.
    """

    week: Week
    categories: tuple[str, ...]
    headline: Headline
    completeness: Completeness
    techniques: tuple[TermLine, ...]
    topics: tuple[TopicLine, ...]
    themes: tuple[TermLine, ...]
    topic_coverage: TopicCoverage
    notes: tuple[str, ...]
    provenance: Provenance
    is_made_up: bool = False
    all_topics: tuple[TopicCount, ...] = ()
    watched: tuple[WatchedLine, ...] = ()
    call_records: tuple[CallRecord, ...] = ()


@dataclass(frozen=True)
class DigestEdition:
    """A digest with the lists behind its numbers: what is stored, and all that rendering needs."""

    digest: Digest
    paper_lists: tuple[PaperList, ...]
