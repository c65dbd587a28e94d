"""Papers get their claims, findings and code links, and the standards and failure modes that they name"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "read_paper",
        sa.Column("arxiv_id", sa.String(32), nullable=False),
        sa.Column("reader_id", sa.String(128), nullable=False),
        sa.Column("finding_start", sa.Integer(), nullable=True),
        sa.Column("finding_end", sa.Integer(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("arxiv_id", name=op.f("pk_read_paper")),
        _of_paper("read_paper"),
    )
    op.create_table(
        "claim",
        sa.Column("arxiv_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("quote_start", sa.Integer(), nullable=False),
        sa.Column("quote_end", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.String(16), nullable=False),
        sa.Column("form", sa.String(16), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("value_to", sa.Float(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("up_to", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("arxiv_id", "number", name=op.f("pk_claim")),
        _of_paper("claim"),
    )
    op.create_table(
        "rule_mention",
        sa.Column("arxiv_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("arxiv_id", "kind", "key", name=op.f("pk_rule_mention")),
        _of_paper("rule_mention"),
    )
    op.create_index(op.f("ix_rule_mention_kind_key"), "rule_mention", ["kind", "key"])


def _of_paper(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["arxiv_id"], ["paper.arxiv_id"], name=op.f(f"fk_{table}_arxiv_id"), ondelete="CASCADE"
    )
