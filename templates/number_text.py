"""Numbers, points of change, dates and lists as text; the only place where a fraction becomes a percentage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Protocol

from domain.digest import Change, Share, SharePoint
from domain.trend_calls import FittedChange
from domain.week import Week

NO_BREAK_SPACE = "\u00a0"
_MINUS = "\u2212"
UNKNOWN = "not known"
_MOST_DECIMALS = 4


class HeldPeriod(Protocol):
    """How many weeks of a period are held, and how many it has."""

    @property
    def n_weeks(self) -> int: ...
    @property
    def n_weeks_in_all(self) -> int: ...


def is_known(number: float) -> bool:
    """Whether there is a number, not NaN."""
    return math.isfinite(number)


def decimals_for(share: float) -> int:
    """Decimals of a percentage: one more below 1 %, where one would hide most changes."""
    return 2 if is_known(share) and abs(share) < 0.01 else 1


def _decimals_of_one(share: float) -> int:
    """Decimals of a percentage that stands alone: as many as show that it is not nothing, up to ``_MOST_DECIMALS``."""
    decimals = decimals_for(share)
    while is_known(share) and share and decimals < _MOST_DECIMALS and round(100 * abs(share), decimals) == 0:
        decimals += 1
    return decimals


def percent(share: float, decimals: int | None = None) -> str:
    """A fraction as ``9.1 %``, with a no-break space; never as nothing where it is not, unless ``decimals`` are given.

    Examples
    --------
    >>> percent(0.0914), percent(0.00003), percent(0.0000003), percent(0.0)
    ('9.1\xa0%', '0.003\xa0%', 'under 0.0001\xa0%', '0\xa0%')
    """
    if not is_known(share):
        return UNKNOWN
    if decimals is None:
        if share == 0:
            return f"0{NO_BREAK_SPACE}%"
        decimals = _decimals_of_one(share)
        if share > 0 and round(100 * share, decimals) == 0:
            return f"under {10**-decimals:.{decimals}f}{NO_BREAK_SPACE}%"
    return f"{100 * share:.{decimals}f}{NO_BREAK_SPACE}%"


def interval(share: Share | SharePoint) -> str:
    """The interval as ``8.3 to 9.9 %``, with the decimals of the share."""
    return interval_of(share.share, share.low, share.high)


def interval_of(share: float, low: float, high: float) -> str:
    """An interval from ``low`` to ``high`` with the decimals of the share beside it."""
    if not (is_known(low) and is_known(high)):
        return UNKNOWN
    decimals = _decimals_of_one(share)
    return f"{100 * low:.{decimals}f} to {100 * high:.{decimals}f}{NO_BREAK_SPACE}%"


def _signed(number: float, decimals: int) -> str:
    shown = f"{abs(number):.{decimals}f}"
    if float(shown) == 0:
        return shown
    return f"{'+' if number > 0 else _MINUS}{shown}"


def _decimals_of(change: Change | FittedChange) -> int:
    """The decimals of the newer share; more where an end of the interval would otherwise be shown as 0 and is not."""
    if isinstance(change, FittedChange):
        decimals = decimals_for(change.share_last)
    else:
        decimals = decimals_for(change.difference + (change.baseline.share if change.baseline is not None else 0.0))
    if change.low > 0 or change.high < 0:
        nearest = 100 * min(abs(change.low), abs(change.high))
        while decimals < _MOST_DECIMALS and round(nearest, decimals) == 0:
            decimals += 1
    return decimals


def points(change: Change | FittedChange) -> str:
    """A change of a share as ``+1.2 points``, in percentage points."""
    if not is_known(change.difference):
        return UNKNOWN
    return f"{_signed(100 * change.difference, _decimals_of(change))}{NO_BREAK_SPACE}points"


def size_in_points(change: FittedChange) -> str:
    """A change of a share without its sign, as ``1.2 points``."""
    return points(change).lstrip(f"+{_MINUS}")


def points_interval(change: Change | FittedChange) -> str:
    """The interval of a change as ``+0.4 to +2.0``, in percentage points."""
    if not (is_known(change.low) and is_known(change.high)):
        return UNKNOWN
    decimals = _decimals_of(change)
    return f"{_signed(100 * change.low, decimals)} to {_signed(100 * change.high, decimals)}"


def count(number: float) -> str:
    """A whole number as ``2,902``; a mean is rounded."""
    return f"{number:,.0f}" if is_known(number) else UNKNOWN


def plural(number: int, singular: str, several: str | None = None) -> str:
    """``1 paper``, ``2,902 papers``."""
    return f"{count(number)}{NO_BREAK_SPACE}{singular if number == 1 else several or singular + 's'}"


def plain_plural(number: int, singular: str, several: str | None = None) -> str:
    """``1 paper``, ``2,902 papers`` with a plain space, for a terminal and for JSON."""
    return plural(number, singular, several).replace(NO_BREAK_SPACE, " ")


def agreeing(number: float, singular: str, several: str) -> str:
    """The form of a word beside a number: ``links`` beside 1, ``link`` beside all others."""
    return singular if number == 1 else several


def partly_held(period: HeldPeriod) -> str:
    """``1 of its 13 weeks held`` where weeks of a period are missing or to come, else empty."""
    if period.n_weeks >= period.n_weeks_in_all:
        return ""
    return f"{count(period.n_weeks)} of its {count(period.n_weeks_in_all)} weeks held"


def dates(week: Week) -> str:
    """The week's days as ``15 to 21 June 2026``; month and year appear once if they are the same."""
    first, last = week.monday, week.sunday
    start = f"{first.day}"
    if first.month != last.month:
        start += f" {first:%B}"
    if first.year != last.year:
        start += f" {first.year}"
    return f"{start} to {last.day} {last:%B} {last.year}"


def day_in_words(at: date) -> str:
    """A day as ``15 June 2026``."""
    return f"{at.day} {at:%B %Y}"


def in_words(names: Sequence[object]) -> str:
    """Names as a list in text: ``a, b and c``."""
    *most, last = [str(name) for name in names] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def week_range(weeks: Sequence[Week]) -> str:
    """Ascending weeks as text, consecutive ones as a range: ``2026-W21 to 2026-W24 and 2026-W26``."""
    runs: list[list[Week]] = []
    for week in weeks:
        if runs and runs[-1][-1].plus(1) == week:
            runs[-1].append(week)
        else:
            runs.append([week])
    return in_words([f"{run[0]} to {run[-1]}" if len(run) > 1 else run[0] for run in runs])


_NUMBER_WORDS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def number_word(number: int) -> str:
    """A number as a word up to ``twelve``, then in digits."""
    return _NUMBER_WORDS[number] if number < len(_NUMBER_WORDS) else str(number)
