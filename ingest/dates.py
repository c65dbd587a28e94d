"""Dates as arXiv's snapshot and OAI-PMH write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MONTHS = {name: n for n, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_USUAL = re.compile(r"[A-Z][a-z]{2}, (\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")


def parse_mail_date(text: str) -> datetime:
    """The instant of an RFC 5322 date such as ``Mon, 2 Apr 2007 19:18:42 GMT``; UTC if it has no zone.

    Raises
    ------
    ValueError, TypeError
        If the text is not such a date.
    """
    if usual := _USUAL.fullmatch(text):  # ten times as fast as the general parser; a snapshot has millions of dates
        day, month, year, hour, minute, second = usual.groups()
        if month in _MONTHS:
            return datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    at = parsedate_to_datetime(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
