"""A digest: everything that one week's page shows, already selected and ordered.

Templates only loop over it. Shares and changes are fractions; percentages exist only in templates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeVar, get_args

from domain.claim import SavingSummary
from domain.detections import Evidence, TermKind
from domain.name_mention import NameKind
from domain.nullable_numbers import FloatOrNaN
from domain.paper import ArxivId, Paper
from domain.standards_and_failure_modes import RuleKind
from domain.trend_calls import CallKind, CallRecord, CallVerdict, MoveOfWave, TrendCall, with_wave
from domain.week import Week

Verdict = Literal["up", "down", "steady", "unknown"]
TopicStatus = Literal["rising", "emerging", "new", "falling", "cooling", "wave", "unproven"]

DigestSection = Literal["new", "moving", "practice", "adoption", "reading"]
DIGEST_SECTIONS: tuple[DigestSection, ...] = get_args(DigestSection)
"""The sections of a digest's page below its headline, in their order."""

N_RECENT_WEEKS = 4
"""How many papers are usual is told by this many weeks before a week."""


MIN_TOLD = 5
"""What leads a digest rests on so many papers: those of the week, or all that introduce or use a name."""


def short_authors(authors: Sequence[str]) -> str:
    """Up to three names, otherwise two and "and 4 more"; some papers have thousands of authors."""
    if len(authors) <= 3:
        return ", ".join(authors)
    return f"{', '.join(authors[:2])} and {len(authors) - 2} more"


@dataclass(frozen=True)
class Share:
    """``k`` of ``n`` papers as a fraction with its 95 % interval; NaN when ``n`` is too small."""

    k: int
    n: int
    share: FloatOrNaN
    low: FloatOrNaN
    high: FloatOrNaN


@dataclass(frozen=True)
class SharePoint:
    """One period of a series; ``complete`` is false when a harvest window of the period is not complete."""

    start: date
    end: date
    k: int
    n: int
    share: FloatOrNaN
    low: FloatOrNaN
    high: FloatOrNaN
    complete: bool


@dataclass(frozen=True)
class Change:
    """A share against a baseline share.

    ``current`` is the share over ``current_weeks``, ``baseline`` the share over ``baseline_weeks``, ``None`` when those
    weeks are not stored. ``difference`` is current minus baseline, a fraction with its interval ``low`` to ``high`` at
    ``level``. ``q_value`` is the p-value adjusted for false discovery over all comparisons of this kind in the digest.
    The verdict is "up" or "down" exactly where the interval leaves out 0, else "steady"; "unknown" without a baseline.
    """

    baseline: Share | None
    baseline_weeks: tuple[Week, ...]
    difference: FloatOrNaN
    low: FloatOrNaN
    high: FloatOrNaN
    q_value: FloatOrNaN
    verdict: Verdict
    current: Share | None = None
    current_weeks: tuple[Week, ...] = ()
    level: FloatOrNaN = math.nan


@dataclass(frozen=True)
class ListedPaper:
    """A paper as a digest lists it.

    ``reason`` says why it was selected, empty when all papers are listed. ``finding`` is the sentence of its abstract
    that tells best what was found, word for word; empty if it was not read.
    """

    arxiv_id: ArxivId
    title: str
    authors: str
    primary_category: str
    reason: str = ""
    finding: str = ""

    @classmethod
    def of(cls, paper: Paper, reason: str, finding: str = "") -> ListedPaper:
        """A stored paper as a digest lists it."""
        return cls(paper.arxiv_id, paper.title, short_authors(paper.authors), paper.primary_category, reason, finding)


@dataclass(frozen=True)
class DetectedPaper:
    """A paper on a list page, with the detection that put it there.

    ``level`` is 0 and ``evidence`` empty on lists that are not of detections, such as a topic's. ``topic_id`` is the
    paper's topic when the list was made, ``None`` if it was unassigned. ``finding`` is as in ``ListedPaper``.
    """

    arxiv_id: ArxivId
    title: str
    abstract: str
    authors: str
    primary_category: str
    level: int = 0
    evidence: tuple[Evidence, ...] = ()
    topic_id: int | None = None
    finding: str = ""

    @classmethod
    def of(
        cls,
        paper: Paper,
        level: int = 0,
        evidence: tuple[Evidence, ...] = (),
        *,
        topic_id: int | None = None,
        with_abstract: bool = True,
        finding: str = "",
    ) -> DetectedPaper:
        """A stored paper as a list page shows it; without ``with_abstract`` the abstract is empty."""
        return cls(
            arxiv_id=paper.arxiv_id,
            title=paper.title,
            abstract=paper.abstract if with_abstract else "",
            authors=short_authors(paper.authors),
            primary_category=paper.primary_category,
            level=level,
            evidence=evidence,
            topic_id=topic_id,
            finding=finding,
        )


@dataclass(frozen=True)
class TopicAdoption:
    """A topic with ``k`` of a term's adopting papers this week.

    ``k_usual`` is the weekly mean over the ``N_RECENT_WEEKS`` before; NaN unless all of them are stored.
    """

    topic_id: int
    label: str
    k: int
    k_usual: FloatOrNaN


@dataclass(frozen=True)
class VenueWave:
    """Many papers of a week that name one venue in comment or abstract.

    ``n_usual`` is the median over the eight weeks before, ``n_last_year`` the number in the same week a year before,
    ``None`` where that is not stored.
    """

    venue: str
    n_papers: int
    n_usual: float
    n_last_year: int | None


@dataclass(frozen=True)
class TermLine:
    """A technique or theme in one week.

    ``slug`` names its list page, such as ``technique-diffusion``. ``adopts`` counts level 2 and above, ``mentions``
    level 1 only. ``series`` is up to 26 weeks of ``adopts`` ending with this week; gaps are points with ``n`` 0.
    ``where`` lists the topics with the most adopting papers, ``more_than_usual`` those with more of them than the
    weeks before suggest. ``corrected`` is ``adopts`` corrected for the detector's measured error, ``None`` when the
    error is not measured. ``wave`` is that of the call.
    """

    slug: str
    kind: TermKind
    key: str
    name: str
    definition: str
    measured: bool
    adopts: Share
    mentions: Share
    against_last_year: Change
    series: tuple[SharePoint, ...]
    papers: tuple[ListedPaper, ...]
    where: tuple[TopicAdoption, ...] = ()
    more_than_usual: tuple[TopicAdoption, ...] = ()
    call: TrendCall | None = None
    corrected: Share | None = None
    wave: MoveOfWave | None = None

    def __post_init__(self) -> None:
        _say_the_wave_of_the_call(self)

    @property
    def is_called(self) -> bool:
        """Whether the line is called to move."""
        return self.call is not None and self.call.is_movement


def _say_the_wave_of_the_call(line: TermLine | TopicLine) -> None:
    """Let a line and its call name the same wave; digests stored before calls named waves have it in the line only."""
    if line.call is not None:
        object.__setattr__(line, "call", with_wave(line.call, line.wave))
        object.__setattr__(line, "wave", line.call.wave)


def called_and_largest(lines: Sequence[TermLine], n_least: int) -> list[TermLine]:
    """The lines that are called to move, and the largest others until there are ``n_least``, in their order."""
    n_others = max(0, n_least - sum(line.is_called for line in lines))
    others = sorted((line for line in lines if not line.is_called), key=lambda line: -line.adopts.k)[:n_others]
    return [line for line in lines if line.is_called or line in others]


@dataclass(frozen=True)
class TopicLine:
    """A topic that is called to move, or is new.

    ``status`` is the verdict of its call, "wave" if that is a venue's; "new" for a topic found for the first time,
    whatever its call; "unproven" for one of the changes that are closest to a call and may still be noise.
    """

    slug: str
    topic_id: int
    label: str
    top_terms: tuple[str, ...]
    status: TopicStatus
    born_week: Week
    share: Share
    series: tuple[SharePoint, ...]
    papers: tuple[ListedPaper, ...]
    call: TrendCall | None = None
    wave: MoveOfWave | None = None

    def __post_init__(self) -> None:
        _say_the_wave_of_the_call(self)
        if self.wave is not None and self.status not in ("new", "unproven"):
            object.__setattr__(self, "status", "wave")

    @property
    def name(self) -> str:
        """The label, as other lines call it."""
        return self.label

    @property
    def is_called(self) -> bool:
        """Whether the topic is called to move."""
        return self.call is not None and self.call.is_movement


@dataclass(frozen=True)
class WatchedLine:
    """A term that the operator watches, in one week: the papers that contain it, and its trend call."""

    words: str
    share: Share
    series: tuple[SharePoint, ...]
    call: TrendCall


@dataclass(frozen=True)
class EmergingLine:
    """A term that is on a list of emerging terms for the first time.

    ``term`` is what trends are asked for. ``k`` papers of the list's recent weeks hold it, of ``n_teams`` teams, and
    ``k_before`` of those before; ``growth`` is the ratio of the two shares, ``None`` if no paper before holds it, and
    ``growth_low`` its lower bound. ``papers`` are the newest of them.
    """

    name: str
    term: str
    k: int
    k_before: int
    n_teams: int
    growth: float | None
    growth_low: float
    neighbours: tuple[str, ...]
    papers: tuple[ListedPaper, ...]


@dataclass(frozen=True)
class EmergingTerms:
    """The fastest terms that are new on the week's list, how many are new, and how many the list has."""

    new: tuple[EmergingLine, ...]
    n_new: int
    n_listed: int


@dataclass(frozen=True)
class TopicCount:
    """A topic's share of a week; ``area`` is its wider field, ``None`` without areas."""

    slug: str
    topic_id: int
    label: str
    area: str | None
    share: Share


@dataclass(frozen=True)
class Completeness:
    """Whether the week is complete, and the state of the weeks around it.

    ``n_said`` is arXiv's own count for the week, ``None`` if it gave none. ``n_held`` papers are stored; the
    ``n_withdrawn`` of them that were withdrawn since are in no other number. ``incomplete_weeks`` are weeks of the
    series that are stored but not complete, ``missing_weeks`` those never harvested.
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
    """The share of the week's papers with a topic, and the number of topics."""

    n_topics: int
    assigned: Share


@dataclass(frozen=True)
class Provenance:
    """The models and settings behind the numbers, so that an old digest can be explained."""

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

    ``n_papers_recent`` is the mean over the ``N_RECENT_WEEKS`` before, NaN unless all of them are stored.
    ``moved_most`` is the slug of the technique or theme that is called to move and moved farthest, or of the topic if
    no technique or theme is called; ``None`` when every change may be noise. ``lead`` is what the sentence begins with:
    a line's slug, or one of "names", "terms", "introduced" and "leader"; ``None`` in digests that did not store it.
    ``more`` are up to two further sentences.
    """

    sentence: str
    n_papers: int
    n_papers_recent: FloatOrNaN
    moved_most: str | None
    lead: str | None = None
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class PaperList:
    """All papers behind one number of the digest.

    ``slug`` names the page and ``heading`` says what was counted. ``with_abstracts`` is false for lists of thousands
    of papers, whose page would be too large. ``topics`` are the id and label of each group, empty without grouping.
    """

    slug: str
    heading: str
    definition: str
    papers: tuple[DetectedPaper, ...]
    series: tuple[SharePoint, ...]
    with_abstracts: bool = True
    topics: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class NameLine:
    """A named thing in a digest, with the words of its introducing paper where that is held.

    ``n_uses`` papers introduce or use it, as known when the digest was made, and ``n_teams`` other teams do; ``None``
    where the introducers are unknown. ``papers`` are the introducing one and, of one taken up, that of
    the third other team.
    """

    name_id: int
    name: str
    kind: NameKind
    own_words: str
    introduced_week: Week | None
    n_uses: int
    n_teams: int | None
    papers: tuple[ListedPaper, ...]


@dataclass(frozen=True)
class MovingName:
    """A named thing whose use is called to move."""

    name_id: int
    name: str
    kind: NameKind
    call: TrendCall


@dataclass(frozen=True)
class EndedMove:
    """A term that was called to move in the week before, as ``called``, and is not in this week: ``now`` it is else.

    ``wave`` is the venue's wave that explains the move now.
    """

    kind: CallKind
    key: str
    name: str
    called: CallVerdict
    now: CallVerdict
    wave: MoveOfWave | None = None


@dataclass(frozen=True)
class NewNames:
    """The first named things that were introduced in a week or taken up in it, and how many there are in all."""

    data: tuple[NameLine, ...]
    n_data: int
    models_and_tools: tuple[NameLine, ...]
    n_models_and_tools: int
    taken_up: tuple[NameLine, ...]
    n_taken_up: int


@dataclass(frozen=True)
class NamedRule:
    """A standard or failure mode and the ``k`` papers that name it; ``term`` is what lists of papers are asked for."""

    kind: RuleKind
    key: str
    name: str
    term: str
    k: int


@dataclass(frozen=True)
class ThemeInPractice:
    """What the papers whose main contribution is a theme claim and name.

    ``slug`` is that of the theme's line, whose papers are its findings. ``n_with_saving`` of ``n`` papers claim a
    saving and ``n_with_code`` link code. ``savings`` are the quantities that most of them claim to save.
    """

    slug: str
    n: int
    n_with_saving: int
    n_with_code: int
    savings: tuple[SavingSummary, ...]
    standards: tuple[NamedRule, ...]
    failure_modes: tuple[NamedRule, ...]


@dataclass(frozen=True)
class InPractice:
    """What the papers of a week claim and name: in all, and by theme.

    The counts of all ``n`` papers read are what those of a theme compare with. ``n_naming`` papers name a standard.
    """

    n: int
    n_with_saving: int
    n_with_code: int
    n_naming: int
    savings: tuple[SavingSummary, ...]
    standards: tuple[NamedRule, ...]
    failure_modes: tuple[NamedRule, ...]
    themes: tuple[ThemeInPractice, ...]


@dataclass(frozen=True)
class Digest:
    """Everything that the page of one closed week shows, in order.

    ``topics`` are those that changed; ``all_topics`` are all with a paper this week, by area and size. With
    ``is_made_up`` the papers are from the sample corpus, and the page says so first. ``call_records`` are the
    outcomes of past calls known in that week. ``waves`` are the venues that unusually many papers of the week name.
    ``new_names`` is ``None`` in digests of before names were found.
    ``emerging`` is ``None`` where the week has no list of emerging terms. ``in_practice`` is ``None`` where no paper
    was read for claims. ``moving_names`` are those whose use is called to move, the farthest first. ``ended`` are the
    moves of the week before that are called no longer. ``sections`` are those of the page, in its order.
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
    waves: tuple[VenueWave, ...] = ()
    new_names: NewNames | None = None
    emerging: EmergingTerms | None = None
    in_practice: InPractice | None = None
    moving_names: tuple[MovingName, ...] = ()
    ended: tuple[EndedMove, ...] = ()
    sections: tuple[DigestSection, ...] = DIGEST_SECTIONS

    def states_the_same_as(self, other: Digest) -> bool:
        """Whether two digests state the same facts, whatever their wording and the version that wrote them.

        Notes are not compared. They word limits that other fields show, and the share of late papers of earlier weeks.
        """
        # By repr, because two NaNs are not equal.
        return repr(_without_wording(self)) == repr(_without_wording(other))

    def is_made_from_the_same_as(self, other: Digest) -> bool:
        """Whether two digests are of the same papers of their week, read by the same models.

        If so, they can differ only by what is known of other weeks, such as earlier ones that were counted since.
        """
        return _of_the_week(self) == _of_the_week(other)


def _of_the_week(digest: Digest) -> tuple[object, ...]:
    completeness = replace(digest.completeness, incomplete_weeks=(), missing_weeks=())
    return digest.categories, digest.headline.n_papers, completeness, replace(digest.provenance, papertide_version="")


def _without_wording(digest: Digest) -> Digest:
    """A digest without its sentences and the version of Papertide; numbers, names and listed papers stay."""
    return replace(
        digest,
        headline=replace(digest.headline, sentence="", more=()),
        techniques=tuple(map(_without_reasons, digest.techniques)),
        topics=tuple(map(_without_reasons, digest.topics)),
        themes=tuple(map(_without_reasons, digest.themes)),
        notes=(),
        provenance=replace(digest.provenance, papertide_version=""),
    )


_Line = TypeVar("_Line", TermLine, TopicLine)


def _without_reasons(line: _Line) -> _Line:
    return replace(line, papers=tuple(replace(paper, reason="", finding="") for paper in line.papers))


@dataclass(frozen=True)
class DigestEdition:
    """A digest with the paper lists behind its numbers; this is what is stored and rendered."""

    digest: Digest
    paper_lists: tuple[PaperList, ...]
