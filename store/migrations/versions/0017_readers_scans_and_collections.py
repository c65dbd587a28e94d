"""What readers decide: scans, decisions, mutes, seeds and collections"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "reader",
        _id("reader_id"),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=True),
        sa.Column("made_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("reader_id", name=op.f("pk_reader")),
        sa.UniqueConstraint("key", name=op.f("uq_reader_key")),
        _of("reader", "subscriber", "subscriber_id"),
    )
    op.create_index(op.f("ix_reader_subscriber_id"), "reader", ["subscriber_id"])
    op.create_table(
        "scan",
        _id("scan_id"),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("follows", sa.JSON(), nullable=False),
        sa.Column("seeds", sa.JSON(), nullable=False),
        sa.Column("pool", sa.JSON(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("started_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("scan_id", name=op.f("pk_scan")),
        _of("scan", "reader", "reader_id"),
    )
    op.create_index(op.f("ix_scan_reader_id"), "scan", ["reader_id"])
    op.create_table(
        "paper_decision",
        _id("decision_id"),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("arxiv_id", sa.String(32), nullable=False),
        sa.Column("scan_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("choice", sa.String(8), nullable=False),
        sa.Column("decided_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_paper_decision")),
        sa.UniqueConstraint("reader_id", "arxiv_id", name=op.f("uq_paper_decision_reader_id_arxiv_id")),
        _of("paper_decision", "reader", "reader_id"),
        _of("paper_decision", "scan", "scan_id"),
    )
    op.create_index(op.f("ix_paper_decision_scan_id"), "paper_decision", ["scan_id"])
    op.create_table(
        "reader_mute",
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("muted_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("reader_id", "kind", "key", name=op.f("pk_reader_mute")),
        _of("reader_mute", "reader", "reader_id"),
    )
    op.create_table(
        "reader_seed",
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("arxiv_id", sa.String(32), nullable=False),
        sa.Column("added_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("reader_id", "arxiv_id", name=op.f("pk_reader_seed")),
        _of("reader_seed", "reader", "reader_id"),
    )
    op.create_table(
        "collection",
        _id("collection_id"),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("made_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("collection_id", name=op.f("pk_collection")),
        sa.UniqueConstraint("reader_id", "name", name=op.f("uq_collection_reader_id_name")),
        _of("collection", "reader", "reader_id"),
    )
    op.create_table(
        "collection_paper",
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("arxiv_id", sa.String(32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("added_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("collection_id", "arxiv_id", name=op.f("pk_collection_paper")),
        _of("collection_paper", "collection", "collection_id"),
    )


def _id(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), sa.Identity(always=False), nullable=False)


def _of(table: str, parent: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{parent}.{column}"], name=name, ondelete="CASCADE")
