"""A scan may be of the papers of some categories or an author only"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scan", sa.Column("categories", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("scan", sa.Column("author", sa.String(200), server_default="", nullable=False))
