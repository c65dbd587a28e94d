"""Standards and failure modes in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from domain.week import Week
from templates.number_text import agreeing, count, partly_held, plural
from templates.standards_csv import Counted, Line


class ListOfWeek(Protocol):
    """The papers of a week that name a standard."""

    @property
    def week(self) -> Week | None: ...
    @property
    def n(self) -> int: ...
    @property
    def papers(self) -> Sequence[object]: ...
    @property
    def n_with_failure(self) -> int: ...


def week_text(answer: ListOfWeek) -> str:
    """One sentence on how many papers of a week name a standard or failure mode."""
    if answer.week is None:
        return "No paper was read yet; `papertide run` reads those that are stored."
    return (
        f"{answer.week}: of {plural(answer.n, 'paper')}, {count(len(answer.papers))} "
        f"{agreeing(len(answer.papers), 'names', 'name')} a standard and "
        f"{count(answer.n_with_failure)} a failure mode."
    )


def quarter_text(line: Line, counted: Counted) -> str:
    """The papers that name an entry, by quarter: ``2026-Q1 3 of 9,100 (12 of its 13 weeks held), 2026-Q2 ...``."""
    pairs = zip(line.quarters, counted.quarters, strict=True)
    return ", ".join(
        f"{part.quarter} {count(part.k)} of {count(read.n)}" + (f" ({held})" if (held := partly_held(read)) else "")
        for part, read in pairs
    )
