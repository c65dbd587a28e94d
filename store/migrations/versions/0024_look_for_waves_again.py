"""Look again for the waves of calls that few papers of their week name

A wave explained a move also where it took little of it. The next run marks these moves anew.
"""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE trend_call SET wave_venue = NULL, wave_k = NULL, wave_n = NULL, wave_without = NULL "
        "WHERE wave_venue <> '' AND 4 * wave_k < wave_n"
    )
