"""Readers by mail, what is sent to them, and tries in the run ledger"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mailing",
        sa.Column("issue", sa.String(length=16), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("n_readers", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("issue", name=op.f("pk_mailing")),
    )
    op.create_table(
        "query_vector",
        sa.Column("model_id", sa.String(length=128), nullable=False),
        sa.Column("query", sa.String(length=200), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("model_id", "query", name=op.f("pk_query_vector")),
    )
    op.create_table(
        "subscriber",
        sa.Column("subscriber_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("frequency", sa.String(length=16), nullable=False),
        sa.Column("mail_format", sa.String(length=8), nullable=False),
        sa.Column("follows", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", name=op.f("pk_subscriber")),
        sa.UniqueConstraint("address", name=op.f("uq_subscriber_address")),
    )
    with op.batch_alter_table("subscriber", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscriber_state"), ["state"], unique=False)

    op.create_table(
        "subscription_request",
        sa.Column("request_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("mailbox", sa.String(length=254), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("preferences", sa.JSON(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("n_tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_subscription_request")),
    )
    with op.batch_alter_table("subscription_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscription_request_asked_at"), ["asked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_subscription_request_mailbox"), ["mailbox"], unique=False)
        batch_op.create_index(batch_op.f("ix_subscription_request_network"), ["network"], unique=False)
        batch_op.create_index(batch_op.f("ix_subscription_request_state"), ["state"], unique=False)

    op.create_table(
        "suppression",
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_suppression")),
    )
    op.create_table(
        "delivery",
        sa.Column("delivery_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("issue", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("message_key", sa.String(length=64), nullable=False),
        sa.Column("claim_key", sa.String(length=32), nullable=True),
        sa.Column("papers", sa.JSON(), nullable=False),
        sa.Column("n_tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["mailing.issue"], name=op.f("fk_delivery_issue")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.subscriber_id"], name=op.f("fk_delivery_subscriber_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("message_key", name=op.f("uq_delivery_message_key")),
        sa.UniqueConstraint("subscriber_id", "issue", name=op.f("uq_delivery_subscriber_id_issue")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_issue_state"), ["issue", "state"], unique=False)

    op.create_table(
        "subscriber_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("preferences", sa.JSON(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.subscriber_id"],
            name=op.f("fk_subscriber_token_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_subscriber_token")),
    )
    with op.batch_alter_table("subscriber_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscriber_token_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_subscriber_token_subscriber_id"), ["subscriber_id"], unique=False)
    op.add_column("job_run", sa.Column("n_tries", sa.Integer(), server_default="0", nullable=False))
    op.add_column("job_run", sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True))
