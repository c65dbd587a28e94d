"""Confirmation mails: the reply to each request from the subscription form.

The form only stores the request and the reply goes out by mail, so only the owner of an address learns anything about
it. A mailbox gets a few replies a day, whichever of its addresses was typed and from wherever, so nobody can flood it;
a blocked address gets none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import DeliveryError, MailServerUnavailable, UsageError
from domain.mail_message import MailMessage
from domain.mail_transport import Transport
from domain.progress import Progress
from domain.subscription import TokenPurpose
from mail.issue_delivery import wait_after
from store.database import Database
from store.mailbox_block_links import add_block_link
from store.subscriber_tokens import add_tokens
from store.subscribers import add_pending, subscriber_by_address
from store.subscription_requests import (
    SubscriptionRequest,
    claim_request,
    count_answers_tried,
    finish_request,
    waiting_requests,
)
from store.suppressed_addresses import suppression_reason
from templates.mail_notice_wording import confirmation_notice, manage_notice
from templates.mail_rendering import render_notice

MAX_A_DAY = 3
MAX_A_MONTH = 8
"""Replies that one mailbox gets at most, however many requests name it."""
_MAX_TRIES = 5
_log = logging.getLogger("papertide.confirmations")
_BATCH = 50


@dataclass(frozen=True)
class ConfirmationContext:
    """Everything that replying needs; ``url`` gives the address of the page for a token."""

    db: Database
    transport: Transport
    url: Callable[[TokenPurpose, str], str]
    clock: Callable[[], datetime]
    new_token: Callable[[], str]
    new_key: Callable[[], str]
    wait: Callable[[], None]


def answer_requests(context: ConfirmationContext) -> Iterator[Progress]:
    """Reply to all waiting requests; yields after each one whose outcome is stored.

    If the process dies during sending, the mail is not sent again: the person can send the form again.

    Raises
    ------
    MailServerUnavailable
        If the server takes no mail at all now; the remaining requests keep waiting.
    """
    n_done = 0
    while batch := waiting_requests(context.db, now=context.clock(), limit=_BATCH):
        for request in batch:
            try:
                _reply_to(context, request)
            except (UsageError, ValueError) as error:  # a mail that cannot be written must not hold up the others
                _log.warning("a confirmation cannot be written: %s", type(error).__name__)
                problem = f"not written: {error}"
                finish_request(context.db, request.request_id, state="dropped", problem=problem, counts=False)
            n_done += 1
            yield Progress("delivery", n_done, n_done, "replies")


def _reply_to(context: ConfirmationContext, request: SubscriptionRequest) -> None:
    db = context.db
    reason = _reason_to_skip(context, request)
    if reason:
        finish_request(db, request.request_id, state="dropped", problem=reason, counts=False)
        return
    message = _reply(context, request)
    if message is None:
        finish_request(
            db, request.request_id, state="dropped", problem="no subscription has this address", counts=False
        )
        return
    context.wait()
    if not claim_request(db, request.request_id):
        return
    n_tries = request.n_tries + 1
    try:
        context.transport.send(message, now=context.clock(), before_commit=lambda: True)
    except MailServerUnavailable as error:
        finish_request(
            db,
            request.request_id,
            state="waiting",
            problem=str(error),
            next_try_at=context.clock() + wait_after(1),
            counts=False,
        )
        raise
    except DeliveryError as error:
        again = not (error.permanent or error.uncertain) and n_tries < _MAX_TRIES
        finish_request(
            db,
            request.request_id,
            state="waiting" if again else "dropped",
            problem=str(error),
            next_try_at=context.clock() + wait_after(n_tries) if again else None,
        )
    else:
        finish_request(db, request.request_id, state="sent")


def _reason_to_skip(context: ConfirmationContext, request: SubscriptionRequest) -> str:
    """Why nothing is sent; empty if a reply is due."""
    if suppressed := suppression_reason(context.db, request.address):
        return f"suppressed: {suppressed}"
    now = context.clock()
    if count_answers_tried(context.db, request.address, since=now - timedelta(days=1)) >= MAX_A_DAY:
        return f"the mailbox got {MAX_A_DAY} replies within a day"
    if count_answers_tried(context.db, request.address, since=now - timedelta(days=30)) >= MAX_A_MONTH:
        return f"the mailbox got {MAX_A_MONTH} replies within 30 days"
    return ""


def _reply(context: ConfirmationContext, request: SubscriptionRequest) -> MailMessage | None:
    """The mail to send; ``None`` for a request to manage a subscription that does not exist."""
    db, now = context.db, context.clock()
    reader = subscriber_by_address(db, request.address)
    if reader is not None and reader.state in ("active", "paused"):
        tokens: dict[TokenPurpose, str] = {"manage": context.new_token()}
        add_tokens(db, reader.subscriber_id, tokens, now=now)
        notice = manage_notice(
            context.url("manage", tokens["manage"]), reader.state, asked_to_subscribe=request.preferences is not None
        )
    elif request.preferences is None:
        return None
    else:
        reader = add_pending(db, request.address, request.preferences, now=now)
        tokens = {"confirm": context.new_token()}
        add_tokens(db, reader.subscriber_id, tokens, now=now, preferences=request.preferences)
        block_token = context.new_token()
        add_block_link(db, request.address, block_token, now=now)
        notice = confirmation_notice(context.url("confirm", tokens["confirm"]), context.url("block", block_token))
    html, text = render_notice(notice)
    return MailMessage(to=request.address, subject=notice.subject, text=text, html=html, message_key=context.new_key())
