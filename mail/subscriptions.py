"""Subscribe, confirm, change, pause and leave: by a link from a mail, or by address for the operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from typing import Any, Literal

from domain.errors import TooManyRequests, UsageError
from domain.mail_address import normalised_address
from domain.subscription import Preferences, Subscriber, SubscriberState, TokenPurpose
from runtime.context import AppContext
from store.mailbox_block_links import block_by_token, block_link_expiry
from store.subscriber_tokens import TokenUse, confirm_by_token, token_use
from store.subscribers import (
    change_preferences,
    change_state,
    confirm,
    delete_subscriber,
    subscriber_by_address,
    subscriber_counts,
    subscriber_export,
    subscribers,
)
from store.subscription_requests import RequestLimits, add_limited_request, add_request
from store.suppressed_addresses import allow, suppress, suppression_reason
from templates.number_text import plain_plural

MAX_FROM_NETWORK = 10
MAX_FROM_SITE = 30
REQUEST_WINDOW = timedelta(hours=1)
"""The limits of requests from one network, and from one /48 of IPv6, whoever they are for."""

Outcome = Literal["done", "already", "expired", "unknown"]


def request_mail(context: AppContext, address: str, preferences: Preferences | None, *, network: str) -> None:
    """Store a request for the digest, or without preferences for the link to manage a subscription.

    The work and its duration are the same for every address; the reply comes by mail.

    Raises
    ------
    UsageError
        If it is not an address.
    TooManyRequests
        If the network, its /48, or everybody together has sent too many requests, for whichever addresses.
    """
    normal, now = normalised_address(address, public=True), context.now()
    refused = add_limited_request(
        context.db,
        normal,
        preferences,
        network=network,
        site=site_of(network),
        limits=RequestLimits(REQUEST_WINDOW, MAX_FROM_NETWORK, MAX_FROM_SITE, context.settings.mail.requests_per_hour),
        now=now,
    )
    if refused is not None:
        wait = int((refused.until - now).total_seconds()) + 1
        whose = "in all" if refused.limit == "all" else "from your network"
        minutes = max(1, wait // 60)
        raise TooManyRequests(
            f"too many requests {whose}; try again in {plain_plural(minutes, 'minute')}",
            retry_after_s=wait,
        )


def site_of(network: str) -> str:
    """The /48 of an IPv6 network, which one customer may have whole; else the network itself.

    Examples
    --------
    >>> site_of("2001:db8:1:2::/64"), site_of("192.0.2.7")
    ('2001:db8:1::/48', '192.0.2.7')
    """
    try:
        parsed = ip_network(network)
    except ValueError:
        return network
    return str(parsed.supernet(new_prefix=48)) if parsed.version == 6 and parsed.prefixlen > 48 else network


@dataclass(frozen=True)
class OpenedLink:
    """A link from a mail that was opened: whether it is valid, and whose it is."""

    outcome: Outcome
    use: TokenUse | None

    @property
    def reader(self) -> Subscriber:
        """The subscriber whose link it is.

        Raises
        ------
        UsageError
            If the link is unknown.
        """
        if self.use is None:
            raise UsageError("this link is not valid")
        return self.use.subscriber


def _may_be_token(text: str) -> bool:
    return 16 <= len(text) <= 64


def open_link(context: AppContext, token: str, purpose: TokenPurpose) -> OpenedLink:
    """Look a link of a subscriber up without changing anything."""
    use = token_use(context.db, token, purpose, now=context.now()) if _may_be_token(token) else None
    if use is None:
        return OpenedLink("unknown", None)
    if use.is_used and purpose == "confirm":
        # Do not tell readers who have unsubscribed since that they are subscribed.
        return OpenedLink("already" if use.subscriber.state in ("active", "paused") else "expired", use)
    return OpenedLink("expired" if use.is_expired else "done", use)


def confirm_subscription(context: AppContext, token: str) -> OpenedLink:
    """Activate a subscription with the requested preferences; a second time changes nothing."""
    link = open_link(context, token, "confirm")
    if link.outcome != "done" or link.use is None:
        return link
    if suppression_reason(context.db, link.reader.address):
        return OpenedLink("expired", link.use)
    confirmed = confirm_by_token(context.db, token, link.reader.subscriber_id, link.use.preferences, now=context.now())
    return link if confirmed else OpenedLink("already", link.use)


def unsubscribe(context: AppContext, token: str) -> OpenedLink:
    """End a subscription by its link; safe to repeat."""
    link = open_link(context, token, "unsubscribe")
    if link.outcome == "done":
        change_state(
            context.db,
            link.reader.subscriber_id,
            to="unsubscribed",
            of=["active", "paused", "pending"],
            now=context.now(),
        )
    return link


def block_outcome(context: AppContext, token: str) -> Outcome:
    """Whether a link can block its mailbox, without changing anything; it works without a subscriber too."""
    expires_at = block_link_expiry(context.db, token) if _may_be_token(token) else None
    if expires_at is None:
        return "unknown"
    return "expired" if expires_at <= context.now() else "done"


def block(context: AppContext, token: str) -> Outcome:
    """Never send mail to the mailbox of a link again; safe to repeat."""
    outcome = block_outcome(context, token)
    if outcome == "done":
        block_by_token(context.db, token, now=context.now())
    return outcome


def change(context: AppContext, token: str, preferences: Preferences) -> OpenedLink:
    """Store the preferences that a reader chose on their page."""
    link = open_link(context, token, "manage")
    if link.outcome == "done":
        change_preferences(context.db, link.reader.subscriber_id, preferences, now=context.now())
    return link


PageAction = Literal["pause", "resume", "unsubscribe", "resubscribe", "delete"]


def act(context: AppContext, token: str, action: PageAction) -> bool:
    """Pause, resume, unsubscribe, resubscribe or delete from the reader's page; returns whether anything changed.

    A suppressed or unconfirmed address cannot resubscribe.
    """
    link = open_link(context, token, "manage")
    if link.outcome != "done":
        return False
    subscriber_id, now = link.reader.subscriber_id, context.now()
    if action == "delete":
        delete_subscriber(context.db, subscriber_id)
        return True
    if action == "pause":
        return change_state(context.db, subscriber_id, to="paused", of=["active"], now=now)
    if action == "unsubscribe":
        return change_state(context.db, subscriber_id, to="unsubscribed", of=["active", "paused"], now=now)
    if suppression_reason(context.db, link.reader.address) is not None or link.reader.confirmed_at is None:
        return False
    state: SubscriberState = "paused" if action == "resume" else "unsubscribed"
    return change_state(context.db, subscriber_id, to="active", of=[state], now=now)


def own_data(context: AppContext, token: str) -> dict[str, Any] | None:
    """All that is stored about a reader; ``None`` if the link is not valid."""
    link = open_link(context, token, "manage")
    if link.outcome != "done":
        return None
    return subscriber_export(context.db, link.reader.subscriber_id)


# -- by address, for the operator


def all_subscribers(context: AppContext, state: SubscriberState | None = None) -> list[Subscriber]:
    """All subscribers, or those in one state."""
    return list(subscribers(context.db, state))


def count_subscribers(context: AppContext) -> dict[str, int]:
    """Number of subscribers by state."""
    return subscriber_counts(context.db)


def subscriber_of(context: AppContext, address: str) -> Subscriber:
    """The subscriber with an address.

    Raises
    ------
    UsageError
        If it is not an address, or has no subscription.
    """
    normal = normalised_address(address)
    reader = subscriber_by_address(context.db, normal)
    if reader is None:
        raise UsageError(f"{normal} has no subscription; `papertide subscribers list` lists all")
    return reader


def invite(context: AppContext, address: str, preferences: Preferences) -> str:
    """Store a request by the operator, which no limit of requests applies to; returns the normalised address.

    Raises
    ------
    UsageError
        If it is not an address, or is suppressed.
    """
    normal = normalised_address(address, public=True)
    _require_not_suppressed(context, normal)
    add_request(context.db, normal, preferences, network="command line", now=context.now())
    return normal


def confirm_for(context: AppContext, address: str) -> Subscriber:
    """Activate a subscription without a link, with the preferences that are stored.

    Raises
    ------
    UsageError
        If the address has no subscription, or is suppressed.
    """
    reader = subscriber_of(context, address)
    _require_not_suppressed(context, reader.address)
    confirm(context.db, reader.subscriber_id, None, now=context.now())
    return reader


def pause(context: AppContext, address: str) -> Subscriber:
    """Pause an active subscription.

    Raises
    ------
    UsageError
        If the address has no subscription, or it is not active.
    """
    return _change_state_of(context, address, of="active", to="paused")


def resume(context: AppContext, address: str) -> Subscriber:
    """End the pause of a subscription.

    Raises
    ------
    UsageError
        If the address has no subscription, or it is not paused.
    """
    return _change_state_of(context, address, of="paused", to="active")


def remove(context: AppContext, address: str, *, block: bool = False) -> str:
    """Delete a subscriber, and with ``block`` suppress the address; returns the normalised address.

    Raises
    ------
    UsageError
        If the address has no subscription and ``block`` is not set.
    """
    normal = normalised_address(address)
    reader = subscriber_by_address(context.db, normal)
    if reader is None and not block:
        raise UsageError(f"{normal} has no subscription")
    if block:
        suppress(context.db, normal, "blocked", now=context.now())
    if reader is not None:
        delete_subscriber(context.db, reader.subscriber_id)
    return normal


def end_suppression(context: AppContext, address: str) -> str:
    """Let a suppressed address subscribe again; returns the normalised address.

    Raises
    ------
    UsageError
        If it is not suppressed.
    """
    normal = normalised_address(address)
    if not allow(context.db, normal):
        raise UsageError(f"{normal} is not suppressed")
    return normal


def data_of(context: AppContext, address: str) -> dict[str, Any]:
    """All that is stored about the subscriber with an address.

    Raises
    ------
    UsageError
        If the address has no subscription.
    """
    return subscriber_export(context.db, subscriber_of(context, address).subscriber_id)


def _require_not_suppressed(context: AppContext, address: str) -> None:
    if reason := suppression_reason(context.db, address):
        raise UsageError(f"{address} is suppressed ({reason}); `papertide subscribers allow` ends that")


def _change_state_of(context: AppContext, address: str, *, of: SubscriberState, to: SubscriberState) -> Subscriber:
    reader = subscriber_of(context, address)
    if not change_state(context.db, reader.subscriber_id, to=to, of=[of], now=context.now()):
        raise UsageError(f"{reader.address} is {reader.state}, not {of}")
    return reader
