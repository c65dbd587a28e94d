"""Answers to what was typed into the form: a question to confirm, or a link to one's own page.

The form only stores what was typed; the mail is the answer, so nobody but the owner of an address learns anything
about it. Nobody can be flooded: a mailbox gets a few answers a day, by whatever name and from wherever they were
asked for, and one that asked never to be written to gets none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import DeliveryError, MailServerUnavailable
from domain.mail import Transport
from domain.progress import Progress
from domain.subscription import CONFIRM_LASTS, MANAGE_LASTS, MailMessage, TokenPurpose
from mail.issues import wait_after
from store.database import Database
from store.subscribers import (
    SubscriptionRequest,
    add_pending,
    add_tokens,
    claim_request,
    finish_request,
    letters_to,
    subscriber_of,
    suppress,
    suppressed_for,
    waiting_requests,
)
from templates.mail_content import Notice, render_notice

MAX_A_DAY = 3
MAX_A_MONTH = 8
"""Answers that one mailbox gets at most, however often and by whom they are asked for."""
_MAX_TRIES = 5
_AT_ONCE = 50


@dataclass(frozen=True)
class ConfirmationContext:
    """What answering takes. ``url`` gives the address of a page for a token of a purpose."""

    db: Database
    transport: Transport
    url: Callable[[TokenPurpose, str], str]
    clock: Callable[[], datetime]
    new_token: Callable[[], str]
    new_key: Callable[[], str]
    wait: Callable[[], None]


def answer_requests(desk: ConfirmationContext) -> Iterator[Progress]:
    """Answer everybody who waits; yields after each that is stored.

    A process that dies while a mail leaves does not send it again: whoever asked can ask once more.

    Raises
    ------
    MailServerUnavailable
        If the server takes no mail from anybody now; everybody who is left still waits.
    """
    n_done = 0
    while batch := waiting_requests(desk.db, now=desk.clock(), limit=_AT_ONCE):
        for request in batch:
            _answer(desk, request)
            n_done += 1
            yield Progress("delivery", n_done, n_done, "answers")


def _answer(desk: ConfirmationContext, request: SubscriptionRequest) -> None:
    db = desk.db
    reason = _reason_for_silence(desk, request)
    if reason:
        finish_request(db, request.request_id, state="dropped", problem=reason)
        return
    letter = _letter(desk, request)
    if letter is None:
        finish_request(db, request.request_id, state="dropped", problem="nobody has subscribed with this address")
        return
    desk.wait()
    if not claim_request(db, request.request_id):
        return
    n_tries = request.n_tries + 1
    try:
        desk.transport.send(letter, now=desk.clock(), handing=lambda: True)
    except MailServerUnavailable as error:
        finish_request(
            db,
            request.request_id,
            state="waiting",
            problem=str(error),
            next_try_at=desk.clock() + wait_after(1),
            counts=False,
        )
        raise
    except DeliveryError as error:
        if error.bad_address:
            suppress(db, request.address, "bounced", now=desk.clock())
        again = not (error.permanent or error.uncertain) and n_tries < _MAX_TRIES
        finish_request(
            db,
            request.request_id,
            state="waiting" if again else "dropped",
            problem=str(error),
            next_try_at=desk.clock() + wait_after(n_tries) if again else None,
        )
    else:
        finish_request(db, request.request_id, state="sent")


def _reason_for_silence(desk: ConfirmationContext, request: SubscriptionRequest) -> str:
    """Why nothing is sent, empty where something is."""
    if suppressed := suppressed_for(desk.db, request.address):
        return f"left alone: {suppressed}"
    now = desk.clock()
    if letters_to(desk.db, request.address, since=now - timedelta(days=1)) >= MAX_A_DAY:
        return f"the mailbox had {MAX_A_DAY} answers within a day"
    if letters_to(desk.db, request.address, since=now - timedelta(days=30)) >= MAX_A_MONTH:
        return f"the mailbox had {MAX_A_MONTH} answers within 30 days"
    return ""


def _letter(desk: ConfirmationContext, request: SubscriptionRequest) -> MailMessage | None:
    """The answer; ``None`` where there is nobody to tell anything."""
    db, now = desk.db, desk.clock()
    reader = subscriber_of(db, request.address)
    if reader is not None and reader.state in ("active", "paused"):
        tokens: dict[TokenPurpose, str] = {"manage": desk.new_token()}
        add_tokens(db, reader.subscriber_id, tokens, now=now)
        words = _page_words(
            desk.url("manage", tokens["manage"]), reader.state, asked_to_subscribe=request.preferences is not None
        )
    elif request.preferences is None:
        return None
    else:
        reader = add_pending(db, request.address, request.preferences, now=now)
        tokens = {"confirm": desk.new_token(), "block": desk.new_token()}
        add_tokens(db, reader.subscriber_id, tokens, now=now, preferences=request.preferences)
        words = _confirm_words(desk.url("confirm", tokens["confirm"]), desk.url("block", tokens["block"]))
    html, text = render_notice(words)
    return MailMessage(to=request.address, subject=words.subject, text=text, html=html, message_key=desk.new_key())


def _confirm_words(confirm_url: str, block_url: str) -> Notice:
    return Notice(
        subject="Please confirm your subscription to Papertide",
        heading="One more step",
        paragraphs=(
            "Somebody, probably you, asked for the Papertide digest of machine-learning research at this address.",
            f"Nothing is sent until you confirm. The link works for {CONFIRM_LASTS.days} days.",
        ),
        button=("Confirm the subscription", confirm_url),
        small=(
            ("It was not you? Then do nothing, and you will not hear from us.", "", ""),
            ("You do not want to be asked again?", "Never write to this address", block_url),
        ),
    )


def _page_words(url: str, state: str, *, asked_to_subscribe: bool) -> Notice:
    paused = " It is paused now." if state == "paused" else ""
    first = (
        f"You asked for the Papertide digest, and you have it already.{paused}"
        if asked_to_subscribe
        else f"Here is the link to your subscription.{paused}"
    )
    return Notice(
        subject="Your Papertide subscription",
        heading="Your subscription",
        paragraphs=(
            first,
            f"On your page you can change, pause, export and delete it. The link works for {MANAGE_LASTS.days} days.",
        ),
        button=("Open my page", url),
        small=(("It was not you who asked? Nothing has changed.", "", ""),),
    )
