"""The English of short pages: what happened to a subscription, and what an error is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.harvest import CountedHistory
from templates.harvest_wording import history_reach


@dataclass(frozen=True)
class PageMessage:
    """A page that says something; ``link`` is the address and the text of a way on."""

    title: str
    paragraphs: tuple[str, ...]
    link: tuple[str, str] | None = None


@dataclass(frozen=True)
class Confirmation:
    """A page with one button, which asks before anything is done."""

    title: str
    question: str
    button: str


# -- subscriptions


REQUEST_STORED = PageMessage(
    "Check your mail",
    (
        "If we may send mail to this address, a message is on its way. It tells you what to do next.",
        "If nothing arrives within a few minutes, check your spam folder or try again tomorrow: "
        "an address gets only a few such messages a day.",
    ),
)
REQUEST_STORED_FOR_LATER = PageMessage(
    "Your request is stored",
    (
        "This server sends no mail at the moment. If we may send mail to this address, a message will be sent when its "
        "operator starts the scheduler again.",
        "You need not send the form again.",
    ),
)
EXPIRED_LINK = PageMessage(
    "This link has expired",
    ("Links in mails work for a limited time. You can get a new one below the subscription form.",),
    ("/subscribe", "Go to the form"),
)
UNKNOWN_LINK = PageMessage(
    "This link does not work",
    ("It may be incomplete, or its subscription may have been deleted.",),
    ("/subscribe", "Go to the form"),
)
DELETED = PageMessage(
    "Everything is deleted",
    (
        "We have deleted your address, what you followed and the record of what was sent to you.",
        "For 35 days we keep the times of your requests with a coded form of your mailbox, to limit mails to it. "
        "If you asked never to be mailed, that coded form stays.",
        "Backups hold your data until newer ones replace them. Restoring one does not bring you back, unless the "
        "operator restores the subscribers of the backup because the database itself is lost.",
    ),
)
BLOCKED = PageMessage("You will not hear from us", ("We will never send mail to this address again.",))
BLOCK_QUESTION = Confirmation(
    "Never mail this address",
    "Block all mail to the address to which we sent this link, even if somebody enters it again?",
    "Block this address",
)
CHANGED: Mapping[str, str] = {
    "save": "Saved.",
    "pause": "Your subscription is paused. Nothing is sent until you resume it.",
    "resume": "Your subscription is active again. You will get the next digest.",
    "unsubscribe": "You are unsubscribed. Nothing more is sent.",
    "resubscribe": "You are subscribed again. You will get the next digest.",
}
"""What a button on the page of a subscription has done."""
UNCHANGED = "Nothing was changed."


def too_many_requests(problem: str) -> PageMessage:
    """A network has sent too many requests."""
    return PageMessage("Please wait a little", (f"{problem}.",))


def subscribed(address: str, *, already: bool) -> PageMessage:
    """A subscription is confirmed, now or ``already`` before."""
    before = " You had already confirmed." if already else ""
    return PageMessage(
        "You are subscribed",
        (
            f"We will send the next digest to {address}.{before} "
            "Every mail has links to change your subscription or to unsubscribe.",
        ),
        ("/", "Read the newest digest"),
    )


def unsubscribed(address: str) -> PageMessage:
    """A subscription has ended."""
    return PageMessage("You are unsubscribed", (f"We will send no more digests to {address}.",))


def confirm_question(purpose: Literal["confirm", "unsubscribe"], address: str) -> Confirmation:
    """What the page of a link in a mail asks."""
    if purpose == "confirm":
        return Confirmation(
            "Confirm your subscription", f"Click to get the digest at {address}.", "Confirm the subscription"
        )
    return Confirmation("Unsubscribe", f"Stop sending digests to {address}?", "Unsubscribe")


# -- trends


def counted_note(counted_at: datetime) -> str:
    """Which papers the numbers of techniques, themes and topics are of, while newer ones are being counted."""
    return (
        "Papers have changed and are being counted. "
        f"Techniques, themes and topics have the numbers of {counted_at:%Y-%m-%d %H:%M} UTC."
    )


def growing_history_note(history: CountedHistory | None) -> str:
    """That earlier weeks are still being added; empty where they are not."""
    return "" if history is None else f"Earlier weeks are still being added: {history_reach(history)}."


# -- errors


_ERROR_TITLES = {
    404: "There is nothing at this address",
    405: "This address does not accept that method",
    414: "This address is too long",
    421: "This is another service’s address",
    422: "This request cannot be answered",
    429: "Too many requests",
    503: "The answer is not ready",
}


def error_title(status: int) -> str:
    """The heading of the page of an HTTP status."""
    return _ERROR_TITLES.get(status, "This did not work")
