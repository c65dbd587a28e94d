"""Readers by mail: who they are, what they follow, and what was sent to whom."""

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
"""Characters of a saved search: the model reads no more than a few hundred."""

# RFC 5321's dot-string in ASCII: quoted local parts and other alphabets exist, but no form that people fill in needs
# them, and every character that this refuses is one that could end a header or a command early.
_LOCAL = re.compile(r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")
_LABEL = re.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")


def normalised_address(text: str) -> str:
    """The address as it is stored and compared: trimmed, in small letters, the domain in ASCII.

    The standard lets a server tell ``Ada@`` from ``ada@``; none that people use does, and a reader who types both
    must not get two digests.

    Raises
    ------
    UsageError
        If it is no address that a mail can be sent to.

    Examples
    --------
    >>> normalised_address(" Ada.Example@BÜCHER.example ")
    'ada.example@xn--bcher-kva.example'
    """
    local, at, host = text.strip().rpartition("@")
    shown = repr(text if len(text) <= 80 else text[:77] + "...")
    if not at or not _LOCAL.match(local) or len(local) > 64:
        raise UsageError(f"{shown} is not a mail address; they are written like ada@example.org")
    try:
        ascii_host = host.lower().encode("idna").decode("ascii")
    except UnicodeError as error:
        raise UsageError(f"{shown} is not a mail address: no server can have that name") from error
    labels = ascii_host.split(".")
    if len(labels) < 2 and ascii_host != "localhost":
        raise UsageError(f"{shown} is not a mail address: the part after @ names no server")
    if not all(_LABEL.match(label) and len(label) <= 63 for label in labels):
        raise UsageError(f"{shown} is not a mail address: no server can have that name")
    address = f"{local.lower()}@{ascii_host}"
    if len(address) > MAX_ADDRESS:
        raise UsageError(f"{shown} is longer than the {MAX_ADDRESS} characters that a mail address can have")
    return address


def mailbox_of(address: str) -> str:
    """The mailbox behind a normalised address, as far as it can be told: ``ada+news@`` is ``ada@``.

    Used for limits only, so that one mailbox cannot be flooded through its many names.
    """
    local, _, host = address.rpartition("@")
    local = local.partition("+")[0] or local
    if host in ("gmail.com", "googlemail.com"):
        local, host = local.replace(".", ""), "gmail.com"
    return f"{local}@{host}"


@dataclass(frozen=True, order=True)
class Follow:
    """One thing that a reader follows.

    ``key`` is the key of a technique or theme, the number of a topic, the name of a category, or the words of a
    saved search.
    """

    kind: FollowKind
    key: str

    def __post_init__(self) -> None:
        if self.kind not in FOLLOW_KINDS:
            raise UsageError(f"{self.kind!r} cannot be followed; what can is {', '.join(FOLLOW_KINDS)}")
        if not self.key or len(self.key) > MAX_SEARCH or self.key != clean_text(self.key):
            raise UsageError(f"a {self.kind} to follow is one line of 1 to {MAX_SEARCH} characters")

    @classmethod
    def parse(cls, text: str) -> Follow:
        """Read ``technique:diffusion``, ``topic:12``, ``category:cs.CL`` or ``search:test-time scaling``.

        Raises
        ------
        UsageError
        """
        kind, colon, key = text.partition(":")
        if not colon:
            raise UsageError(f"{text!r}: write KIND:WHAT, with one of {', '.join(FOLLOW_KINDS)} before the colon")
        return cls(kind.strip(), clean_text(key))  # type: ignore[arg-type]  # __post_init__ refuses any other

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean_text(text: str) -> str:
    """What somebody typed, as one line without characters that a terminal, a header or a page would obey."""
    return one_line(_CONTROL.sub(" ", text))


@dataclass(frozen=True)
class Preferences:
    """How often, in which form, and what besides the common part."""

    frequency: Frequency = "weekly"
    mail_format: MailFormat = "html"
    follows: tuple[Follow, ...] = ()

    def __post_init__(self) -> None:
        if self.frequency not in FREQUENCIES:
            raise UsageError(f"{self.frequency!r} is no frequency; they are {' and '.join(FREQUENCIES)}")
        if self.mail_format not in MAIL_FORMATS:
            raise UsageError(f"{self.mail_format!r} is no form of mail; they are {' and '.join(MAIL_FORMATS)}")
        if len(self.follows) > MAX_FOLLOWS:
            raise UsageError(f"{len(self.follows)} are too many to follow; choose {MAX_FOLLOWS} or fewer")
        if len(set(self.follows)) != len(self.follows):
            raise UsageError("the same is followed twice")

    def of(self, kind: FollowKind) -> tuple[str, ...]:
        """The keys of one kind, in their order."""
        return tuple(f.key for f in self.follows if f.kind == kind)


@dataclass(frozen=True)
class Subscriber:
    """A reader by mail.

    ``confirmed_at`` is ``None`` before the first confirmation, without which nothing but the question for it is
    ever sent.
    """

    subscriber_id: int
    address: str
    state: SubscriberState
    preferences: Preferences
    created_at: datetime
    confirmed_at: datetime | None
    changed_at: datetime


CONFIRM_LASTS = timedelta(days=7)
MANAGE_LASTS = timedelta(days=90)
UNSUBSCRIBE_LASTS = timedelta(days=800)
"""A link to leave works for more than two years; it must outlive the mail that carries it."""

LASTS: dict[TokenPurpose, timedelta] = {
    "confirm": CONFIRM_LASTS,
    "manage": MANAGE_LASTS,
    "unsubscribe": UNSUBSCRIBE_LASTS,
    "block": UNSUBSCRIBE_LASTS,
}


@dataclass(frozen=True)
class Issue:
    """What is sent once to each reader of a frequency: a week's digest, or a month's.

    A week belongs to the month that holds its Thursday, as everywhere else.

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
            raise UsageError(f"not an issue: {text!r}; write 2026-W25 for a week's or 2026-06 for a month's") from error

    @property
    def weeks(self) -> tuple[Week, ...]:
        """The weeks it covers, oldest first."""
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
    """The issues that a week's digest completes: its own, and its month's where it is the month's last week."""
    weekly = Issue("weekly", week)
    ends_month = _month_of(week.plus(1)) != _month_of(week)
    return (weekly, Issue("monthly", week)) if ends_month else (weekly,)


def _month_of(week: Week) -> tuple[int, int]:
    thursday = week.monday + timedelta(days=3)
    return thursday.year, thursday.month


@dataclass(frozen=True)
class Delivery:
    """One issue for one reader.

    ``message_key`` is the random part of its Message-ID, the same at every try. ``papers`` are those that its
    personal part lists, known once it was handed over.
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
class Picture:
    """An image that travels with a letter; ``name`` is its Content-ID's first part."""

    name: str
    png: bytes = field(repr=False)


@dataclass(frozen=True)
class MailMessage:
    """A mail before it is one: everything that is particular about it.

    ``html`` is empty where plain text is all there is. ``unsubscribe_url`` is empty on what is no list mail, such as
    a question to confirm: a header that leads nowhere is worse than none.
    """

    to: str
    subject: str
    text: str
    html: str = ""
    pictures: Sequence[Picture] = ()
    message_key: str = ""
    unsubscribe_url: str = ""
