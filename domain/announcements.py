"""arXiv's announcement schedule: submission deadlines and holidays, by New York time.

arXiv announces at 20:00 on Sunday to Thursday what was submitted before 14:00: from Friday 14:00 to Monday 14:00 on
Monday, and a day's submissions on the following evenings; Friday's on Sunday (arXiv's availability page).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
DEADLINE = time(14)
"""Submissions before this time of day, New York, are announced that evening."""

_FIXED_HOLIDAYS = frozenset({(1, 1), (6, 19), (7, 4), (12, 25), (12, 31)})


def deadline_of(day: date) -> datetime:
    """The submission deadline of a day, UTC.

    Examples
    --------
    >>> deadline_of(date(2026, 6, 19)).hour, deadline_of(date(2026, 12, 18)).hour
    (18, 19)
    """
    return datetime.combine(day, DEADLINE, tzinfo=NEW_YORK).astimezone(UTC)


def is_holiday(day: date) -> bool:
    """Whether arXiv makes no announcement on this day, although it is a weekday.

    From arXiv's list for 2026: the third Monday of January, the first Monday of September, the fourth Thursday of
    November, and fixed holidays. A fixed holiday on a Saturday is observed on the Friday before, as arXiv's list has
    it for 4 July 2026. One on a Sunday is observed on the Monday after, as the calendar of US holidays has it; arXiv
    has published no such list yet. Days off between Christmas and New Year change every year and are not known.

    Examples
    --------
    >>> [is_holiday(day) for day in (date(2026, 7, 3), date(2027, 7, 5), date(2026, 7, 6))]
    [True, True, False]
    """
    weekday, nth = day.weekday(), (day.day + 6) // 7
    if (day.month, weekday, nth) in {(1, 0, 3), (9, 0, 1), (11, 3, 4)}:
        return True
    observed = [day] if weekday < 5 else []
    if weekday == 0:
        observed.append(day - timedelta(days=1))
    if weekday == 4:
        observed.append(day + timedelta(days=1))
    return any((d.month, d.day) in _FIXED_HOLIDAYS for d in observed)


def may_be_holiday(day: date) -> bool:
    """Whether arXiv may make no announcement on this day: a holiday, or a day between Christmas and New Year."""
    return is_holiday(day) or (day.month, day.day) >= (12, 24) or (day.month, day.day) <= (1, 2)
