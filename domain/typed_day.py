"""A day as people type it: itself, or the first or last of a week, month or year."""

from __future__ import annotations

import re
from datetime import date, timedelta

from domain.errors import UsageError
from domain.week import Week


def day(text: str, *, end: bool = False) -> date:
    """A day from ``2026-05-04``, ``2026-W19``, ``2026-05`` or ``2026``; the first, or with ``end`` the last of it.

    Raises
    ------
    UsageError
    """
    try:
        if re.fullmatch(r"\d{4}-W\d{2}", text):
            week = Week.parse(text)
            return week.sunday if end else week.monday
        if re.fullmatch(r"\d{4}(-\d{2})?", text):
            year, month = int(text[:4]), int(text[5:7] or (12 if end else 1))
            after = date(year + month // 12, month % 12 + 1, 1)
            return after - timedelta(days=1) if end else date(year, month, 1)
        return date.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"not a day: {text!r}; write it as 2026-05-04, 2026-W19, 2026-05 or 2026") from error
