"""Hashes of addresses, mailboxes and networks get a key, and links that suppress a mailbox outlive their subscriber"""

from __future__ import annotations

import hashlib
import hmac
import secrets

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "instance_key",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_instance_key")),
    )
    op.create_table(
        "block_link",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("mailbox_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_block_link")),
    )
    op.create_index(op.f("ix_block_link_expires_at"), "block_link", ["expires_at"])
    op.create_index(op.f("ix_block_link_mailbox_hash"), "block_link", ["mailbox_hash"])
    connection = op.get_bind()
    key = secrets.token_bytes(32)
    named = sa.table("instance_key", sa.column("name", sa.String), sa.column("key", sa.LargeBinary))
    connection.execute(named.insert().values(name="addresses", key=key))
    _add_key(connection, "suppression", "address_hash", key)
    _add_key(connection, "subscription_request", "mailbox", key)
    _add_key(connection, "subscription_request", "network", key)
    _move_block_links(connection, key)


def _keyed(key: bytes, sha256: str) -> str:
    """The stored hash of ``store.database.Database.keyed_hash``, from the SHA-256 that was stored before."""
    return hmac.new(key, sha256.encode(), "sha256").hexdigest()


def _add_key(connection: sa.Connection, table: str, column: str, key: bytes) -> None:
    stored = sa.table(table, sa.column(column, sa.String))
    hashes = connection.execute(sa.select(stored.c[column]).distinct().where(stored.c[column] != "")).scalars().all()
    if hashes:
        change = stored.update().where(stored.c[column] == sa.bindparam("was"))
        connection.execute(
            change.values({column: sa.bindparam("keyed")}), [{"was": h, "keyed": _keyed(key, h)} for h in hashes]
        )


def _mailbox_of(address: str) -> str:
    local, _, host = address.rpartition("@")
    local = local.partition("+")[0] or local
    if host in ("gmail.com", "googlemail.com"):
        local, host = local.replace(".", ""), "gmail.com"
    return f"{local}@{host}"


def _move_block_links(connection: sa.Connection, key: bytes) -> None:
    subscriber = sa.table("subscriber", sa.column("subscriber_id", sa.Integer), sa.column("address", sa.String))
    token = sa.table(
        "subscriber_token",
        sa.column("token_hash", sa.String),
        sa.column("subscriber_id", sa.Integer),
        sa.column("purpose", sa.String),
        sa.column("made_at", sa.DateTime(timezone=True)),
        sa.column("expires_at", sa.DateTime(timezone=True)),
    )
    link = sa.table(
        "block_link",
        sa.column("token_hash", sa.String),
        sa.column("mailbox_hash", sa.String),
        sa.column("made_at", sa.DateTime(timezone=True)),
        sa.column("expires_at", sa.DateTime(timezone=True)),
    )
    rows = connection.execute(
        sa.select(token.c.token_hash, subscriber.c.address, token.c.made_at, token.c.expires_at)
        .join(subscriber, subscriber.c.subscriber_id == token.c.subscriber_id)
        .where(token.c.purpose == "block")
    ).all()
    if rows:
        connection.execute(
            link.insert(),
            [
                {
                    "token_hash": token_hash,
                    "mailbox_hash": _keyed(key, hashlib.sha256(f"mailbox:{_mailbox_of(address)}".encode()).hexdigest()),
                    "made_at": made_at,
                    "expires_at": expires_at,
                }
                for token_hash, address, made_at, expires_at in rows
            ],
        )
    connection.execute(token.delete().where(token.c.purpose == "block"))
