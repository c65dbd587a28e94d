"""Weekly counts stay usable while newer papers are counted: they hold their own totals, and say when they were made"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("weekly_basis", sa.Column("is_current", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("weekly_basis", sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True))
    connection = op.get_bind()
    basis = sa.table("weekly_basis", sa.column("categories", sa.String), sa.column("counted_at", sa.DateTime(True)))
    categories = connection.execute(sa.select(basis.c.categories)).scalar()
    if categories is None:  # something changed since: the next count adds the totals
        return
    connection.execute(basis.update().values(counted_at=datetime.now(UTC)))
    paper = sa.table("paper", *(sa.column(name) for name in ("arxiv_id", "week_start", "is_withdrawn")))
    listed = sa.table("paper_category", sa.column("arxiv_id"), sa.column("category"))
    count = sa.table("weekly_count", *map(sa.column, ("week_start", "category", "kind", "key", "level", "k")))
    watched = listed.c.category.in_(categories.split())
    papers = sa.select(
        paper.c.week_start, sa.literal("", sa.String), sa.literal("paper", sa.String), sa.literal("", sa.String)
    ).add_columns(sa.literal(0, sa.Integer), sa.func.count())
    is_theirs = listed.c.arxiv_id == paper.c.arxiv_id
    together = papers.where(~paper.c.is_withdrawn, sa.exists().where(is_theirs, watched)).group_by(paper.c.week_start)
    columns = ["week_start", "category", "kind", "key", "level", "k"]
    connection.execute(count.insert().from_select(columns, together))
    each = (
        sa.select(paper.c.week_start, listed.c.category, sa.literal("paper", sa.String), sa.literal("", sa.String))
        .add_columns(sa.literal(0, sa.Integer), sa.func.count())
        .select_from(paper.join(listed, is_theirs))
        .where(~paper.c.is_withdrawn, watched)
        .group_by(paper.c.week_start, listed.c.category)
    )
    connection.execute(count.insert().from_select(columns, each))
