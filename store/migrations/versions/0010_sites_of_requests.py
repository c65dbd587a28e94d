"""Requests from the form get the hash of their IPv6 /48, for a second limit"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscription_request", sa.Column("site", sa.String(64), server_default="", nullable=False))
    op.create_index("ix_subscription_request_site", "subscription_request", ["site"])
