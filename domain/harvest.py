"""Windows of submission time, and what is known about each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from domain.paper import ArxivId, Paper, PaperVersion

WindowState = Literal["complete", "incomplete"]


@dataclass(frozen=True, order=True)
class Window:
    """Submission times from ``start_at`` (included) to ``end_at`` (excluded), whole minutes, UTC."""

    start_at: datetime
    end_at: datetime

    def __post_init__(self) -> None:
        for at in (self.start_at, self.end_at):
            if at.tzinfo is None or at.second or at.microsecond:
                raise ValueError(f"a window's bounds are timezone-aware whole minutes, got {at}")
        if self.start_at >= self.end_at:
            raise ValueError(f"a window ends after it starts, got {self.start_at} to {self.end_at}")


@dataclass(frozen=True)
class HarvestedWindow:
    """What came of asking for one window.

    ``papers`` are those to store, ``n_said`` is how many arXiv said there are, asked again after the last page;
    ``None`` where it gave no readable answer. ``n_held`` is how many of the window will be held, those that were
    held before included; ``None`` where that is just ``papers``. ``problem`` is ``None`` exactly when the window is
    complete.
    """

    window: Window
    categories: tuple[str, ...]
    papers: tuple[Paper, ...]
    n_said: int | None
    problem: str | None
    checked_at: datetime
    unreadable: tuple[str, ...] = ()
    n_held: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether as many distinct papers are held as arXiv said there are."""
        return self.problem is None

    @property
    def n_got(self) -> int:
        """How many distinct papers of the window are held."""
        return len(self.papers) if self.n_held is None else self.n_held


@dataclass(frozen=True)
class WindowRecord:
    """A window as the store remembers it, without its papers.

    ``first_complete_at`` stays what it was when a later question finds the window incomplete.
    """

    window: Window
    categories: tuple[str, ...]
    n_said: int | None
    n_got: int
    problem: str | None
    checked_at: datetime
    n_tries: int
    first_complete_at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        """Whether as many distinct papers are held as arXiv said there are."""
        return self.problem is None


@dataclass(frozen=True)
class LateArrivals:
    """The papers of a window that came after it had been proven complete: arXiv's moderation held them back.

    ``days`` says for each how long after the window's end it was first seen, ascending; a paper is seen when the
    window is asked for again, so it may have been there for some time.
    """

    window: Window
    first_complete_at: datetime
    checked_at: datetime
    n_papers: int
    days: tuple[float, ...]

    @property
    def n_late(self) -> int:
        """How many came late."""
        return len(self.days)


@dataclass(frozen=True)
class Lateness:
    """How many of the papers of so many weeks came after the week had been proven complete."""

    n_weeks: int
    n_papers: int
    n_late: int


@dataclass(frozen=True)
class HarvestPlan:
    """What storing some fetched papers will do; a value, so that it can be tested and logged.

    ``new`` are papers never seen, ``replaced`` have a higher version than ours, ``revised`` the same version
    with other metadata; what is the same stays out. ``versions`` are submissions of which a paper alone does not
    tell: those between its first and its newest, where the source knows them.
    """

    new: tuple[Paper, ...]
    replaced: tuple[Paper, ...]
    revised: tuple[Paper, ...]
    unchanged: tuple[ArxivId, ...]
    versions: tuple[PaperVersion, ...] = ()


@dataclass(frozen=True)
class OaiPass:
    """How far a list of OAI-PMH has been read: all changes in one set, in one of its formats.

    Papers submitted on ``since`` or later are wanted. A pass reads what changed on ``pass_from`` or later; it began
    at ``began_at`` by arXiv's clock, has read ``n_records``, and goes on at ``token``, which is ``None`` where no pass
    is under way. Changes before ``from_date`` are all read; ``None`` before the first whole pass. ``problem`` names
    what could not be read in this pass.
    """

    set_name: str
    metadata_format: str
    since: date
    pass_from: date
    from_date: date | None = None
    token: str | None = None
    began_at: datetime | None = None
    n_records: int = 0
    problem: str | None = None
    finished_at: datetime | None = None
