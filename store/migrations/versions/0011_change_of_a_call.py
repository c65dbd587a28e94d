"""A trend call keeps the change that was tested, over the weeks held, in place of an annual odds ratio"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NEW = ("share_first", "share_last", "change_low", "change_high", "interval_level")
_OLD = ("growth", "growth_low", "growth_high")


def upgrade() -> None:
    # Not in a batch, which would copy the whole table on SQLite.
    op.add_column("trend_call", sa.Column("first_week_start", sa.Date(), nullable=True))
    for name in _NEW:
        op.add_column("trend_call", sa.Column(name, sa.Float(), nullable=True))
    for name in _OLD:
        op.drop_column("trend_call", name)
