"""A call may be marked as the wave of a venue's papers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("trend_call", sa.Column("wave_venue", sa.String(64)))
    op.add_column("trend_call", sa.Column("wave_k", sa.Integer()))
    op.add_column("trend_call", sa.Column("wave_n", sa.Integer()))
    op.add_column("trend_call", sa.Column("wave_without", sa.String(16)))
