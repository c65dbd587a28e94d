"""Mail subscriptions: subscribers, what they follow, and what their links are for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from domain.errors import UsageError
from domain.paper import one_line

Frequency = Literal["weekly", "monthly"]
MailFormat = Literal["html", "text"]
SubscriberState = Literal["pending", "active", "paused", "unsubscribed"]
FollowKind = Literal["technique", "theme", "topic", "category", "name", "search"]
TokenPurpose = Literal["confirm", "manage", "unsubscribe", "block"]
SuppressionReason = Literal["bounced", "complained", "blocked"]

FREQUENCIES: tuple[Frequency, ...] = ("weekly", "monthly")
MAIL_FORMATS: tuple[MailFormat, ...] = ("html", "text")
FOLLOW_KINDS: tuple[FollowKind, ...] = ("technique", "theme", "topic", "category", "name", "search")

MAX_FOLLOWS = 50
MAX_SEARCH = 200
"""Characters of a saved search; the model reads only a few hundred."""
MAX_PER_WEEK = 100
"""New papers a week that one search or topic may be set to bring."""


@dataclass(frozen=True, order=True)
class Follow:
    """A technique, theme, topic, category, named thing or saved search that a reader follows.

    ``key`` is the key of a technique or theme, the id of a topic, the name of a category, ``#`` and the id of a named
    thing, or the text of a search. ``per_week`` is about how many new papers a week a search or topic should bring;
    ``None`` for all that are near enough to the best, and for everything else.
    """

    kind: FollowKind
    key: str
    per_week: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in FOLLOW_KINDS:
            raise UsageError(f"{self.kind!r} cannot be followed; follow one of {', '.join(FOLLOW_KINDS)}")
        if not self.key or len(self.key) > MAX_SEARCH or self.key != sanitized_line(self.key):
            raise UsageError(f"a followed {self.kind} must be one line of 1 to {MAX_SEARCH} characters")
        if self.per_week is not None and not self.is_ranked:
            raise UsageError(f"a {self.kind} takes no number of papers; give a number a week to a search or topic only")
        if self.per_week is not None and not 1 <= self.per_week <= MAX_PER_WEEK:
            raise UsageError(f"{self.per_week} papers a week cannot be followed; give 1 to {MAX_PER_WEEK}")

    @property
    def brings_papers(self) -> bool:
        """Whether it selects papers, and not only numbers."""
        return self.is_ranked or self.kind == "name"

    @property
    def is_ranked(self) -> bool:
        """Whether it selects papers by a score that must reach a threshold."""
        return self.kind in ("search", "topic")

    @property
    def what(self) -> str:
        """``KIND:KEY``, whatever number a week is wanted."""
        return f"{self.kind}:{self.key}"

    @classmethod
    def parse(cls, text: str) -> Follow:
        """Read ``technique:diffusion``, ``topic:12``, ``category:cs.CL``, ``name:#7`` or ``search:test-time scaling``.

        A number behind the kind is how many papers a week are wanted, about: ``search/12:test-time scaling``.

        Raises
        ------
        UsageError

        Examples
        --------
        >>> Follow.parse("search/12: test-time scaling")
        Follow(kind='search', key='test-time scaling', per_week=12)
        """
        kind, colon, key = text.partition(":")
        if not colon:
            raise UsageError(f"cannot read {text!r}; write KIND:KEY, where KIND is one of {', '.join(FOLLOW_KINDS)}")
        kind, slash, number = kind.strip().partition("/")
        if slash and not re.fullmatch("[0-9]{1,4}", number):
            raise UsageError(f"cannot read {text!r}; behind the / write a number of papers a week, as in {kind}/12:")
        return cls(kind, sanitized_line(key), int(number) if slash else None)  # type: ignore[arg-type]  # __post_init__ refuses any other kind

    def __str__(self) -> str:
        return self.what if self.per_week is None else f"{self.kind}/{self.per_week}:{self.key}"


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def sanitized_line(text: str) -> str:
    """User input as one line without control characters, which could act on a terminal, a header or a page."""
    return one_line(_CONTROL.sub(" ", text))


@dataclass(frozen=True)
class Preferences:
    """How often and in which format a reader gets the digest, and what they follow."""

    frequency: Frequency = "weekly"
    mail_format: MailFormat = "html"
    follows: tuple[Follow, ...] = ()

    def __post_init__(self) -> None:
        if self.frequency not in FREQUENCIES:
            raise UsageError(f"{self.frequency!r} is not a frequency; choose {' or '.join(FREQUENCIES)}")
        if self.mail_format not in MAIL_FORMATS:
            raise UsageError(f"{self.mail_format!r} is not a mail format; choose {' or '.join(MAIL_FORMATS)}")
        if len(self.follows) > MAX_FOLLOWS:
            raise UsageError(f"{len(self.follows)} follows are too many; choose {MAX_FOLLOWS} or fewer")
        if len({follow.what for follow in self.follows}) != len(self.follows):
            raise UsageError("the same item is followed twice; remove one")

    def of(self, kind: FollowKind) -> tuple[str, ...]:
        """The keys of one kind, in order."""
        return tuple(f.key for f in self.follows if f.kind == kind)


@dataclass(frozen=True)
class Subscriber:
    """A reader by mail.

    ``confirmed_at`` is ``None`` before the first confirmation; until then only the confirmation mail is sent.
    """

    subscriber_id: int
    address: str
    state: SubscriberState
    preferences: Preferences
    created_at: datetime
    confirmed_at: datetime | None
    changed_at: datetime


CONFIRM_LIFETIME = timedelta(days=7)
MANAGE_LIFETIME = timedelta(days=90)
UNSUBSCRIBE_LIFETIME = timedelta(days=800)
"""Unsubscribe links work for more than two years, because readers keep old mails."""

TOKEN_LIFETIMES: dict[TokenPurpose, timedelta] = {
    "confirm": CONFIRM_LIFETIME,
    "manage": MANAGE_LIFETIME,
    "unsubscribe": UNSUBSCRIBE_LIFETIME,
    "block": UNSUBSCRIBE_LIFETIME,
}
