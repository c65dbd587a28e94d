"""Issues of the digest by mail, and the delivery of each to its readers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from domain.errors import UsageError
from domain.paper import ArxivId
from domain.subscription import Frequency
from domain.week import Week

DeliveryState = Literal["due", "claimed", "handing", "sent", "uncertain", "failed", "skipped"]


@dataclass(frozen=True)
class Issue:
    """A weekly or monthly digest issue, sent once to each reader of that frequency.

    A week belongs to the month of its Thursday.

    Examples
    --------
    >>> [str(i) for i in issues_of(Week.parse("2026-W26"))]
    ['2026-W26', '2026-06']
    >>> [str(i) for i in issues_of(Week.parse("2026-W25"))]
    ['2026-W25']
    >>> [str(w) for w in Issue.parse("2026-06").weeks]
    ['2026-W23', '2026-W24', '2026-W25', '2026-W26']
    """

    frequency: Frequency
    last_week: Week

    @classmethod
    def parse(cls, text: str) -> Issue:
        """Read ``2026-W25`` or ``2026-06``.

        Raises
        ------
        UsageError
        """
        month = re.fullmatch(r"(\d{4})-(\d{2})", text)
        try:
            if month is None:
                return cls("weekly", Week.parse(text))
            week = Week.containing_day(date(int(month[1]), int(month[2]), 4))
            while _month_of(week.plus(1)) == _month_of(week):
                week = week.plus(1)
            return cls("monthly", week)
        except ValueError as error:
            raise UsageError(f"not an issue: {text!r}; write 2026-W25 for a week or 2026-06 for a month") from error

    @property
    def weeks(self) -> tuple[Week, ...]:
        """The weeks of the issue, oldest first."""
        if self.frequency == "weekly":
            return (self.last_week,)
        first = self.last_week
        while _month_of(first.plus(-1)) == _month_of(self.last_week):
            first = first.plus(-1)
        weeks = [first]
        while weeks[-1] < self.last_week:
            weeks.append(weeks[-1].plus(1))
        return tuple(weeks)

    def __str__(self) -> str:
        if self.frequency == "weekly":
            return str(self.last_week)
        year, month = _month_of(self.last_week)
        return f"{year}-{month:02d}"


def issues_of(week: Week) -> tuple[Issue, ...]:
    """The issues that a week's digest completes: the weekly one, and the monthly one in a month's last week."""
    weekly = Issue("weekly", week)
    ends_month = _month_of(week.plus(1)) != _month_of(week)
    return (weekly, Issue("monthly", week)) if ends_month else (weekly,)


def _month_of(week: Week) -> tuple[int, int]:
    thursday = week.monday + timedelta(days=3)
    return thursday.year, thursday.month


@dataclass(frozen=True)
class Delivery:
    """One issue for one reader.

    ``message_key`` is the random part of the Message-ID, the same in every try. ``papers`` are listed in the personal
    part; they are known once the mail was handed over.
    """

    delivery_id: int
    subscriber_id: int
    issue: str
    state: DeliveryState
    message_key: str
    n_tries: int
    papers: tuple[ArxivId, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class DeliveryOutcome:
    """How one delivery to a reader ended.

    ``at`` is when the mail server accepted the mail or finally refused it. ``kind`` is ``accepted`` if no refusal and
    no failure report is known, else what the failure is about.
    """

    at: datetime
    kind: Literal["accepted", "failed", "passing", "other"]
