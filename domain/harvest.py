"""Harvest windows of submission time, and what is known about each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from domain.paper import ArxivId, Paper, PaperVersion
from domain.week import Week

MAX_NAMED = 20
"""How many unreadable records are stored by name for each window and each list."""


@dataclass(frozen=True, order=True)
class Window:
    """Submission times in [``start_at``, ``end_at``), in whole minutes, UTC."""

    start_at: datetime
    end_at: datetime

    def __post_init__(self) -> None:
        for at in (self.start_at, self.end_at):
            if at.tzinfo is None or at.second or at.microsecond:
                raise ValueError(f"a window's bounds must be timezone-aware whole minutes, got {at}")
        if self.start_at >= self.end_at:
            raise ValueError(f"a window must end after it starts, got {self.start_at} to {self.end_at}")


@dataclass(frozen=True)
class IndexGap:
    """Evidence that arXiv's index lacks papers of a week, although its own count agrees with what is held.

    arXiv's query API and OAI-PMH can be days behind its site, or lack a range of identifiers, with consistent totals.

    Attributes
    ----------
    kind : ``end`` if the index may not have reached the week's end; ``range`` if it lacks papers in between.
    since, until : the span of submission times that lacks papers.
    n_held : papers submitted in the span that arXiv shows.
    n_expected : how many the rest of the week and earlier weeks let expect.
    n_weeks : earlier weeks that were compared; 0 if none is held and a usual week was assumed.
    n_newer : papers submitted after the week that arXiv shows, in the watched categories or, if there are none, in
        all; ``None`` if it gave no usable answer.
    """

    kind: Literal["end", "range"]
    since: datetime
    until: datetime
    n_held: int
    n_expected: float
    n_weeks: int
    n_newer: int | None = None


@dataclass(frozen=True)
class HarvestedWindow:
    """The result of harvesting one window.

    ``papers`` are to be stored. ``n_said`` is arXiv's own count, requested again after the last page; ``None`` if it
    gave none. ``n_held`` counts the window's papers once these are stored; ``None`` if that is ``len(papers)``.
    ``problem`` is ``None`` exactly when the window is complete. ``unreadable`` describes entries that could not be
    parsed. ``gap`` is the evidence that arXiv's index is behind, if that is the problem.
    """

    window: Window
    categories: tuple[str, ...]
    papers: tuple[Paper, ...]
    n_said: int | None
    problem: str | None
    checked_at: datetime
    unreadable: tuple[str, ...] = ()
    n_held: int | None = None
    gap: IndexGap | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the stored papers equal arXiv's count, and nothing says that its index is behind."""
        return self.problem is None

    @property
    def n_got(self) -> int:
        """Number of distinct papers stored of the window."""
        return len(self.papers) if self.n_held is None else self.n_held


@dataclass(frozen=True)
class WindowRecord:
    """A stored window, without its papers.

    ``first_complete_at`` stays when a later harvest finds the window incomplete. ``unreadable`` has the first
    ``MAX_NAMED`` of its unreadable entries.
    """

    window: Window
    categories: tuple[str, ...]
    n_said: int | None
    n_got: int
    problem: str | None
    checked_at: datetime
    n_tries: int
    first_complete_at: datetime | None = None
    unreadable: tuple[str, ...] = ()
    gap: IndexGap | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the stored papers equal arXiv's count, and nothing says that its index is behind."""
        return self.problem is None


@dataclass(frozen=True)
class CountedHistory:
    """How far back weeks are counted.

    Attributes
    ----------
    first_week : the oldest week with papers, from the newest closed one back without a gap; ``None`` before the first.
    n_weeks : weeks from ``first_week`` to the newest closed one.
    n_wanted : weeks that are to be counted.
    next_week : the week that is added next; ``None`` if nothing is left to add.
    has_no_more : whether arXiv has no earlier papers, so that fewer weeks than wanted can be counted.
    """

    first_week: Week | None
    n_weeks: int
    n_wanted: int
    next_week: Week | None
    has_no_more: bool


@dataclass(frozen=True)
class LateArrivals:
    """Papers of a window that appeared after it was complete, because arXiv's moderation delayed them.

    ``days`` holds, ascending, the days from the window's end to when each late paper was first seen. A paper is seen
    when the window is harvested again, so it may have appeared earlier.
    """

    window: Window
    first_complete_at: datetime
    checked_at: datetime
    n_papers: int
    days: tuple[float, ...]

    @property
    def n_late(self) -> int:
        """Number of late papers."""
        return len(self.days)


@dataclass(frozen=True)
class Lateness:
    """Number of papers of several weeks that appeared after their week was complete."""

    n_weeks: int
    n_papers: int
    n_late: int


@dataclass(frozen=True)
class HarvestPlan:
    """The changes that storing some fetched papers will make.

    ``new`` papers were never seen, ``replaced`` have a higher version than the stored one, and ``revised`` have the
    same version with other metadata. ``versions`` are the submissions between a paper's first and newest, if the
    source gives them.
    """

    new: tuple[Paper, ...]
    replaced: tuple[Paper, ...]
    revised: tuple[Paper, ...]
    unchanged: tuple[ArxivId, ...]
    versions: tuple[PaperVersion, ...] = ()


@dataclass(frozen=True)
class OaiPass:
    """The progress of reading one OAI-PMH list: all changes in one set, in one metadata format.

    Attributes
    ----------
    since : papers submitted on this day or later are harvested.
    pass_from : this pass reads the records changed on this day or later.
    from_date : all changes before this day are read; ``None`` before the first complete pass.
    token : resumption token of the next page; ``None`` when no pass is in progress.
    began_at : start of the pass by arXiv's clock.
    n_records : records read in this pass.
    n_unreadable : records of this pass that could not be read.
    unreadable : the first of them, each described by its name and problem.
    finished_at : end of the pass; ``None`` while it is in progress.
    """

    set_name: str
    metadata_format: str
    since: date
    pass_from: date
    from_date: date | None = None
    token: str | None = None
    began_at: datetime | None = None
    n_records: int = 0
    n_unreadable: int = 0
    unreadable: tuple[str, ...] = ()
    finished_at: datetime | None = None
