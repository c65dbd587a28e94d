"""Tokens of the links in mails. Only their SHA-256 is stored; the token itself is only in the mail."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from domain.subscription import TOKEN_LIFETIMES, Preferences, Subscriber, TokenPurpose
from store.database import Database
from store.schema import block_link, subscriber, subscriber_token
from store.subscribers import confirmation_update, preference_columns, readable_preferences, subscriber_from_row


def sha256_hex(secret: str) -> str:
    """The stored form of a token. It is as random as a key, so its hash needs none."""
    return hashlib.sha256(secret.encode()).hexdigest()


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
                "preferences": preference_columns(preferences)
                if preferences is not None and purpose == "confirm"
                else None,
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
        preferences=readable_preferences(**requested) if requested else None,
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
        connection.execute(confirmation_update(subscriber_id, preferences, now=now).where(is_waiting))
        return True


def delete_expired_tokens(db: Database, *, expired_before: datetime) -> int:
    """Delete tokens that expired before an instant, of block links too; returns the number deleted."""
    with db.write() as connection:
        return sum(
            connection.execute(delete(table).where(table.c.expires_at < expired_before)).rowcount
            for table in (subscriber_token, block_link)
        )
