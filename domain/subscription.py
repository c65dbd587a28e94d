"""Mail subscriptions: subscribers, what they follow, issues and deliveries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from domain.errors import UsageError
from domain.paper import ArxivId, one_line
from domain.week import Week

Frequency = Literal["weekly", "monthly"]
MailFormat = Literal["html", "text"]
SubscriberState = Literal["pending", "active", "paused", "unsubscribed"]
FollowKind = Literal["technique", "theme", "topic", "category", "search"]
TokenPurpose = Literal["confirm", "manage", "unsubscribe", "block"]
SuppressionReason = Literal["bounced", "complained", "blocked"]
DeliveryState = Literal["due", "claimed", "handing", "sent", "uncertain", "failed", "skipped"]

FREQUENCIES: tuple[Frequency, ...] = ("weekly", "monthly")
MAIL_FORMATS: tuple[MailFormat, ...] = ("html", "text")
FOLLOW_KINDS: tuple[FollowKind, ...] = ("technique", "theme", "topic", "category", "search")

MAX_ADDRESS = 254
MAX_FOLLOWS = 50
MAX_SEARCH = 200
"""Characters of a saved search; the model reads only a few hundred."""

# RFC 5321's dot-string in ASCII. Quoted local parts and other alphabets exist but are not needed here, and every
# character that this refuses could end a header or a command early.
_LOCAL = re.compile(r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")
_LABEL = re.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")


def normalised_address(text: str) -> str:
    """The address as stored and compared: trimmed, lower-case, with the domain in ASCII.

    The standard lets a server distinguish ``Ada@`` from ``ada@``. No common server does, and a reader who types both
    must not get two digests.

    Raises
    ------
    UsageError
        If the text is not a valid mail address.

    Examples
    --------
    >>> normalised_address(" Ada.Example@BÜCHER.example ")
    'ada.example@xn--bcher-kva.example'
    """
    local, at, host = text.strip().rpartition("@")
    shown = repr(text if len(text) <= 80 else text[:77] + "...")
    if not at or not _LOCAL.match(local) or len(local) > 64:
        raise UsageError(f"{shown} is not a mail address; write it like ada@example.org")
    try:
        ascii_host = host.lower().encode("idna").decode("ascii")
    except UnicodeError as error:
        raise UsageError(f"{shown} is not a mail address: the domain name is invalid") from error
    labels = ascii_host.split(".")
    if len(labels) < 2 and ascii_host != "localhost":
        raise UsageError(f"{shown} is not a mail address: the part after @ is not a domain name")
    if not all(_LABEL.match(label) and len(label) <= 63 for label in labels):
        raise UsageError(f"{shown} is not a mail address: the domain name is invalid")
    address = f"{local.lower()}@{ascii_host}"
    if len(address) > MAX_ADDRESS:
        raise UsageError(f"{shown} is longer than {MAX_ADDRESS} characters, the maximum of a mail address")
    return address


def mailbox_of(address: str) -> str:
    """The mailbox of a normalised address, without its tag: ``ada+news@`` gives ``ada@``.

    Used for limits only, so that one mailbox cannot be flooded through its aliases.
    """
    local, _, host = address.rpartition("@")
    local = local.partition("+")[0] or local
    if host in ("gmail.com", "googlemail.com"):
        local, host = local.replace(".", ""), "gmail.com"
    return f"{local}@{host}"


@dataclass(frozen=True, order=True)
class Follow:
    """A technique, theme, topic, category or saved search that a reader follows.

    ``key`` is the key of a technique or theme, the id of a topic, the name of a category, or the text of a search.
    """

    kind: FollowKind
    key: str

    def __post_init__(self) -> None:
        if self.kind not in FOLLOW_KINDS:
            raise UsageError(f"{self.kind!r} cannot be followed; follow one of {', '.join(FOLLOW_KINDS)}")
        if not self.key or len(self.key) > MAX_SEARCH or self.key != sanitized_line(self.key):
            raise UsageError(f"a followed {self.kind} must be one line of 1 to {MAX_SEARCH} characters")

    @classmethod
    def parse(cls, text: str) -> Follow:
        """Read ``technique:diffusion``, ``topic:12``, ``category:cs.CL`` or ``search:test-time scaling``.

        Raises
        ------
        UsageError
        """
        kind, colon, key = text.partition(":")
        if not colon:
            raise UsageError(f"cannot read {text!r}; write KIND:KEY, where KIND is one of {', '.join(FOLLOW_KINDS)}")
        return cls(kind.strip(), sanitized_line(key))  # type: ignore[arg-type]  # __post_init__ refuses any other

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


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
        if len(set(self.follows)) != len(self.follows):
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
        month = re.match(r"^(\d{4})-(\d{2})$", text)
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


@dataclass(frozen=True)
class InlineImage:
    """An image inside a mail; ``name`` is the first part of its Content-ID."""

    name: str
    png: bytes = field(repr=False)


@dataclass(frozen=True)
class MailMessage:
    """The content of a mail, before it is encoded.

    ``html`` is empty for a plain-text mail. ``unsubscribe_url`` is empty for a mail that is not sent to a list, such
    as a confirmation.
    """

    to: str
    subject: str
    text: str
    html: str = ""
    pictures: Sequence[InlineImage] = ()
    message_key: str = ""
    unsubscribe_url: str = ""
