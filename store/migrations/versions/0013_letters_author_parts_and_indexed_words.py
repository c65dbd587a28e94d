"""TeX letters become letters, names are kept in parts, and the full-text index holds words as readers see them

Texts stored before are converted as new ones are. A paper whose title or abstract changes loses its embedding,
detections and topic, which the next run makes again.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from domain.author_name import AuthorName, real_authors
from domain.search_text import indexed_text, search_words
from domain.tex_as_text import text_line

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_AT_ONCE = 2_000

SQLITE_TEXT = (
    """
    CREATE VIEW paper_words AS SELECT row_id, coalesce(search_title, title) AS title,
        coalesce(search_abstract, abstract) AS abstract, search_authors AS authors FROM paper
    """,
    """
    CREATE VIRTUAL TABLE paper_text USING fts5(
        title, abstract, authors, content='paper_words', content_rowid='row_id',
        tokenize='unicode61 remove_diacritics 2'
    )
    """,
    """
    CREATE TRIGGER paper_text_insert AFTER INSERT ON paper BEGIN
        INSERT INTO paper_text(rowid, title, abstract, authors)
        VALUES (new.row_id, coalesce(new.search_title, new.title), coalesce(new.search_abstract, new.abstract),
            new.search_authors);
    END
    """,
    """
    CREATE TRIGGER paper_text_delete AFTER DELETE ON paper BEGIN
        INSERT INTO paper_text(paper_text, rowid, title, abstract, authors)
        VALUES ('delete', old.row_id, coalesce(old.search_title, old.title),
            coalesce(old.search_abstract, old.abstract), old.search_authors);
    END
    """,
    """
    CREATE TRIGGER paper_text_update AFTER UPDATE OF title, abstract, search_title, search_abstract, search_authors
    ON paper BEGIN
        INSERT INTO paper_text(paper_text, rowid, title, abstract, authors)
        VALUES ('delete', old.row_id, coalesce(old.search_title, old.title),
            coalesce(old.search_abstract, old.abstract), old.search_authors);
        INSERT INTO paper_text(rowid, title, abstract, authors)
        VALUES (new.row_id, coalesce(new.search_title, new.title), coalesce(new.search_abstract, new.abstract),
            new.search_authors);
    END
    """,
    "INSERT INTO paper_text(paper_text) VALUES ('rebuild')",
)
POSTGRESQL_TEXT = (
    r"""
    ALTER TABLE paper ADD COLUMN words tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('simple',
            regexp_replace(coalesce(search_title, title), '[^[:alnum:]]+', ' ', 'g')), 'A')
        || setweight(to_tsvector('simple',
            regexp_replace(coalesce(search_abstract, abstract), '[^[:alnum:]]+', ' ', 'g')), 'B')
        || setweight(to_tsvector('simple', search_authors), 'C')
    ) STORED
    """,
    "CREATE INDEX ix_paper_words ON paper USING gin (words)",
)


def upgrade() -> None:
    op.create_table(
        "kept_value",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_kept_value")),
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        for name in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER paper_text_{name}")
        op.execute("DROP TABLE paper_text")
    else:
        op.execute("DROP INDEX ix_paper_words")
        op.execute("ALTER TABLE paper DROP COLUMN words")
    # Not in a batch, which would copy the whole table on SQLite.
    op.add_column("paper", sa.Column("author_parts", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("paper", sa.Column("search_title", sa.Text(), nullable=True))
    op.add_column("paper", sa.Column("search_abstract", sa.Text(), nullable=True))
    op.add_column("paper", sa.Column("search_authors", sa.Text(), server_default="", nullable=False))
    _convert(op.get_bind())
    for statement in SQLITE_TEXT if is_sqlite else POSTGRESQL_TEXT:
        op.execute(sa.text(statement.replace(":alnum:", r"\:alnum\:")))


def _convert(connection: sa.Connection) -> None:
    paper = sa.table(
        "paper",
        sa.column("row_id", sa.Integer),
        sa.column("arxiv_id", sa.String),
        sa.column("authors", sa.JSON),
        *(sa.column(name, sa.Text) for name in ("title", "abstract", "comment", "journal_ref")),
        *(sa.column(name, sa.Text) for name in ("search_title", "search_abstract", "search_authors")),
    )
    last = -1
    changed: list[str] = []
    while rows := connection.execute(
        sa.select(paper).where(paper.c.row_id > last).order_by(paper.c.row_id).limit(_AT_ONCE)
    ).all():
        last = rows[-1].row_id
        values = [_converted(row) for row in rows]
        changed += [
            row.arxiv_id
            for row, new in zip(rows, values, strict=True)
            if (row.title, row.abstract) != (new["title"], new["abstract"])
        ]
        columns: dict[str, Any] = {name: sa.bindparam(name) for name in values[0] if name != "row"}
        connection.execute(paper.update().where(paper.c.row_id == sa.bindparam("row")).values(columns), values)
    for start in range(0, len(changed), _AT_ONCE):
        for name in ("embedding", "detected_paper", "detection", "topic_assignment"):
            derived = sa.table(name, sa.column("arxiv_id", sa.String))
            connection.execute(derived.delete().where(derived.c.arxiv_id.in_(changed[start : start + _AT_ONCE])))
    if changed:
        connection.execute(sa.text("UPDATE weekly_basis SET is_current = false"))


def _converted(row: Any) -> dict[str, Any]:
    title, abstract = text_line(row.title), text_line(row.abstract)
    authors = [author.text for author in real_authors(AuthorName(name) for name in row.authors)]
    return {
        "row": row.row_id,
        "title": title,
        "abstract": abstract,
        "comment": text_line(row.comment) if row.comment else row.comment,
        "journal_ref": text_line(row.journal_ref) if row.journal_ref else row.journal_ref,
        "authors": authors,
        "search_title": indexed_text(title),
        "search_abstract": indexed_text(abstract),
        "search_authors": " ".join(search_words(" ".join(authors))),
    }
