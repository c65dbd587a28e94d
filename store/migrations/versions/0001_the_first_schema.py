"""The first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Full text, words as written, without stemming: what is counted must be what was asked for.
# SQLite: an FTS5 index over paper's own rows, kept in step by triggers.
SQLITE_TEXT = (
    """
    CREATE VIRTUAL TABLE paper_text USING fts5(
        title, abstract, content='paper', content_rowid='row_id', tokenize='unicode61 remove_diacritics 2'
    )
    """,
    """
    CREATE TRIGGER paper_text_insert AFTER INSERT ON paper BEGIN
        INSERT INTO paper_text(rowid, title, abstract) VALUES (new.row_id, new.title, new.abstract);
    END
    """,
    """
    CREATE TRIGGER paper_text_delete AFTER DELETE ON paper BEGIN
        INSERT INTO paper_text(paper_text, rowid, title, abstract)
        VALUES ('delete', old.row_id, old.title, old.abstract);
    END
    """,
    """
    CREATE TRIGGER paper_text_update AFTER UPDATE OF title, abstract ON paper BEGIN
        INSERT INTO paper_text(paper_text, rowid, title, abstract)
        VALUES ('delete', old.row_id, old.title, old.abstract);
        INSERT INTO paper_text(rowid, title, abstract) VALUES (new.row_id, new.title, new.abstract);
    END
    """,
)
# PostgreSQL: a generated column with its index; a title weighs more than an abstract. Anything but letters and
# digits parts words, as in SQLite, so that "test-time" is found as "test time" on both.
POSTGRESQL_TEXT = (
    r"""
    ALTER TABLE paper ADD COLUMN words tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', regexp_replace(title, '[^[:alnum:]]+', ' ', 'g')), 'A')
        || setweight(to_tsvector('simple', regexp_replace(abstract, '[^[:alnum:]]+', ' ', 'g')), 'B')
    ) STORED
    """,
    "CREATE INDEX ix_paper_words ON paper USING gin (words)",
)


def upgrade() -> None:
    op.create_table(
        "digest",
        sa.Column("week_start", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("week_start", "revision", name=op.f("pk_digest")),
    )
    op.create_table(
        "harvest_window",
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("categories", sa.String(length=512), nullable=False),
        sa.Column("n_said", sa.Integer(), nullable=True),
        sa.Column("n_got", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("n_tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("start_at", "end_at", "categories", name=op.f("pk_harvest_window")),
    )
    op.create_table(
        "job_run",
        sa.Column("run_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("period", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_job_run")),
        sa.UniqueConstraint("job", "period", name=op.f("uq_job_run_job_period")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "paper",
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("arxiv_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("primary_category", sa.String(length=32), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("week_start", sa.Date(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("doi", sa.Text(), nullable=True),
        sa.Column("journal_ref", sa.Text(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_paper")),
        sa.UniqueConstraint("arxiv_id", name=op.f("uq_paper_arxiv_id")),
    )
    with op.batch_alter_table("paper", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_submitted_at_arxiv_id"), ["submitted_at", "arxiv_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_paper_week_start_arxiv_id"), ["week_start", "arxiv_id"], unique=False)

    op.create_table(
        "topic",
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("born_week", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("topic_id", name=op.f("pk_topic")),
    )
    op.create_table(
        "topic_model",
        sa.Column("topic_model_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("embedding_model_id", sa.String(length=128), nullable=False),
        sa.Column("fitted_week", sa.Date(), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("n_papers", sa.Integer(), nullable=False),
        sa.Column("floor", sa.Float(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("library_versions", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("topic_model_id", name=op.f("pk_topic_model")),
    )
    op.create_table(
        "weekly_basis",
        sa.Column("detector_id", sa.String(length=128), nullable=False),
        sa.Column("topic_model_id", sa.Integer(), nullable=True),
        sa.Column("categories", sa.String(length=512), nullable=False),
        sa.PrimaryKeyConstraint("detector_id", name=op.f("pk_weekly_basis")),
    )
    op.create_table(
        "weekly_count",
        sa.Column("week_start", sa.Date(), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("week_start", "category", "kind", "key", "level", name=op.f("pk_weekly_count")),
    )
    op.create_table(
        "weekly_total",
        sa.Column("week_start", sa.Date(), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("week_start", "category", name=op.f("pk_weekly_total")),
    )
    op.create_table(
        "detected_paper",
        sa.Column("detector_id", sa.String(length=128), nullable=False),
        sa.Column("arxiv_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["arxiv_id"], ["paper.arxiv_id"], name=op.f("fk_detected_paper_arxiv_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("detector_id", "arxiv_id", name=op.f("pk_detected_paper")),
    )
    with op.batch_alter_table("detected_paper", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_detected_paper_arxiv_id"), ["arxiv_id"], unique=False)

    op.create_table(
        "detection",
        sa.Column("detector_id", sa.String(length=128), nullable=False),
        sa.Column("arxiv_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["arxiv_id"], ["paper.arxiv_id"], name=op.f("fk_detection_arxiv_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("detector_id", "arxiv_id", "kind", "key", name=op.f("pk_detection")),
    )
    with op.batch_alter_table("detection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_detection_arxiv_id"), ["arxiv_id"], unique=False)

    op.create_table(
        "embedding",
        sa.Column("model_id", sa.String(length=128), nullable=False),
        sa.Column("arxiv_id", sa.String(length=32), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["arxiv_id"], ["paper.arxiv_id"], name=op.f("fk_embedding_arxiv_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("model_id", "arxiv_id", name=op.f("pk_embedding")),
    )
    with op.batch_alter_table("embedding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_embedding_arxiv_id"), ["arxiv_id"], unique=False)

    op.create_table(
        "fitted_topic",
        sa.Column("topic_model_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("top_terms", sa.JSON(), nullable=False),
        sa.Column("centroid", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.topic_id"], name=op.f("fk_fitted_topic_topic_id")),
        sa.ForeignKeyConstraint(
            ["topic_model_id"],
            ["topic_model.topic_model_id"],
            name=op.f("fk_fitted_topic_topic_model_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("topic_model_id", "number", name=op.f("pk_fitted_topic")),
        sa.UniqueConstraint("topic_model_id", "topic_id", name=op.f("uq_fitted_topic_topic_model_id_topic_id")),
    )
    op.create_table(
        "paper_category",
        sa.Column("arxiv_id", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["arxiv_id"], ["paper.arxiv_id"], name=op.f("fk_paper_category_arxiv_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("arxiv_id", "category", name=op.f("pk_paper_category")),
    )
    with op.batch_alter_table("paper_category", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_category_category_arxiv_id"), ["category", "arxiv_id"], unique=False)

    op.create_table(
        "paper_version",
        sa.Column("arxiv_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["arxiv_id"], ["paper.arxiv_id"], name=op.f("fk_paper_version_arxiv_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("arxiv_id", "version", name=op.f("pk_paper_version")),
    )
    op.create_table(
        "topic_assignment",
        sa.Column("topic_model_id", sa.Integer(), nullable=False),
        sa.Column("arxiv_id", sa.String(length=32), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=True),
        sa.Column("similarity", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["arxiv_id"], ["paper.arxiv_id"], name=op.f("fk_topic_assignment_arxiv_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.topic_id"], name=op.f("fk_topic_assignment_topic_id")),
        sa.ForeignKeyConstraint(
            ["topic_model_id"],
            ["topic_model.topic_model_id"],
            name=op.f("fk_topic_assignment_topic_model_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("topic_model_id", "arxiv_id", name=op.f("pk_topic_assignment")),
    )
    with op.batch_alter_table("topic_assignment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_assignment_arxiv_id"), ["arxiv_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_topic_assignment_topic_model_id_topic_id"), ["topic_model_id", "topic_id"], unique=False
        )

    op.create_table(
        "topic_event",
        sa.Column("event_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("topic_model_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("other_topic_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["other_topic_id"], ["topic.topic_id"], name=op.f("fk_topic_event_other_topic_id")),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.topic_id"], name=op.f("fk_topic_event_topic_id")),
        sa.ForeignKeyConstraint(
            ["topic_model_id"], ["topic_model.topic_model_id"], name=op.f("fk_topic_event_topic_model_id")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_topic_event")),
    )
    with op.batch_alter_table("topic_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_event_topic_id"), ["topic_id"], unique=False)

    if op.get_context().dialect.name == "sqlite":
        for statement in SQLITE_TEXT:
            op.execute(statement)
    else:
        for statement in POSTGRESQL_TEXT:
            op.execute(statement)
