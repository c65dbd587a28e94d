"""The ledger of named things: their mentions in papers, names, events and decisions"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "tagged_paper",
        sa.Column("arxiv_id", sa.String(32), nullable=False),
        sa.Column("tagger_id", sa.String(128), nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("arxiv_id", name=op.f("pk_tagged_paper")),
        _of_paper("tagged_paper"),
    )
    op.create_table(
        "name",
        sa.Column("name_id", sa.Integer(), nullable=False),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("variants", sa.JSON(), nullable=False),
        sa.Column("introduced_by", sa.String(32), nullable=True),
        sa.Column("introduced_week", sa.Date(), nullable=True),
        sa.Column("first_week", sa.Date(), nullable=False),
        sa.Column("last_week", sa.Date(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("kind_confidence", sa.Float(), nullable=False),
        sa.Column("n_uses", sa.Integer(), nullable=False),
        sa.Column("n_mentions", sa.Integer(), nullable=False),
        sa.Column("n_teams", sa.Integer(), nullable=True),
        sa.Column("n_unknown_teams", sa.Integer(), nullable=False),
        sa.Column("used_elsewhere_week", sa.Date(), nullable=True),
        sa.Column("taken_up_week", sa.Date(), nullable=True),
        sa.Column("fading_week", sa.Date(), nullable=True),
        sa.Column("given_surface", sa.Text(), nullable=True),
        sa.Column("given_kind", sa.String(16), nullable=True),
        sa.Column("is_ignored", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("merged_into", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("name_id", name=op.f("pk_name")),
        sa.ForeignKeyConstraint(["merged_into"], ["name.name_id"], name=op.f("fk_name_merged_into_name")),
    )
    for column in ("introduced_by", "n_uses", "introduced_week", "family"):
        op.create_index(op.f(f"ix_name_{column}"), "name", [column])
    op.create_table(
        "name_key",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "name_id", name=op.f("pk_name_key")),
        _of_name("name_key"),
    )
    op.create_index(op.f("ix_name_key_name_id"), "name_key", ["name_id"])
    op.create_table(
        "name_mention",
        sa.Column("arxiv_id", sa.String(32), nullable=False),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("kind_confidence", sa.Float(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("is_heading", sa.Boolean(), nullable=False),
        sa.Column("name_id", sa.Integer(), nullable=True),
        sa.Column("counted_role", sa.String(16), nullable=True),
        sa.PrimaryKeyConstraint("arxiv_id", "surface", name=op.f("pk_name_mention")),
        _of_paper("name_mention"),
        _of_name("name_mention"),
    )
    op.create_index(op.f("ix_name_mention_key"), "name_mention", ["key"])
    op.create_index(op.f("ix_name_mention_name_id_arxiv_id"), "name_mention", ["name_id", "arxiv_id"])
    op.create_table(
        "name_split",
        sa.Column("arxiv_id", sa.String(32), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("arxiv_id", "key", name=op.f("pk_name_split")),
        _of_name("name_split"),
    )
    op.create_table(
        "name_event",
        sa.Column("event_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("arxiv_id", sa.String(32), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("noted_at", _AT, nullable=False),
        sa.Column("retracted_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_name_event")),
        _of_name("name_event"),
    )
    op.create_index(op.f("ix_name_event_name_id"), "name_event", ["name_id"])
    op.create_index(op.f("ix_name_event_kind_week"), "name_event", ["kind", "week"])
    op.create_table(
        "stale_name_key",
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_stale_name_key")),
    )
    op.create_table(
        "name_basis",
        sa.Column("method", sa.String(160), nullable=False),
        sa.Column("categories", sa.String(512), nullable=False),
        sa.PrimaryKeyConstraint("method", name=op.f("pk_name_basis")),
    )


def _of_paper(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_arxiv_id_paper"
    return sa.ForeignKeyConstraint(["arxiv_id"], ["paper.arxiv_id"], name=op.f(name), ondelete="CASCADE")


def _of_name(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["name_id"], ["name.name_id"], name=op.f(f"fk_{table}_name_id_name"))
