"""The periods of trends: a week, or a longer one made of whole weeks.

A new period needs one word in ``Period`` and one record in ``PERIODS``. The command line, the API, the web form, the
charts and the Python interface are made from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from domain.week import Week

Period = Literal["week", "month", "quarter", "year"]
"""A period's key, which is also its name in menus and sentences."""


@dataclass(frozen=True)
class PeriodType:
    """How weeks form a period, and how the period is written.

    A week belongs to the period that contains its Thursday, as ISO 8601 rules for years, so every week is in exactly
    one period.

    Attributes
    ----------
    key : its name in requests, menus and sentences.
    n_months : its length; 0 for a week. Periods start in January, so it must divide 12.
    write_name : a short name that sorts by time, from a day inside the period; see ``name``.
    write_label : the name in pages, from a day inside the period; see ``label``.
    tick_format : the date format of a chart's axis, as D3 defines it.
    """

    key: Period
    n_months: int
    write_name: Callable[[date], str]
    write_label: Callable[[date], str]
    tick_format: str

    def day_inside(self, monday: date) -> date:
        """A day of the week that is inside the period: the Monday for a week, else the Thursday."""
        return monday + timedelta(days=3) if self.n_months else monday

    def first_day(self, monday: date) -> date:
        """The first day of the period that the week belongs to.

        Examples
        --------
        >>> PERIODS["quarter"].first_day(date(2026, 6, 29))
        datetime.date(2026, 7, 1)
        """
        day = self.day_inside(monday)
        return day.replace(month=1 + (day.month - 1) // self.n_months * self.n_months, day=1) if self.n_months else day

    def name(self, monday: date) -> str:
        """The short name of the period that the week belongs to.

        Examples
        --------
        >>> [period.name(date(2026, 3, 30)) for period in PERIODS.values()]
        ['2026-W14', '2026-04', '2026-Q2', '2026']
        """
        return self.write_name(self.day_inside(monday))

    def n_weeks(self, monday: date) -> int:
        """How many weeks the period has that the week belongs to.

        Examples
        --------
        >>> [period.n_weeks(date(2026, 3, 30)) for period in PERIODS.values()]
        [1, 5, 13, 53]
        """
        if not self.n_months:
            return 1
        first, thursday = self.first_day(monday), self.day_inside(monday)
        first_thursday = first + timedelta(days=(3 - first.weekday()) % 7)
        n_before = (thursday - first_thursday).days // 7
        n_from_here = 1
        while self.first_day(monday + timedelta(weeks=n_from_here)) == first:
            n_from_here += 1
        return n_before + n_from_here

    def label(self, monday: date) -> str:
        """The name in pages of the period that the week belongs to.

        Examples
        --------
        >>> [period.label(date(2026, 3, 30)) for period in PERIODS.values()]
        ['2026-W14', 'April 2026', '2026 Q2', '2026']
        """
        return self.write_label(self.day_inside(monday))


def _iso_week(day: date) -> str:
    return str(Week.containing_day(day))


def _quarter(day: date) -> int:
    return (day.month + 2) // 3


PERIODS: Mapping[Period, PeriodType] = {
    period.key: period
    for period in (
        PeriodType("week", 0, _iso_week, _iso_week, "%-d %b %y"),
        PeriodType("month", 1, "{:%Y-%m}".format, "{:%B %Y}".format, "%b %Y"),
        PeriodType("quarter", 3, lambda d: f"{d.year}-Q{_quarter(d)}", lambda d: f"{d.year} Q{_quarter(d)}", "%b %Y"),
        PeriodType("year", 12, "{:%Y}".format, "{:%Y}".format, "%Y"),
    )
}
"""Every period, shortest first, which is their order in menus."""
