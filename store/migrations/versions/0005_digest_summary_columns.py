"""A digest's headline, number of papers and completeness get columns, so that lists need not unpack every digest"""

from __future__ import annotations

import json
import zlib

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch, which would copy the whole table on SQLite.
    op.add_column("digest", sa.Column("headline", sa.Text(), server_default="", nullable=False))
    op.add_column("digest", sa.Column("n_papers", sa.Integer(), server_default="0", nullable=False))
    op.add_column("digest", sa.Column("complete", sa.Boolean(), server_default=sa.false(), nullable=False))
    digest = sa.table(
        "digest",
        sa.column("week_start", sa.Date),
        sa.column("revision", sa.Integer),
        sa.column("content", sa.LargeBinary),
        sa.column("headline", sa.Text),
        sa.column("n_papers", sa.Integer),
        sa.column("complete", sa.Boolean),
    )
    connection = op.get_bind()
    keys = connection.execute(sa.select(digest.c.week_start, digest.c.revision)).all()
    for week_start, revision_number in keys:  # one at a time: a digest can be megabytes
        this = (digest.c.week_start == week_start) & (digest.c.revision == revision_number)
        content = connection.execute(sa.select(digest.c.content).where(this)).scalar_one()
        stored = json.loads(zlib.decompress(content))["digest"]
        connection.execute(
            digest.update()
            .where(this)
            .values(
                headline=stored["headline"]["sentence"],
                n_papers=stored["headline"]["n_papers"],
                complete=stored["completeness"]["complete"],
            )
        )
