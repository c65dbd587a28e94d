"""Withdrawn papers, other sources, one gate for requests, calls with their scores, drift and maps"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "oai_harvest",
        sa.Column("set_name", sa.String(length=64), nullable=False),
        sa.Column("metadata_prefix", sa.String(length=16), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("pass_from_date", sa.Date(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=True),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("pass_began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("n_records", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("set_name", "metadata_prefix", name=op.f("pk_oai_harvest")),
    )
    op.create_table(
        "request_gate",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("n_refusals", sa.Integer(), nullable=False),
        sa.Column("closed_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_request_gate")),
    )
    op.create_table(
        "source_answer",
        sa.Column("answer_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("n_bytes", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("answer_id", name=op.f("pk_source_answer")),
    )
    with op.batch_alter_table("source_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_source_answer_asked_at"), ["asked_at"], unique=False)

    op.create_table(
        "trend_call",
        sa.Column("call_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("week_start", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=256), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("growth", sa.Float(), nullable=True),
        sa.Column("growth_low", sa.Float(), nullable=True),
        sa.Column("growth_high", sa.Float(), nullable=True),
        sa.Column("q_value", sa.Float(), nullable=True),
        sa.Column("share", sa.Float(), nullable=True),
        sa.Column("share_before", sa.Float(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("made_with", sa.String(length=160), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_trend_call")),
        sa.UniqueConstraint("week_start", "kind", "key", name=op.f("uq_trend_call_week_start_kind_key")),
    )
    op.create_table(
        "map_paper",
        sa.Column("topic_model_id", sa.Integer(), nullable=False),
        sa.Column("arxiv_id", sa.String(length=32), nullable=False),
        sa.Column("x", sa.Float(), nullable=False),
        sa.Column("y", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["arxiv_id"], ["paper.arxiv_id"], name=op.f("fk_map_paper_arxiv_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["topic_model_id"],
            ["topic_model.topic_model_id"],
            name=op.f("fk_map_paper_topic_model_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("topic_model_id", "arxiv_id", name=op.f("pk_map_paper")),
    )
    op.create_table(
        "topic_drift",
        sa.Column("week_start", sa.Date(), nullable=False),
        sa.Column("topic_model_id", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("share_unassigned", sa.Float(), nullable=False),
        sa.Column("mean_similarity", sa.Float(), nullable=False),
        sa.Column("centroid_shift", sa.Float(), nullable=False),
        sa.Column("embedding_shift", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["topic_model_id"],
            ["topic_model.topic_model_id"],
            name=op.f("fk_topic_drift_topic_model_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("week_start", "topic_model_id", name=op.f("pk_topic_drift")),
    )
    op.create_table(
        "trend_call_score",
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("horizon_weeks", sa.Integer(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=True),
        sa.Column("share_after", sa.Float(), nullable=True),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["trend_call.call_id"], name=op.f("fk_trend_call_score_call_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", "horizon_weeks", name=op.f("pk_trend_call_score")),
    )
    op.drop_table("weekly_total")
    # Not in a batch: SQLite would copy the tables, and lose what is attached to them: the triggers of full text.
    op.add_column("fitted_topic", sa.Column("x", sa.Float(), nullable=True))
    op.add_column("fitted_topic", sa.Column("y", sa.Float(), nullable=True))

    op.add_column("harvest_window", sa.Column("first_complete_at", sa.DateTime(timezone=True), nullable=True))

    op.add_column("paper", sa.Column("is_withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("paper", sa.Column("source", sa.String(length=16), server_default="api", nullable=False))

    op.add_column("detection", sa.Column("strength", sa.Float(), server_default="0", nullable=False))

    op.add_column("topic", sa.Column("given_name", sa.Text(), nullable=True))
    op.add_column("topic", sa.Column("area", sa.Text(), nullable=True))

    # What was complete before has been complete since it was last checked. Its papers were stored a little after that
    # instant, and none of them was late: nothing was asked a second time.
    op.execute(
        "UPDATE harvest_window SET first_complete_at = COALESCE((SELECT MAX(paper.first_seen_at) FROM paper WHERE "
        "paper.submitted_at >= harvest_window.start_at AND paper.submitted_at < harvest_window.end_at), checked_at) "
        "WHERE problem IS NULL"
    )
