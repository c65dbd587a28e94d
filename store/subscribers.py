"""Readers by mail: who they are, the links they were given, what was typed into the form, and who is left alone.

A token is in the mail that carries it and nowhere else: what is stored is its SHA-256. Addresses that must never be
written to are kept as their SHA-256 too, so that the list outlives the reader's data without being data about them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Update, delete, func, insert, or_, select, update

from domain.subscription import (
    TOKEN_LIFETIMES,
    Follow,
    Preferences,
    Subscriber,
    SubscriberState,
    SuppressionReason,
    TokenPurpose,
    mailbox_of,
)
from store.database import Database
from store.schema import delivery, subscriber, subscriber_token, subscription_request, suppression


def sha256_hex(secret: str) -> str:
    """What is stored of a token or of a suppressed address."""
    return hashlib.sha256(secret.encode()).hexdigest()


# -- readers


def subscriber_by_address(db: Database, address: str) -> Subscriber | None:
    """The reader with this normalised address."""
    return _one(db, subscriber.c.address == address)


def _one(db: Database, condition: Any) -> Subscriber | None:
    with db.read() as connection:
        row = connection.execute(select(subscriber).where(condition)).one_or_none()
    return None if row is None else subscriber_from_row(row)


def subscribers(db: Database, state: SubscriberState | None = None) -> Iterator[Subscriber]:
    """Every reader, or those in one state, by address."""
    question = select(subscriber).order_by(subscriber.c.address)
    if state is not None:
        question = question.where(subscriber.c.state == state)
    with db.read() as connection:
        rows = connection.execute(question).all()
    return (subscriber_from_row(row) for row in rows)


def subscriber_counts(db: Database) -> dict[str, int]:
    """How many readers are in which state."""
    question = select(subscriber.c.state, func.count()).group_by(subscriber.c.state).order_by(subscriber.c.state)
    with db.read() as connection:
        return {row[0]: row[1] for row in connection.execute(question)}


def subscriber_from_row(row: Row[Any]) -> Subscriber:
    """A reader from the columns of ``subscriber``."""
    return Subscriber(
        subscriber_id=row.subscriber_id,
        address=row.address,
        state=row.state,
        preferences=Preferences(row.frequency, row.mail_format, tuple(Follow.parse(text) for text in row.follows)),
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        changed_at=row.changed_at,
    )


def _columns(preferences: Preferences) -> dict[str, Any]:
    return {
        "frequency": preferences.frequency,
        "mail_format": preferences.mail_format,
        "follows": [str(follow) for follow in preferences.follows],
    }


def add_pending(db: Database, address: str, preferences: Preferences, *, now: datetime) -> Subscriber:
    """The reader with this address; a new one is pending. One who is there already stays as they are."""
    new = db.upsert(subscriber).values(
        address=address, state="pending", created_at=now, confirmed_at=None, changed_at=now, **_columns(preferences)
    )
    with db.write() as connection:
        connection.execute(new.on_conflict_do_nothing(index_elements=["address"]))
        row = connection.execute(select(subscriber).where(subscriber.c.address == address)).one()
    return subscriber_from_row(row)


def confirm(db: Database, subscriber_id: int, preferences: Preferences | None, *, now: datetime) -> None:
    """Make a reader active, with what they asked for; from now on digests are sent."""
    with db.write() as connection:
        connection.execute(_confirmation(subscriber_id, preferences, now=now))


def _confirmation(subscriber_id: int, preferences: Preferences | None, *, now: datetime) -> Update:
    values: dict[str, Any] = {"state": "active", "confirmed_at": now, "changed_at": now}
    if preferences is not None:
        values |= _columns(preferences)
    return update(subscriber).where(subscriber.c.subscriber_id == subscriber_id).values(values)


def change_preferences(db: Database, subscriber_id: int, preferences: Preferences, *, now: datetime) -> None:
    """Take over what a reader changed."""
    change = update(subscriber).where(subscriber.c.subscriber_id == subscriber_id)
    with db.write() as connection:
        connection.execute(change.values(changed_at=now, **_columns(preferences)))


def change_state(
    db: Database, subscriber_id: int, *, to: SubscriberState, of: Collection[SubscriberState], now: datetime
) -> bool:
    """Change a reader's state if it is one of ``of``; whether it was."""
    change = (
        update(subscriber)
        .where(subscriber.c.subscriber_id == subscriber_id, subscriber.c.state.in_(list(of)))
        .values(state=to, changed_at=now)
    )
    with db.write() as connection:
        return connection.execute(change).rowcount == 1


def delete_subscriber(db: Database, subscriber_id: int) -> None:
    """Forget a reader: address, preferences, links and what was sent. A suppression of the address stays.

    Their requests keep the instant and a hash of the mailbox, since a mailbox gets only so many answers a month;
    ``delete_requests`` ends that.
    """
    with db.write() as connection:
        _delete_subscribers(connection, subscriber.c.subscriber_id == subscriber_id)


_ANONYMISED: dict[str, Any] = {"address": "", "preferences": None, "network": "", "problem": ""}
"""What is left of a request whose reader is forgotten."""


def _delete_subscribers(connection: Connection, condition: Any) -> int:
    addresses = list(connection.execute(select(subscriber.c.address).where(condition)).scalars())
    for start in range(0, len(addresses), 5_000):
        chunk = addresses[start : start + 5_000]
        asked = subscription_request.c.address.in_(chunk)
        connection.execute(delete(subscription_request).where(asked, subscription_request.c.state == "waiting"))
        connection.execute(update(subscription_request).where(asked).values(_ANONYMISED))
        connection.execute(delete(subscriber).where(subscriber.c.address.in_(chunk)))
    return len(addresses)


def delete_idle_subscribers(db: Database, *, pending_before: datetime, unsubscribed_before: datetime) -> int:
    """Forget those who never confirmed and those who left long ago; returns how many."""
    pending = (subscriber.c.state == "pending") & (subscriber.c.created_at < pending_before)
    left = (subscriber.c.state == "unsubscribed") & (subscriber.c.changed_at < unsubscribed_before)
    # A new request of somebody pending asks again; its answer must not lose its reader.
    asked = select(subscription_request.c.address).where(subscription_request.c.asked_at >= pending_before)
    with db.write() as connection:
        return _delete_subscribers(connection, or_(pending, left) & subscriber.c.address.not_in(asked))


def subscriber_export(db: Database, subscriber_id: int) -> dict[str, Any]:
    """All that is stored about one reader, for themselves; instants as text."""
    with db.read() as connection:
        person = connection.execute(select(subscriber).where(subscriber.c.subscriber_id == subscriber_id)).one()
        links = connection.execute(
            select(subscriber_token)
            .where(subscriber_token.c.subscriber_id == subscriber_id)
            .order_by(subscriber_token.c.made_at, subscriber_token.c.purpose)
        ).all()
        asked = connection.execute(
            select(subscription_request)
            .where(subscription_request.c.address == person.address)
            .order_by(subscription_request.c.request_id)
        ).all()
        sent = connection.execute(
            select(delivery).where(delivery.c.subscriber_id == subscriber_id).order_by(delivery.c.delivery_id)
        ).all()
    return {
        "address": person.address,
        "state": person.state,
        "frequency": person.frequency,
        "mail_format": person.mail_format,
        "follows": list(person.follows),
        "created_at": _instant(person.created_at),
        "confirmed_at": _instant(person.confirmed_at),
        "changed_at": _instant(person.changed_at),
        "requests": [{"asked_at": _instant(r.asked_at), "state": r.state, "network_hash": r.network} for r in asked],
        "links": [
            {"purpose": r.purpose, "made_at": _instant(r.made_at), "used_at": _instant(r.used_at)} for r in links
        ],
        "deliveries": [
            {"issue": r.issue, "state": r.state, "changed_at": _instant(r.changed_at), "papers": list(r.papers)}
            for r in sent
        ],
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


# -- links


@dataclass(frozen=True)
class TokenUse:
    """What a token says: whose it is, and whether it can still be used."""

    subscriber: Subscriber
    purpose: TokenPurpose
    preferences: Preferences | None
    is_expired: bool
    is_used: bool


def add_tokens(
    db: Database,
    subscriber_id: int,
    tokens: dict[TokenPurpose, str],
    *,
    now: datetime,
    preferences: Preferences | None = None,
) -> None:
    """Remember tokens by their hashes; ``preferences`` go with a confirmation."""
    with db.write() as connection:
        store_tokens(connection, subscriber_id, tokens, now=now, preferences=preferences)


def store_tokens(
    connection: Connection,
    subscriber_id: int,
    tokens: dict[TokenPurpose, str],
    *,
    now: datetime,
    preferences: Preferences | None = None,
) -> None:
    """As ``add_tokens``, inside a transaction of the caller."""
    connection.execute(
        insert(subscriber_token),
        [
            {
                "token_hash": sha256_hex(token),
                "subscriber_id": subscriber_id,
                "purpose": purpose,
                "preferences": _columns(preferences) if preferences is not None and purpose == "confirm" else None,
                "made_at": now,
                "expires_at": now + TOKEN_LIFETIMES[purpose],
                "used_at": None,
            }
            for purpose, token in tokens.items()
        ],
    )


def token_use(db: Database, token: str, purpose: TokenPurpose, *, now: datetime) -> TokenUse | None:
    """What a token of this purpose says; ``None`` for one that was never given out, or for another purpose."""
    question = (
        select(subscriber, subscriber_token.c.expires_at, subscriber_token.c.used_at)
        .add_columns(subscriber_token.c.preferences.label("asked_for"))
        .join(subscriber_token, subscriber_token.c.subscriber_id == subscriber.c.subscriber_id)
        .where(subscriber_token.c.token_hash == sha256_hex(token), subscriber_token.c.purpose == purpose)
    )
    with db.read() as connection:
        row = connection.execute(question).one_or_none()
    if row is None:
        return None
    asked = row.asked_for
    return TokenUse(
        subscriber=subscriber_from_row(row),
        purpose=purpose,
        preferences=Preferences(
            asked["frequency"], asked["mail_format"], tuple(Follow.parse(text) for text in asked["follows"])
        )
        if asked
        else None,
        is_expired=row.expires_at <= now,
        is_used=row.used_at is not None,
    )


def confirm_by_token(
    db: Database, token: str, subscriber_id: int, preferences: Preferences | None, *, now: datetime
) -> bool:
    """Use a token up and make its reader active, in one transaction; whether it was unused and not expired.

    Two who try at once: one succeeds. A second confirmation of an older question must not undo what an active reader
    has chosen since.
    """
    use = (
        update(subscriber_token)
        .where(
            subscriber_token.c.token_hash == sha256_hex(token),
            subscriber_token.c.used_at.is_(None),
            subscriber_token.c.expires_at > now,
        )
        .values(used_at=now)
    )
    is_waiting = subscriber.c.state.in_(["pending", "unsubscribed"])
    with db.write() as connection:
        if connection.execute(use).rowcount != 1:
            return False
        connection.execute(_confirmation(subscriber_id, preferences, now=now).where(is_waiting))
        return True


def delete_expired_tokens(db: Database, *, expired_before: datetime) -> int:
    """Delete links that ended before an instant; returns how many."""
    with db.write() as connection:
        done = connection.execute(delete(subscriber_token).where(subscriber_token.c.expires_at < expired_before))
        return done.rowcount


# -- what was typed into the form


@dataclass(frozen=True)
class SubscriptionRequest:
    """Somebody asked for the digest, or (``preferences`` is ``None``) for a link to their own page."""

    request_id: int
    address: str
    preferences: Preferences | None
    asked_at: datetime
    n_tries: int


def add_request(db: Database, address: str, preferences: Preferences | None, *, network: str, now: datetime) -> None:
    """Note a request. The same is done for every address, known or not, so that time tells nothing."""
    with db.write() as connection:
        connection.execute(
            insert(subscription_request).values(
                address=address,
                mailbox=sha256_hex(mailbox_of(address)),
                network=sha256_hex(network),
                preferences=_columns(preferences) if preferences is not None else None,
                asked_at=now,
                state="waiting",
                n_tries=0,
                problem="",
            )
        )


def requests_from(db: Database, network: str, *, since: datetime) -> list[datetime]:
    """When a network asked since an instant, oldest first."""
    question = (
        select(subscription_request.c.asked_at)
        .where(subscription_request.c.network == sha256_hex(network), subscription_request.c.asked_at >= since)
        .order_by(subscription_request.c.asked_at)
    )
    with db.read() as connection:
        return list(connection.execute(question).scalars())


def count_answers_sent(db: Database, address: str, *, since: datetime) -> int:
    """How many answers were sent to an address's mailbox, by any of its names, since an instant."""
    question = select(func.count()).where(
        subscription_request.c.mailbox == sha256_hex(mailbox_of(address)),
        subscription_request.c.state.in_(["handing", "sent"]),
        subscription_request.c.asked_at >= since,
    )
    with db.read() as connection:
        return connection.execute(question).scalar_one()


def waiting_requests(db: Database, *, now: datetime, limit: int) -> list[SubscriptionRequest]:
    """Requests that wait for their answer, oldest first."""
    c = subscription_request.c
    question = (
        select(subscription_request)
        .where(c.state == "waiting", or_(c.next_try_at.is_(None), c.next_try_at <= now))
        .order_by(c.request_id)
        .limit(limit)
    )
    with db.read() as connection:
        return [
            SubscriptionRequest(
                row.request_id,
                row.address,
                Preferences(
                    row.preferences["frequency"],
                    row.preferences["mail_format"],
                    tuple(Follow.parse(text) for text in row.preferences["follows"]),
                )
                if row.preferences
                else None,
                row.asked_at,
                row.n_tries,
            )
            for row in connection.execute(question)
        ]


def claim_request(db: Database, request_id: int) -> bool:
    """Take the sole right to answer. After a crash it stays unanswered, and whoever asked may ask again."""
    claim = (
        update(subscription_request)
        .where(subscription_request.c.request_id == request_id, subscription_request.c.state == "waiting")
        .values(state="handing")
    )
    with db.write() as connection:
        return connection.execute(claim).rowcount == 1


def finish_request(
    db: Database,
    request_id: int,
    *,
    state: str,
    problem: str = "",
    next_try_at: datetime | None = None,
    counts: bool = True,
) -> None:
    """Note how it ended: ``sent``, ``dropped``, or ``waiting`` for another try.

    ``counts`` is false where the fault was not this request's.
    """
    change = (
        update(subscription_request)
        .where(subscription_request.c.request_id == request_id)
        .values(
            state=state, problem=problem, next_try_at=next_try_at, n_tries=subscription_request.c.n_tries + int(counts)
        )
    )
    with db.write() as connection:
        connection.execute(change)


def delete_requests(db: Database, *, asked_before: datetime) -> int:
    """Delete old requests; returns how many."""
    with db.write() as connection:
        done = connection.execute(delete(subscription_request).where(subscription_request.c.asked_at < asked_before))
        return done.rowcount


# -- who is left alone


def suppression_keys(address: str) -> tuple[str, str]:
    """What is stored to leave an address alone, and what for all names of its mailbox."""
    return sha256_hex(address), sha256_hex(f"mailbox:{mailbox_of(address)}")


def suppress(db: Database, address: str, reason: SuppressionReason, *, now: datetime) -> None:
    """Never write to this address again; the first reason stays.

    A bounce is about the address alone; who is blocked or complained is left alone by every name of the mailbox.
    """
    of_address, of_mailbox = suppression_keys(address)
    key = of_address if reason == "bounced" else of_mailbox
    new = db.upsert(suppression).values(address_hash=key, reason=reason, since=now)
    with db.write() as connection:
        known = select(suppression).where(suppression.c.address_hash == of_mailbox)
        if connection.execute(known).one_or_none() is None:
            connection.execute(new.on_conflict_do_nothing(index_elements=["address_hash"]))
        connection.execute(
            update(subscriber).where(subscriber.c.address == address).values(state="unsubscribed", changed_at=now)
        )


def allow(db: Database, address: str) -> bool:
    """Take an address and its mailbox off the list; whether they were on it."""
    off = delete(suppression).where(suppression.c.address_hash.in_(suppression_keys(address)))
    with db.write() as connection:
        return connection.execute(off).rowcount > 0


def suppression_reason(db: Database, address: str) -> str | None:
    """Why an address is left alone; ``None`` where it is not."""
    question = (
        select(suppression.c.reason)
        .where(suppression.c.address_hash.in_(suppression_keys(address)))
        .order_by(suppression.c.since)
        .limit(1)
    )
    with db.read() as connection:
        return connection.execute(question).scalar_one_or_none()


def suppression_counts(db: Database) -> dict[str, int]:
    """How many addresses are left alone, by reason."""
    question = select(suppression.c.reason, func.count()).group_by(suppression.c.reason).order_by(suppression.c.reason)
    with db.read() as connection:
        return {row[0]: row[1] for row in connection.execute(question)}
