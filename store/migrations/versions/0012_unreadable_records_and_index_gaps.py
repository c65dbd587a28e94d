"""Windows and lists name the records that could not be read, and windows hold the evidence of a late index"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("harvest_window", sa.Column("unreadable", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("harvest_window", sa.Column("gap", sa.JSON(), nullable=True))
    op.add_column("oai_harvest", sa.Column("n_unreadable", sa.Integer(), server_default="0", nullable=False))
    op.add_column("oai_harvest", sa.Column("unreadable", sa.JSON(), server_default="[]", nullable=False))
    # Its sentence named one page's records only; the next pass counts them again.
    op.drop_column("oai_harvest", "problem")
