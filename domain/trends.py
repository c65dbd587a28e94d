"""A term's share over time, as the charts, files and answers of trends hold it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from domain.paper import ArxivId
from domain.trend_calls import CallVerdict, FittedChange, MoveOfWave
from domain.week import Week

SeriesKind = Literal["technique", "theme", "topic", "text", "exact", "meaning", "name"]
"""How a term is counted: by what the detector or the topics found, by its words in singular and plural, by its words as
they are written, by their meaning, or as a named thing of the ledger."""
Level = Literal["mentions", "adopts", "about"]
"""How far a technique must be adopted, and in which role a paper must hold a named thing."""


@dataclass(frozen=True)
class TrendPoint:
    """One period of a series. Shares have six digits."""

    start: date
    """First day of the period's weeks that are counted."""
    end: date
    """Last day of them, included."""
    k: int
    """Papers that match."""
    n: int
    """Papers in the categories, the denominator."""
    share: float | None
    """k / n; null where n is 0."""
    low: float | None
    """Lower end of the 95 % interval."""
    high: float | None
    """Upper end of it."""
    complete: bool
    """Whether every week of the period is counted and proven complete."""
    corrected: float | None
    """The share corrected for the detector's measured error; null where the error is not measured."""
    corrected_low: float | None
    """Lower end of its 95 % interval, which covers sampling and that error."""
    corrected_high: float | None
    """Upper end of it."""


@dataclass(frozen=True)
class SeriesChange:
    """When the level or the growth of a series changed."""

    start: date
    """Monday of the first week after the change."""
    share_before: float
    """The fitted share of the week before it."""
    share_after: float
    """The fitted share of that week."""


@dataclass(frozen=True)
class NewestCall:
    """The newest trend call of a term, with the change that it rests on."""

    week: Week
    verdict: CallVerdict
    change: FittedChange | None = None
    """Null where the verdict is ``unknown``."""
    wave: MoveOfWave | None = None
    """Whose wave the move is where the verdict is ``wave``, with the verdict that was called."""


SeriesVerdict = Literal[CallVerdict, "up", "down"]
"""Which way a term goes: the verdict of its call, or by its change tested alone ``up``, ``down`` or ``steady``."""


def series_verdict(call: NewestCall | None, change: FittedChange | None) -> SeriesVerdict:
    """The verdict of a call, else by a change's own interval, and ``unknown`` without either."""
    if call is not None:
        return call.verdict
    if change is None:
        return "unknown"
    return "steady" if not change.is_clear else "up" if change.difference > 0 else "down"


@dataclass(frozen=True)
class TermReading:
    """One thing that a typed term can be taken for."""

    kind: SeriesKind
    term: str
    """With its prefix, as it is typed to choose this reading."""
    name: str
    n_papers: int | None
    """Papers in the weeks and categories of the answer; null if not counted, as by meaning where the embedding model is
    not loaded."""
    chosen: bool
    """Whether the series is of this reading."""


@dataclass(frozen=True)
class SampleHit:
    """A paper that a description counts."""

    arxiv_id: ArxivId
    title: str


@dataclass(frozen=True)
class TermOverlap:
    """How many papers two terms of one answer share."""

    term: str
    """The other term, as it was typed."""
    name: str
    """Its name on a page."""
    n_papers: int
    """Papers of the other term."""
    n_shared: int
    """Papers of both."""


@dataclass(frozen=True)
class MeaningCheck:
    """What is known of a term by meaning, in the weeks and categories of the answer."""

    n_papers: int
    """Papers that are unusually near to the description."""
    samples: tuple[SampleHit, ...]
    """Some of them, drawn at random; the same for the same description and papers."""
    overlaps: tuple[TermOverlap, ...]
    """With each other term of the answer."""
    n_answers: int
    """How many of its papers who asks has read; 0 if none."""
    n_right: int
    """How many of these were found right."""
    precision: float | None
    """n_right / n_answers; null with fewer than 12 answers, and then no share has an interval."""
    precision_low: float | None
    """Lower end of its 95 % interval."""
    precision_high: float | None
    """Upper end of it."""


@dataclass(frozen=True)
class TermSeries:
    """One term over time."""

    term: str
    """Key of a technique or theme, label of a topic, or the words without their prefix."""
    kind: SeriesKind
    name: str
    """Its name on a page."""
    points: tuple[TrendPoint, ...]
    """In order and without gaps."""
    change: FittedChange | None
    """Over the last closed weeks of the range, at most 26, with a 95 % interval for this term alone; null where there
    are too few weeks or papers, and where there is a call, whose own change takes its place."""
    change_points: tuple[SeriesChange, ...]
    call: NewestCall | None
    """Null where the term gets no calls, at other levels, with a category, and for a range that leaves out weeks of
    the call."""
    asked: str = ""
    """The term as it was typed."""
    phrases: tuple[str, ...] = ()
    """The phrases that are counted for words; empty for other kinds."""
    readings: tuple[TermReading, ...] = ()
    """Everything that the term can be taken for, the chosen reading included."""
    unknown: str | None = None
    """Says that the term is no name and that no paper has it in its words; null where it was found."""
    meaning: MeaningCheck | None = None
    """How the papers by meaning were found to be; null for other kinds."""
    counted_since: date | None = None
    """The first day of the weeks in which a topic or a meaning is counted, where earlier papers of the range are not
    embedded; before it ``n`` is 0. Null where all weeks are counted."""
    verdict: SeriesVerdict = field(init=False)
    """That of ``call``, else of ``change``: ``up``, ``down`` or ``steady``; ``unknown`` without both."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", series_verdict(self.call, self.change))

    @property
    def tested(self) -> FittedChange | None:
        """The change that the verdict is of; ``None`` where nothing could be tested."""
        return self.call.change if self.call else self.change

    @property
    def has_levels(self) -> bool:
        """Whether papers count by how far they adopt it, or by the role in which they hold a named thing."""
        return self.kind in ("technique", "theme", "name")
