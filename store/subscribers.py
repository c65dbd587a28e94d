"""Subscribers, the tokens of their links, requests from the subscription form, and suppressed addresses.

Only the SHA-256 of a token is stored; the token itself is only in the mail. What outlives a subscriber holds no
address: suppressed addresses, mailboxes and networks are stored as keyed hashes (``Database.keyed_hash``).
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
from domain.week import iso_instant
from store.database import Database
from store.schema import block_link, delivery, subscriber, subscriber_token, subscription_request, suppression


def sha256_hex(secret: str) -> str:
    """The stored form of a token. It is as random as a key, so its hash needs none."""
    return hashlib.sha256(secret.encode()).hexdigest()


# -- subscribers


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
    """The subscriber with this address, created as pending if there is none; an existing one is unchanged."""
    new = db.upsert(subscriber).values(
        address=address, state="pending", created_at=now, confirmed_at=None, changed_at=now, **_columns(preferences)
    )
    with db.write() as connection:
        connection.execute(new.on_conflict_do_nothing(index_elements=["address"]))
        row = connection.execute(select(subscriber).where(subscriber.c.address == address)).one()
    return subscriber_from_row(row)


def confirm(db: Database, subscriber_id: int, preferences: Preferences | None, *, now: datetime) -> None:
    """Make a subscriber active with these preferences, ``None`` to leave them; digests are sent from now on."""
    with db.write() as connection:
        connection.execute(_confirmation(subscriber_id, preferences, now=now))


def _confirmation(subscriber_id: int, preferences: Preferences | None, *, now: datetime) -> Update:
    values: dict[str, Any] = {"state": "active", "confirmed_at": now, "changed_at": now}
    if preferences is not None:
        values |= _columns(preferences)
    return update(subscriber).where(subscriber.c.subscriber_id == subscriber_id).values(values)


def change_preferences(db: Database, subscriber_id: int, preferences: Preferences, *, now: datetime) -> None:
    """Store a subscriber's changed preferences."""
    change = update(subscriber).where(subscriber.c.subscriber_id == subscriber_id)
    with db.write() as connection:
        connection.execute(change.values(changed_at=now, **_columns(preferences)))


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


_ANONYMISED: dict[str, Any] = {"address": "", "preferences": None, "network": "", "problem": ""}
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
        "requests": [{"asked_at": _instant(r.asked_at), "state": r.state, "network_hash": r.network} for r in requests],
        "links": [
            *({"purpose": r.purpose, "made_at": _instant(r.made_at), "used_at": _instant(r.used_at)} for r in tokens),
            *({"purpose": "block", "made_at": _instant(r.made_at), "used_at": None} for r in block_links),
        ],
        "deliveries": [
            {"issue": r.issue, "state": r.state, "changed_at": _instant(r.changed_at), "papers": list(r.papers)}
            for r in deliveries
        ],
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else iso_instant(at, timespec="auto")


# -- tokens


@dataclass(frozen=True)
class TokenUse:
    """A token's subscriber and purpose, and whether it can still be used."""

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
    """Store the hashes of tokens; ``preferences`` belong to a confirmation."""
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
    """As ``add_tokens``, inside the caller's transaction."""
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
    """The stored data of a token; ``None`` if it was never issued, or for another purpose."""
    query = (
        select(subscriber, subscriber_token.c.expires_at, subscriber_token.c.used_at)
        .add_columns(subscriber_token.c.preferences.label("requested"))
        .join(subscriber_token, subscriber_token.c.subscriber_id == subscriber.c.subscriber_id)
        .where(subscriber_token.c.token_hash == sha256_hex(token), subscriber_token.c.purpose == purpose)
    )
    with db.read() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return None
    requested = row.requested
    return TokenUse(
        subscriber=subscriber_from_row(row),
        purpose=purpose,
        preferences=Preferences(
            requested["frequency"], requested["mail_format"], tuple(Follow.parse(text) for text in requested["follows"])
        )
        if requested
        else None,
        is_expired=row.expires_at <= now,
        is_used=row.used_at is not None,
    )


def confirm_by_token(
    db: Database, token: str, subscriber_id: int, preferences: Preferences | None, *, now: datetime
) -> bool:
    """Use a token and make its subscriber active, in one transaction; returns whether the token was valid.

    Of two concurrent calls, one succeeds. An active subscriber's preferences stay: confirming an older request must
    not undo later changes.
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
    """Delete tokens that expired before an instant, of block links too; returns the number deleted."""
    with db.write() as connection:
        return sum(
            connection.execute(delete(table).where(table.c.expires_at < expired_before)).rowcount
            for table in (subscriber_token, block_link)
        )


# -- links that suppress a mailbox


def add_block_link(db: Database, address: str, token: str, *, now: datetime) -> None:
    """Store a token that suppresses the mailbox of an address, whether or not it has a subscriber by then."""
    _, mailbox = suppression_keys(db, address)
    with db.write() as connection:
        connection.execute(
            insert(block_link).values(
                token_hash=sha256_hex(token),
                mailbox_hash=mailbox,
                made_at=now,
                expires_at=now + TOKEN_LIFETIMES["block"],
            )
        )


def block_link_expiry(db: Database, token: str) -> datetime | None:
    """Until when a token can suppress its mailbox; ``None`` if it was never issued."""
    query = select(block_link.c.expires_at).where(block_link.c.token_hash == sha256_hex(token))
    with db.read() as connection:
        return connection.execute(query).scalar_one_or_none()


def block_by_token(db: Database, token: str, *, now: datetime) -> None:
    """Suppress the mailbox of a token, and end every subscription of it; safe to repeat."""
    query = select(block_link.c.mailbox_hash).where(block_link.c.token_hash == sha256_hex(token))
    open_addresses = select(subscriber.c.address).where(subscriber.c.state != "unsubscribed")
    with db.write() as connection:
        mailbox = connection.execute(query).scalar_one()
        new = db.upsert(suppression).values(address_hash=mailbox, reason="blocked", since=now)
        known = select(suppression).where(suppression.c.address_hash == mailbox)
        if connection.execute(known).one_or_none() is not None:
            return
        connection.execute(new.on_conflict_do_nothing(index_elements=["address_hash"]))
        # The link holds no address, so it is compared with each one's hash: 50,000 take a fifth of a second, once.
        theirs = [
            address
            for address in connection.execute(open_addresses).scalars()
            if suppression_keys(db, address)[1] == mailbox
        ]
        connection.execute(
            update(subscriber).where(subscriber.c.address.in_(theirs)).values(state="unsubscribed", changed_at=now)
        )


# -- requests from the subscription form


@dataclass(frozen=True)
class SubscriptionRequest:
    """A request for the digest or, if ``preferences`` is ``None``, for a link to the subscriber's own page."""

    request_id: int
    address: str
    preferences: Preferences | None
    asked_at: datetime
    n_tries: int


def add_request(db: Database, address: str, preferences: Preferences | None, *, network: str, now: datetime) -> None:
    """Store a request. The work is the same for known and unknown addresses, so that timing reveals nothing."""
    with db.write() as connection:
        connection.execute(
            insert(subscription_request).values(
                address=address,
                mailbox=db.keyed_hash(mailbox_of(address)),
                network=db.keyed_hash(network),
                preferences=_columns(preferences) if preferences is not None else None,
                asked_at=now,
                state="waiting",
                n_tries=0,
                problem="",
            )
        )


def requests_from(db: Database, network: str, *, since: datetime) -> list[datetime]:
    """Times of a network's requests since an instant, oldest first."""
    query = (
        select(subscription_request.c.asked_at)
        .where(subscription_request.c.network == db.keyed_hash(network), subscription_request.c.asked_at >= since)
        .order_by(subscription_request.c.asked_at)
    )
    with db.read() as connection:
        return list(connection.execute(query).scalars())


def count_answers_tried(db: Database, address: str, *, since: datetime) -> int:
    """Number of answers since an instant to the mailbox of an address, under any alias, sent or refused by its server.

    Otherwise a mail server that refuses an address could be asked about it without end.
    """
    c = subscription_request.c
    query = select(func.count()).where(
        c.mailbox == db.keyed_hash(mailbox_of(address)),
        c.state.in_(["handing", "sent"]) | ((c.state == "dropped") & (c.n_tries > 0)),
        c.asked_at >= since,
    )
    with db.read() as connection:
        return connection.execute(query).scalar_one()


def waiting_requests(db: Database, *, now: datetime, limit: int) -> list[SubscriptionRequest]:
    """Requests to be answered now, oldest first."""
    c = subscription_request.c
    query = (
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
            for row in connection.execute(query)
        ]


def claim_request(db: Database, request_id: int) -> bool:
    """Claim the right to answer a request. After a crash it stays unanswered, and the person may ask again."""
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
    """Record the outcome of a request: ``sent``, ``dropped``, or ``waiting`` for another try.

    With ``counts`` false the try is not counted, because the fault was not with this request.
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
    """Delete requests older than an instant; returns the number deleted."""
    with db.write() as connection:
        done = connection.execute(delete(subscription_request).where(subscription_request.c.asked_at < asked_before))
        return done.rowcount


# -- suppressed addresses


def suppression_keys(db: Database, address: str) -> tuple[str, str]:
    """The keys that suppress an address, and all aliases of its mailbox."""
    return db.keyed_hash(address), db.keyed_hash(f"mailbox:{mailbox_of(address)}")


def suppress(db: Database, address: str, reason: SuppressionReason, *, now: datetime) -> None:
    """Send no mail to this address any more; an existing reason stays.

    A bounce suppresses the address only; a complaint or a block suppresses all aliases of the mailbox.
    """
    of_address, of_mailbox = suppression_keys(db, address)
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
    """Remove the suppression of an address and its mailbox; returns whether there was one."""
    removal = delete(suppression).where(suppression.c.address_hash.in_(suppression_keys(db, address)))
    with db.write() as connection:
        return connection.execute(removal).rowcount > 0


def suppression_reason(db: Database, address: str) -> str | None:
    """Why an address is suppressed; ``None`` if it is not."""
    query = (
        select(suppression.c.reason)
        .where(suppression.c.address_hash.in_(suppression_keys(db, address)))
        .order_by(suppression.c.since)
        .limit(1)
    )
    with db.read() as connection:
        return connection.execute(query).scalar_one_or_none()


def suppression_counts(db: Database) -> dict[str, int]:
    """Number of suppressed addresses by reason."""
    query = select(suppression.c.reason, func.count()).group_by(suppression.c.reason).order_by(suppression.c.reason)
    with db.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}
