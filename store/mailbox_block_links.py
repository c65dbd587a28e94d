"""Links in mails that suppress a mailbox, whether or not it has a subscriber by then."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update

from domain.subscription import TOKEN_LIFETIMES
from store.database import Database
from store.schema import block_link, subscriber, suppression
from store.subscriber_tokens import sha256_hex
from store.suppressed_addresses import suppression_keys


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
