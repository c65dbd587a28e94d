"""What a file of trends is of; every CSV and chart carries it, because files are copied away from their page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain.trend_periods import Period
from domain.trends import Level, TermSeries
from domain.week import iso_instant
from templates.term_wording import counted_as_text


@dataclass(frozen=True)
class TrendSource:
    """What the series of a file are of.

    ``terms`` are the curves with what each counts. ``first`` and ``last`` are days, ``None`` without points.
    ``counted_at`` is that of the answer. ``address`` is where the same chart is, empty if the service has no public
    address.
    ``made_up`` says that the papers are those of the sample corpus.
    """

    by: Period
    level: Level
    terms: tuple[str, ...]
    categories: tuple[str, ...]
    first: date | None
    last: date | None
    version: str
    primary: bool = False
    counted_at: datetime | None = None
    address: str = ""
    made_up: bool = False

    @property
    def title(self) -> str:
        """What a picture shows, which a demo's must not be taken for."""
        return f"Share of papers by {self.by}" + (" (made-up papers of a demo)" if self.made_up else "")

    @property
    def days(self) -> str:
        """From the first to the last day."""
        return f"{self.first} to {self.last}" if self.first else "no period"

    @property
    def category_names(self) -> str:
        """The categories whose papers are the denominator."""
        names = ", ".join(self.categories)
        return f"{names} (primary category)" if self.primary else names

    @property
    def counted(self) -> str:
        """When techniques, themes and topics were counted, if not just now; otherwise empty."""
        return iso_instant(self.counted_at) if self.counted_at else ""

    @property
    def citation(self) -> str:
        """One line that names the data, as it can be cited."""
        address = f" {self.address}" if self.address else ""
        of = f" of {', '.join(self.terms)}" if self.terms else ""
        counted = f"; counted at {self.counted}" if self.counted else ""
        data = "made-up papers of a demo, nothing is from arXiv" if self.made_up else "arXiv"
        return (
            f"Papertide {self.version}: share of papers by {self.by}{of}; "
            f"{self.days}; {self.category_names}{counted}.{address} Data: {data}."
        )


def trend_source(
    series: Sequence[TermSeries],
    *,
    by: Period,
    level: Level,
    categories: Sequence[str],
    version: str,
    primary: bool = False,
    counted_at: datetime | None = None,
    address: str = "",
    made_up: bool = False,
) -> TrendSource:
    """What these series are of, with the days that their points cover."""
    points = [point for one in series for point in one.points]
    return TrendSource(
        by=by,
        level=level,
        terms=tuple(f"{one.name} ({counted_as_text(one, level)})" for one in series),
        categories=tuple(categories),
        first=min((p.start for p in points), default=None),
        last=max((p.end for p in points), default=None),
        version=version,
        primary=primary,
        counted_at=counted_at,
        address=address,
        made_up=made_up,
    )
