"""How fresh everything is, in words: the newest digest, the last success of each job, and mail that waits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from templates.number_text import plural


class Health(Protocol):
    """What a monitoring system watches."""

    @property
    def newest_digest_at(self) -> datetime | None: ...
    @property
    def last_successes(self) -> Mapping[str, datetime]: ...
    @property
    def oldest_mail_since(self) -> datetime | None: ...


def span_text(span: timedelta) -> str:
    """A span in its largest whole unit: ``3 hours``; below a minute ``less than a minute``.

    Examples
    --------
    >>> [span_text(timedelta(hours=h)) for h in (0, 1, 47, 48)]
    ['less than a minute', '1\\xa0hour', '47\\xa0hours', '2\\xa0days']
    """
    minutes = int(span / timedelta(minutes=1))
    if minutes < 1:
        return "less than a minute"
    if minutes < 60:
        return plural(minutes, "minute")
    if minutes < 48 * 60:
        return plural(minutes // 60, "hour")
    return plural(minutes // (24 * 60), "day")


def digest_age_text(health: Health, now: datetime) -> str:
    """How long ago the newest digest was published; empty before the first."""
    return f"published {span_text(now - health.newest_digest_at)} ago" if health.newest_digest_at else ""


def mail_text(health: Health, now: datetime) -> str:
    """Whether mail waits to be sent, and how long the oldest has; a count would tell how many readers there are."""
    if health.oldest_mail_since is None:
        return "none waits to be sent"
    return f"some waits to be sent, the oldest for {span_text(now - health.oldest_mail_since)}"


def last_success_lines(health: Health, now: datetime) -> list[tuple[str, datetime, str]]:
    """Each job with when it last succeeded and how long ago, the newest first."""
    newest_first = sorted(health.last_successes.items(), key=lambda one: (one[1], one[0]), reverse=True)
    return [(job, at, f"{span_text(now - at)} ago") for job, at in newest_first]
