"""Weekly lists of emerging terms and their scores"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "emerging_list",
        sa.Column("week_start", sa.Date(), nullable=False),
        sa.Column("recent_weeks", sa.Integer(), nullable=False),
        sa.Column("before_weeks", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("n_before", sa.Integer(), nullable=False),
        sa.Column("n_tested", sa.Integer(), nullable=False),
        sa.Column("made_with", sa.String(160), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("week_start", name="pk_emerging_list"),
    )
    op.create_table(
        "emerging_term",
        sa.Column("week_start", sa.Date(), nullable=False),
        sa.Column("phrase", sa.String(256), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("first_week_start", sa.Date(), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("k_before", sa.Integer(), nullable=False),
        sa.Column("growth", sa.Float(), nullable=True),
        sa.Column("growth_low", sa.Float(), nullable=False),
        sa.Column("n_teams", sa.Integer(), nullable=False),
        sa.Column("neighbours", sa.JSON(), nullable=False),
        sa.Column("papers", sa.JSON(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("share_before", sa.Float(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["week_start"],
            ["emerging_list.week_start"],
            name="fk_emerging_term_week_start_emerging_list",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("week_start", "phrase", name="pk_emerging_term"),
    )
    op.create_index("ix_emerging_term_phrase", "emerging_term", ["phrase"])
    op.create_table(
        "emerging_score",
        sa.Column("week_start", sa.Date(), nullable=False),
        sa.Column("phrase", sa.String(256), nullable=False),
        sa.Column("horizon_weeks", sa.Integer(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=True),
        sa.Column("share_after", sa.Float(), nullable=True),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["week_start", "phrase"],
            ["emerging_term.week_start", "emerging_term.phrase"],
            name="fk_emerging_score_week_start_phrase_emerging_term",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("week_start", "phrase", "horizon_weeks", name="pk_emerging_score"),
    )
