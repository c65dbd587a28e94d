"""Classifies a mail server's refusal: the one rule, for SMTP replies and for bounce reports.

Statuses are those of RFC 3463 and IANA's registry, read as servers use them. A server's text counts only where its
status is too general, or where the text contradicts it. In doubt a failure ends no subscription: losing a reader is
worse than one more refused mail. Failures that may pass end a subscription only if they last: see ``is_lasting``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from domain.errors import FailureKind
from domain.issues_and_deliveries import DeliveryOutcome
from mail.refusal_wording import ADDRESS, FULL, OUR_MAIL, OUR_SENDER, RATE, missing

MAX_CHARS = 4_000
"""Characters of a server's text that are read; the reason comes first."""

MIN_FAILED_ISSUES = 3
MIN_FAILING_TIME = timedelta(days=21)
MAX_REPORT_DELAY = timedelta(days=7)
"""After this time without a report, an accepted mail has arrived: servers give up after about five days (RFC 5321,
4.5.4.1)."""


@dataclass(frozen=True)
class Failure:
    """What a refusal means.

    ``kind`` is ``failed`` if the address takes no mail, which ends a subscription; ``passing`` if it may take the next
    one, which ends a subscription only if it lasts; ``other`` if the refusal is about our mail, our sender or a policy,
    which ends none. ``status`` is the enhanced status that decided, empty if none did. ``why`` is one line in our own
    words, without any of the server's text. ``is_unclear`` says that neither status nor text gave a reason.
    """

    kind: FailureKind
    status: str
    why: str
    is_unclear: bool = False


class ServerText:
    """What a mail server's own text says: of its first ``MAX_CHARS`` characters, each question is answered once."""

    def __init__(self, text: str) -> None:
        self._text = text[:MAX_CHARS]

    @cached_property
    def reply_code(self) -> int | None:
        """The SMTP reply code."""
        match = _REPLY_CODE.search(self._words)
        return int(match[1]) if match else None

    @cached_property
    def status(self) -> _Status | None:
        """The first enhanced status."""
        return _status(_STATUS_ANYWHERE.search(self._words))

    @cached_property
    def is_about_our_sender(self) -> bool:
        """Whether our sender, a block list or relaying is the reason."""
        return OUR_SENDER.search(self._lower) is not None

    @cached_property
    def is_about_our_mail(self) -> bool:
        """Whether this mail or a policy is the reason."""
        return OUR_MAIL.search(self._lower) is not None

    @cached_property
    def is_about_a_full_mailbox(self) -> bool:
        """Whether a quota or a full disk is the reason."""
        return FULL.search(self._lower) is not None

    @cached_property
    def is_about_the_rate(self) -> bool:
        """Whether the server limits mails or asks for another try."""
        return RATE.search(self._lower) is not None

    @cached_property
    def denies_access(self) -> bool:
        """Whether it has Microsoft's words for a mailbox that does not exist."""
        return _MICROSOFT_NO_MAILBOX.search(self._lower) is not None

    @cached_property
    def missing(self) -> str:
        """What does not exist: ``mailbox``, ``domain``, or an empty string."""
        return missing(self._words)

    @cached_property
    def _words(self) -> str:
        return _HOST.sub(" ", _ADDRESS.sub(ADDRESS, self._text))

    @cached_property
    def _lower(self) -> str:
        return self._words.lower()


def failure_of(status: str, diagnostic: str | ServerText = "", *, reply_code: int | None = None) -> Failure:
    """What a refusal means.

    Parameters
    ----------
    status : an enhanced status such as ``5.1.1``, with any text after it; empty if there is none.
    diagnostic : the server's own text, such as ``smtp; 550 5.1.1 no such user``; a ``ServerText`` if it is read more
        than once.
    reply_code : the SMTP reply code of three digits; by default read from ``diagnostic``.

    Examples
    --------
    >>> failure_of("5.0.0", "smtp; 550 5.1.1 no such user")
    Failure(kind='failed', status='5.1.1', why='no such mailbox', is_unclear=False)
    >>> failure_of("5.2.1", "receiving mail at a rate that prevents delivery").kind
    'passing'
    """
    text = diagnostic if isinstance(diagnostic, ServerText) else ServerText(diagnostic)
    if reply_code is None:
        reply_code = text.reply_code
    given = _status(_STATUS_AT_START.match(status))
    in_text = text.status
    if given is None or (_is_vague(given) and in_text is not None):
        given = in_text or given
    found = _classified(given, text, reply_code)
    if found.kind == "failed" and in_text is not None and in_text != given and not _is_vague(in_text):
        # A relay writes its own status above the reply that it got; where they differ, trust the reply.
        nearer = _classified(in_text, text, reply_code)
        return found if nearer.kind == "failed" else nearer
    return found


def is_lasting(outcomes: Sequence[DeliveryOutcome], *, now: datetime) -> bool:
    """Whether passing failures have lasted so long that the subscription ends.

    They have if mails of ``MIN_FAILED_ISSUES`` issues failed so over at least ``MIN_FAILING_TIME``, with no mail
    accepted in between or since. A mail accepted since counts once a report about it can no longer be expected.
    Failures about our mail or sender are left out: they say nothing about the address.

    Parameters
    ----------
    outcomes : one for each issue that was sent to the reader, newest first.
    """
    failed: list[datetime] = []
    for outcome in outcomes:
        if outcome.kind == "passing":
            failed.append(outcome.at)
        elif outcome.kind == "accepted" and (failed or now - outcome.at >= MAX_REPORT_DELAY):
            break
    return len(failed) >= MIN_FAILED_ISSUES and max(failed) - min(failed) >= MIN_FAILING_TIME


_Status = tuple[int, int, int]

_STATUS_AT_START = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?![.\d])")
# Not inside a version number or an IP address.
_STATUS_ANYWHERE = re.compile(r"(?<![\w.])([45])\.(\d{1,3})\.(\d{1,3})(?![.]?\d)")
_REPLY_CODE = re.compile(r"(?:^|[:;\n'\"]|\bsaid)\s*([45]\d\d)(?=[ -])")
# Taken out first: the names of people and hosts may contain "spam".
_ADDRESS = re.compile(r"<?[^\s<>@]{1,99}@[^\s<>]{1,255}>?")
_HOST = re.compile(r"(?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}\.? ?(?=[\[(][\d:])|(?<=\bhost )[\w.-]+(?=:? said\b)")


def _status(match: re.Match[str] | None) -> _Status | None:
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _is_vague(status: _Status) -> bool:
    """Whether a status names no detail; security (7) and content (6) are about our mail whatever the detail."""
    return status[1] == 0 or (status[1] < 6 and status[2] == 0)


# By subject and detail; any other status is decided by its subject.
_FAILED: dict[tuple[int, int], str] = {
    (1, 1): "no such mailbox",
    (1, 2): "no such mail system",
    (1, 3): "the address is not valid",
    (1, 6): "the mailbox has moved and takes no mail",
    (1, 10): "the address or its domain takes no mail",
    (2, 1): "the mailbox is disabled",
    (4, 4): "the domain does not exist or takes no mail",
    (4, 310): "the domain does not exist",  # Microsoft 365
}
_PASSING: dict[tuple[int, int], str] = {
    (2, 0): "something is wrong with the mailbox",
    (2, 2): "the mailbox is full",
    (2, 4): "a mailing list could not be expanded",
    (2, 14): "the mailbox forwards to a wrong place",  # Microsoft 365, as are those of three digits
    (2, 121): "the mailbox receives too many mails an hour",
    (2, 122): "the mailbox receives too many mails an hour",
    (3, 1): "the mail system is full",
    (3, 2): "the mail system takes no mail at present",
}
_OTHER: dict[tuple[int, int], str] = {
    (1, 7): "our sender's address is refused",
    (1, 8): "our sender's domain is refused",
    (2, 3): "this mail is too large for the mailbox",
    (3, 4): "this mail is too large for the mail system",
}
_BY_SUBJECT: dict[int, tuple[FailureKind, str]] = {
    1: ("other", "the status does not say that the address does not exist"),
    2: ("other", "the status does not say that the mailbox is gone"),
    3: ("other", "the mail system cannot handle this mail"),
    4: ("passing", "the mail could not be routed, or not in time"),
    5: ("other", "the mail servers do not understand each other"),
    6: ("other", "the content or form of this mail is refused"),
    7: ("other", "a policy or security check refuses our mail"),
}

_MICROSOFT_NO_MAILBOX = re.compile(r"recipient\s+address\s+rejected:\s*access\s+denied")


_DETAIL_UNRELIABLE = frozenset({1, 2, 5})
"""Subjects whose further details servers write for whatever went wrong with the address, so that the text decides."""


def _classified(status: _Status | None, text: ServerText, reply_code: int | None) -> Failure:
    shown = "" if status is None else "{}.{}.{}".format(*status)
    if status is not None and status[0] == 2:
        return Failure("other", shown, "nothing failed")
    if status is None or _is_vague(status):
        return _classified_by_text(status, shown, text, reply_code)
    code, subject = status[1:], status[1]
    if code in _OTHER or subject not in _BY_SUBJECT:
        return Failure("other", shown, _OTHER.get(code, "the status is unknown"))
    if text.is_about_our_sender:
        return Failure("other", shown, "the server's text is about our sender or a block list")
    is_for_now = status[0] == 4 or (reply_code is not None and reply_code < 500)
    if is_for_now and (subject < 6 or text.is_about_the_rate):  # a policy lasts, whatever the first digit
        return Failure("passing", shown, _PASSING.get(code, "the server may take the mail later"))
    if code in _FAILED or (code == (4, 1) and text.denies_access):
        if text.is_about_a_full_mailbox:
            return Failure("passing", shown, "the mailbox is full")
        if subject != 1 and text.is_about_the_rate:
            return Failure("passing", shown, "the server limits the rate of mails, or takes none at present")
        return Failure("failed", shown, _FAILED.get(code, "no such mailbox at Microsoft 365"))
    if code in _PASSING:
        return Failure("passing", shown, _PASSING[code])
    kind, why = _BY_SUBJECT[subject]
    if subject in _DETAIL_UNRELIABLE:
        by_text = _classified_by_text(None, shown, text, reply_code)
        return Failure(kind, shown, why, is_unclear=True) if by_text.is_unclear else by_text
    return Failure(kind, shown, why)


def _classified_by_text(status: _Status | None, shown: str, text: ServerText, reply_code: int | None) -> Failure:
    """Classify by the server's text if the status is vague or missing: sender and policy first, then what may pass."""
    if text.is_about_our_sender:
        return Failure("other", shown, "the server's text is about our sender or a block list")
    if text.is_about_our_mail:
        return Failure("other", shown, "the server's text is about our mail or a policy")
    if text.is_about_a_full_mailbox:
        return Failure("passing", shown, "the mailbox is full, according to the server's text")
    is_for_now = (status is not None and status[0] == 4) or (reply_code is not None and reply_code < 500)
    if is_for_now or text.is_about_the_rate:
        return Failure("passing", shown, "the server may take the mail later")
    if what := text.missing:
        return Failure("failed", shown, f"no such {what}, according to the server's text")
    if status is not None and status[1] in (2, 4):
        return Failure("passing", shown, "the status does not say that the failure is permanent")
    return Failure("other", shown, "the server does not say that the address takes no mail", is_unclear=True)
