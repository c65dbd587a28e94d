"""Counts of standards and failure modes as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Protocol

from templates.paper_exports import no_formula


class Quarter(Protocol):
    """The papers read of a quarter."""

    @property
    def n(self) -> int: ...
    @property
    def n_weeks(self) -> int: ...
    @property
    def n_weeks_in_all(self) -> int: ...


class Count(Protocol):
    """Papers of a quarter that name an entry."""

    @property
    def quarter(self) -> str: ...
    @property
    def k(self) -> int: ...
    @property
    def share(self) -> float | None: ...


class Line(Protocol):
    """A standard or failure mode with its counts."""

    @property
    def kind(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def subjects(self) -> tuple[str, ...]: ...
    @property
    def quarters(self) -> Sequence[Count]: ...


class Counted(Protocol):
    """All counts."""

    @property
    def quarters(self) -> Sequence[Quarter]: ...
    @property
    def standards(self) -> Sequence[Line]: ...
    @property
    def failure_modes(self) -> Sequence[Line]: ...


def standards_csv(counted: Counted, *, made_up: bool) -> str:
    """A row for each standard or failure mode and quarter, with the papers read and the weeks held of the quarter.

    The last column says of each row whether it counts the made-up papers of the sample corpus.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    weeks = ("weeks", "weeks_in_all")
    writer.writerow(("kind", "key", "name", "subjects", "quarter", *weeks, "k", "n", "share", "made_up"))
    for line in (*counted.standards, *counted.failure_modes):
        for part, read in zip(line.quarters, counted.quarters, strict=True):
            named = (line.kind, line.key, no_formula(line.name), no_formula("; ".join(line.subjects)))
            n_weeks = (read.n_weeks, read.n_weeks_in_all)
            writer.writerow((*named, part.quarter, *n_weeks, part.k, read.n, part.share, made_up))
    return out.getvalue()
