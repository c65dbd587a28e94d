"""Suppressed mail addresses, as keyed hashes, so that the list can outlive a subscriber's data."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select, update

from domain.mail_address import mailbox_of
from domain.subscription import SuppressionReason
from store.database import Database
from store.schema import subscriber, suppression


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
