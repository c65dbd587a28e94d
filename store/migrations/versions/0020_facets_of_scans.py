"""A scan may be of the papers with some facets only"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scan", sa.Column("has", sa.JSON(), server_default="[]", nullable=False))
