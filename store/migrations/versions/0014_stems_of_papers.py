"""Papers get the stems of their words, which searches rank by"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from domain.packed_stems import packed_stems

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_AT_ONCE = 2_000


def upgrade() -> None:
    # Not in a batch, which would copy the whole table on SQLite.
    op.add_column("paper", sa.Column("stems", sa.LargeBinary(), nullable=True))
    connection = op.get_bind()
    paper = sa.table(
        "paper",
        sa.column("row_id", sa.Integer),
        sa.column("title", sa.Text),
        sa.column("abstract", sa.Text),
        sa.column("authors", sa.JSON),
        sa.column("stems", sa.LargeBinary),
    )
    last = -1
    question = sa.select(paper.c.row_id, paper.c.title, paper.c.abstract, paper.c.authors).order_by(paper.c.row_id)
    change = paper.update().where(paper.c.row_id == sa.bindparam("row")).values(stems=sa.bindparam("packed"))
    while rows := connection.execute(question.where(paper.c.row_id > last).limit(_AT_ONCE)).all():
        last = rows[-1].row_id
        packed = [{"row": r.row_id, "packed": packed_stems(r.title, r.abstract, r.authors)} for r in rows]
        connection.execute(change, packed)
