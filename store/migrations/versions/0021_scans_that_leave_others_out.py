"""A scan may leave out what other scans decided"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scan", sa.Column("leaves_out_others", sa.Boolean(), server_default=sa.false(), nullable=False))
