"""Subscribers: their state, their preferences, and all data stored about one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Update, delete, func, or_, select, update

from domain.errors import UsageError
from domain.subscription import MAX_FOLLOWS, Follow, Preferences, Subscriber, SubscriberState
from domain.week import iso_instant
from store.database import Database
from store.reading_records import reading_export
from store.schema import block_link, delivery, subscriber, subscriber_token, subscription_request
from store.suppressed_addresses import suppression_keys


def subscriber_by_address(db: Database, address: str) -> Subscriber | None:
    """The subscriber with this normalised address."""
    with db.read() as connection:
        row = connection.execute(select(subscriber).where(subscriber.c.address == address)).one_or_none()
    return None if row is None else subscriber_from_row(row)


def subscribers(db: Database, state: SubscriberState | None = None) -> Iterator[Subscriber]:
    """All subscribers, or those in one state, by address."""
    query = select(subscriber).order_by(subscriber.c.address)
    if state is not None:
        query = query.where(subscriber.c.state == state)
    with db.read() as connection:
        rows = connection.execute(query).all()
    return (subscriber_from_row(row) for row in rows)


def subscriber_counts(db: Database) -> dict[str, int]:
    """Number of subscribers by state."""
    query = select(subscriber.c.state, func.count()).group_by(subscriber.c.state).order_by(subscriber.c.state)
    with db.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def subscriber_from_row(row: Row[Any]) -> Subscriber:
    """A subscriber from a row of ``subscriber``."""
    return Subscriber(
        subscriber_id=row.subscriber_id,
        address=row.address,
        state=row.state,
        preferences=readable_preferences(row.frequency, row.mail_format, row.follows),
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        changed_at=row.changed_at,
    )


def readable_preferences(frequency: str, mail_format: str, follows: Iterable[str]) -> Preferences:
    """Stored preferences. What cannot be read is left out: it must not hold up the mails of others."""
    readable = []
    for text in follows:
        with suppress(UsageError):
            readable.append(Follow.parse(text))
    return Preferences(
        "monthly" if frequency == "monthly" else "weekly",
        "text" if mail_format == "text" else "html",
        tuple({follow.what: follow for follow in readable}.values())[:MAX_FOLLOWS],
    )


def preference_columns(preferences: Preferences) -> dict[str, Any]:
    """The stored form of preferences, by column."""
    return {
        "frequency": preferences.frequency,
        "mail_format": preferences.mail_format,
        "follows": [str(follow) for follow in preferences.follows],
    }


def add_pending(db: Database, address: str, preferences: Preferences, *, now: datetime) -> Subscriber:
    """The subscriber with this address, created as pending if there is none; an existing one is unchanged."""
    new = db.upsert(subscriber).values(
        address=address,
        state="pending",
        created_at=now,
        confirmed_at=None,
        changed_at=now,
        **preference_columns(preferences),
    )
    with db.write() as connection:
        connection.execute(new.on_conflict_do_nothing(index_elements=["address"]))
        row = connection.execute(select(subscriber).where(subscriber.c.address == address)).one()
    return subscriber_from_row(row)


def confirm(db: Database, subscriber_id: int, preferences: Preferences | None, *, now: datetime) -> None:
    """Make a subscriber active with these preferences, ``None`` to leave them; digests are sent from now on."""
    with db.write() as connection:
        connection.execute(confirmation_update(subscriber_id, preferences, now=now))


def confirmation_update(subscriber_id: int, preferences: Preferences | None, *, now: datetime) -> Update:
    """The update that confirms a subscriber."""
    values: dict[str, Any] = {"state": "active", "confirmed_at": now, "changed_at": now}
    if preferences is not None:
        values |= preference_columns(preferences)
    return update(subscriber).where(subscriber.c.subscriber_id == subscriber_id).values(values)


def change_preferences(db: Database, subscriber_id: int, preferences: Preferences, *, now: datetime) -> None:
    """Store a subscriber's changed preferences."""
    change = update(subscriber).where(subscriber.c.subscriber_id == subscriber_id)
    with db.write() as connection:
        connection.execute(change.values(changed_at=now, **preference_columns(preferences)))


def change_state(
    db: Database, subscriber_id: int, *, to: SubscriberState, of: Collection[SubscriberState], now: datetime
) -> bool:
    """Change a subscriber's state to ``to`` if it is one of ``of``; returns whether it was."""
    change = (
        update(subscriber)
        .where(subscriber.c.subscriber_id == subscriber_id, subscriber.c.state.in_(list(of)))
        .values(state=to, changed_at=now)
    )
    with db.write() as connection:
        return connection.execute(change).rowcount == 1


def delete_subscriber(db: Database, subscriber_id: int) -> None:
    """Delete a subscriber with their preferences, tokens and deliveries.

    A suppression stays, and so does the link of a mail that can suppress their mailbox. Neither holds the address.

    Their requests are anonymised. They keep their time and a hash of the mailbox, which limit the number of mails to
    one mailbox, until ``delete_requests`` removes them.
    """
    with db.write() as connection:
        _delete_subscribers(connection, subscriber.c.subscriber_id == subscriber_id)


_ANONYMISED: dict[str, Any] = {"address": "", "preferences": None, "network": "", "site": "", "problem": ""}
"""Values of a request whose subscriber was deleted."""


def _delete_subscribers(connection: Connection, condition: Any) -> int:
    addresses = list(connection.execute(select(subscriber.c.address).where(condition)).scalars())
    for start in range(0, len(addresses), 5_000):
        chunk = addresses[start : start + 5_000]
        is_theirs = subscription_request.c.address.in_(chunk)
        connection.execute(delete(subscription_request).where(is_theirs, subscription_request.c.state == "waiting"))
        connection.execute(update(subscription_request).where(is_theirs).values(_ANONYMISED))
        connection.execute(delete(subscriber).where(subscriber.c.address.in_(chunk)))
    return len(addresses)


def delete_idle_subscribers(db: Database, *, pending_before: datetime, unsubscribed_before: datetime) -> int:
    """Delete subscribers who never confirmed or unsubscribed long ago; returns the number deleted."""
    pending = (subscriber.c.state == "pending") & (subscriber.c.created_at < pending_before)
    unsubscribed = (subscriber.c.state == "unsubscribed") & (subscriber.c.changed_at < unsubscribed_before)
    # Keep a pending subscriber with a recent request: the answer to it needs the subscriber.
    recent = select(subscription_request.c.address).where(subscription_request.c.asked_at >= pending_before)
    with db.write() as connection:
        return _delete_subscribers(connection, or_(pending, unsubscribed) & subscriber.c.address.not_in(recent))


def subscriber_export(db: Database, subscriber_id: int) -> dict[str, Any]:
    """All stored data about one subscriber, for themselves; instants as text."""
    with db.read() as connection:
        row = connection.execute(select(subscriber).where(subscriber.c.subscriber_id == subscriber_id)).one()
    mailbox = suppression_keys(db, row.address)[1]
    with db.read() as connection:
        tokens = connection.execute(
            select(subscriber_token)
            .where(subscriber_token.c.subscriber_id == subscriber_id)
            .order_by(subscriber_token.c.made_at, subscriber_token.c.purpose)
        ).all()
        requests = connection.execute(
            select(subscription_request)
            .where(subscription_request.c.address == row.address)
            .order_by(subscription_request.c.request_id)
        ).all()
        block_links = connection.execute(
            select(block_link).where(block_link.c.mailbox_hash == mailbox).order_by(block_link.c.made_at)
        ).all()
        deliveries = connection.execute(
            select(delivery).where(delivery.c.subscriber_id == subscriber_id).order_by(delivery.c.delivery_id)
        ).all()
    return {
        "address": row.address,
        "state": row.state,
        "frequency": row.frequency,
        "mail_format": row.mail_format,
        "follows": list(row.follows),
        "created_at": _instant(row.created_at),
        "confirmed_at": _instant(row.confirmed_at),
        "changed_at": _instant(row.changed_at),
        "requests": [
            {"asked_at": _instant(r.asked_at), "state": r.state, "network_hash": r.network, "site_hash": r.site}
            for r in requests
        ],
        "links": [
            *({"purpose": r.purpose, "made_at": _instant(r.made_at), "used_at": _instant(r.used_at)} for r in tokens),
            *({"purpose": "block", "made_at": _instant(r.made_at), "used_at": None} for r in block_links),
        ],
        "deliveries": [
            {"issue": r.issue, "state": r.state, "changed_at": _instant(r.changed_at), "papers": list(r.papers)}
            for r in deliveries
        ],
        "reading": reading_export(db, subscriber_id),
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else iso_instant(at, timespec="auto")
