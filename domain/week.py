"""The unit of time: a Monday-to-Sunday week in UTC."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from domain.announcements import is_holiday

_ISO_WEEK = re.compile(r"(\d{4})-W(\d{2})")

CLOSE_LAG = timedelta(hours=30)
"""A week is closed this long after its end: Tuesday 06:00 UTC.

Papers submitted until Sunday midnight UTC are announced on Monday at 20:00 US Eastern, which is 00:00 or 01:00 UTC on
Tuesday. The rest allows for arXiv's own delay.
"""


@dataclass(frozen=True, order=True)
class Week:
    """A Monday-to-Sunday week in UTC, named by its Monday.

    Examples
    --------
    >>> Week.parse("2026-W25").monday
    datetime.date(2026, 6, 15)
    >>> str(Week(date(2024, 12, 30)))
    '2025-W01'
    """

    monday: date

    def __post_init__(self) -> None:
        if self.monday.weekday() != 0:
            raise ValueError(f"a week starts on a Monday, got {self.monday}")

    @classmethod
    def containing(cls, instant: datetime) -> Week:
        """The week that contains an instant.

        Raises
        ------
        ValueError
            If the instant has no time zone.
        """
        if instant.tzinfo is None:
            raise ValueError("instant must be timezone-aware")
        return cls.containing_day(instant.astimezone(UTC).date())

    @classmethod
    def containing_day(cls, day: date) -> Week:
        """The week that contains a day."""
        return cls(day - timedelta(days=day.weekday()))

    @classmethod
    def parse(cls, text: str) -> Week:
        """Read ``2026-W25``.

        Raises
        ------
        ValueError
            If the text is not an ISO week, or the year has no such week.
        """
        match = _ISO_WEEK.fullmatch(text)
        if match is None:
            raise ValueError(f"not a week: {text!r}; write it as 2026-W25")
        try:
            week = cls(date.fromisocalendar(int(match[1]), int(match[2]), 1))
            week.plus(1)  # fails for the last week that dates can represent, whose end they cannot
            return week
        except (ValueError, OverflowError) as error:
            raise ValueError(f"not a week: {text!r}; that year has no such week") from error

    @property
    def start_at(self) -> datetime:
        """Monday 00:00 UTC, the first instant of the week."""
        return datetime.combine(self.monday, time(), tzinfo=UTC)

    @property
    def end_at(self) -> datetime:
        """The next Monday 00:00 UTC, the first instant after the week."""
        return self.start_at + timedelta(days=7)

    @property
    def sunday(self) -> date:
        """The week's last day."""
        return self.monday + timedelta(days=6)

    def plus(self, n_weeks: int) -> Week:
        """The week ``n_weeks`` later, or earlier if negative."""
        return Week(self.monday + timedelta(weeks=n_weeks))

    def weeks_until(self, other: Week) -> int:
        """Number of weeks from this week to another; negative if the other is earlier.

        Examples
        --------
        >>> Week.parse("2026-W52").weeks_until(Week.parse("2027-W01"))
        2
        """
        return (other.monday - self.monday).days // 7

    @property
    def closes_at(self) -> datetime:
        """When all papers of the week have been announced; a day later if Monday is a holiday of arXiv."""
        day, n_days = self.monday + timedelta(days=7), 0
        while is_holiday(day + timedelta(days=n_days)):
            n_days += 1
        return self.end_at + CLOSE_LAG + timedelta(days=n_days)

    def is_closed(self, now: datetime) -> bool:
        """Whether all papers of the week have been announced by ``now``."""
        return now >= self.closes_at

    def __str__(self) -> str:
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02d}"


def last_closed_week(now: datetime) -> Week:
    """The newest week that is closed at ``now``."""
    week = Week.containing(now - CLOSE_LAG).plus(-1)
    return week if week.is_closed(now) else week.plus(-1)


def weeks_between(first: Week, last: Week) -> Iterator[Week]:
    """Every week from ``first`` to ``last``, both included, ascending."""
    week = first
    while week <= last:
        yield week
        week = week.plus(1)


def weeks_before(week: Week, n_weeks: int) -> tuple[Week, ...]:
    """The ``n_weeks`` weeks before a week, ascending.

    Examples
    --------
    >>> [str(w) for w in weeks_before(Week.parse("2026-W02"), 3)]
    ['2025-W51', '2025-W52', '2026-W01']
    """
    return tuple(week.plus(-i) for i in range(n_weeks, 0, -1))


def iso_instant(at: datetime, *, timespec: Literal["seconds", "auto"] = "seconds") -> str:
    """An instant in UTC, such as ``2026-06-15T12:00:00Z``; "auto" adds microseconds if there are any."""
    return at.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
