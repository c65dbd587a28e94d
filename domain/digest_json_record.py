"""A digest as its JSON has it: all numbers of the page, in the page's order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from domain.digest import (
    Completeness,
    DigestEdition,
    DigestSection,
    EmergingTerms,
    EndedMove,
    Headline,
    InPractice,
    MovingName,
    NewNames,
    PaperList,
    Provenance,
    SharePoint,
    TermLine,
    TopicCount,
    TopicCoverage,
    TopicLine,
    VenueWave,
    WatchedLine,
)
from domain.paper import ArxivId
from domain.trend_calls import CallRecord
from domain.week import Week

FORMAT_VERSION = 2


@dataclass(frozen=True)
class PaperLevel:
    """A paper behind a number of a digest."""

    arxiv_id: ArxivId
    level: int
    """0 on lists that are not of detections."""


@dataclass(frozen=True)
class PapersOfDigest:
    """All papers behind one number of a digest."""

    heading: str
    definition: str
    papers: tuple[PaperLevel, ...]
    series: tuple[SharePoint, ...]

    @classmethod
    def of(cls, papers: PaperList) -> PapersOfDigest:
        """The list of an edition, without what is stored of each paper itself."""
        levels = tuple(PaperLevel(paper.arxiv_id, paper.level) for paper in papers.papers)
        return cls(papers.heading, papers.definition, levels, papers.series)


@dataclass(frozen=True)
class DigestResult:
    """Everything that a digest's page shows, in its order; shares and changes are fractions."""

    format_version: int
    week: Week
    start: date
    """Its Monday."""
    end: date
    """Its Sunday."""
    categories: tuple[str, ...]
    """The watched ones; a paper counts once if any of its categories is among them."""
    headline: Headline
    completeness: Completeness
    techniques: tuple[TermLine, ...]
    """By adoption, those that were never measured last."""
    topics: tuple[TopicLine, ...]
    """Rising and emerging, then new, then falling and cooling, then unproven."""
    themes: tuple[TermLine, ...]
    topic_coverage: TopicCoverage
    notes: tuple[str, ...]
    """What a reader must know that the numbers do not say."""
    provenance: Provenance
    is_made_up: bool
    """Whether its papers are those of the sample corpus."""
    all_topics: tuple[TopicCount, ...]
    """Every topic with a paper this week, by area and size."""
    watched: tuple[WatchedLine, ...]
    """The words that the operator follows."""
    call_records: tuple[CallRecord, ...]
    """How past calls turned out."""
    waves: tuple[VenueWave, ...]
    """Venues that unusually many papers of the week name."""
    new_names: NewNames | None
    """Named things introduced or taken up in the week; null in digests of before names were found."""
    emerging: EmergingTerms | None
    """Terms that are new on the week's list of emerging terms; null where the week has no list."""
    in_practice: InPractice | None
    """What the week's papers claim and name, in all and by theme; null where no paper was read for claims."""
    moving_names: tuple[MovingName, ...]
    """Named things whose use is called to move, the farthest first."""
    ended: tuple[EndedMove, ...]
    """What the week before was called to move and is not any more."""
    sections: tuple[DigestSection, ...]
    """The sections of the page, in its order."""
    paper_lists: Mapping[str, PapersOfDigest]
    """By slug."""


def digest_result(edition: DigestEdition) -> DigestResult:
    """The edition as its JSON has it."""
    digest = edition.digest
    return DigestResult(
        format_version=FORMAT_VERSION,
        start=digest.week.monday,
        end=digest.week.sunday,
        paper_lists={papers.slug: PapersOfDigest.of(papers) for papers in edition.paper_lists},
        **vars(digest),
    )
