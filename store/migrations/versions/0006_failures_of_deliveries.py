"""Deliveries get what their failure is about, so that failures that may pass can be counted over issues"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Older failures stay empty: what they were about is not known, and they count against nobody.
    op.add_column("delivery", sa.Column("failure", sa.String(16), server_default="", nullable=False))
