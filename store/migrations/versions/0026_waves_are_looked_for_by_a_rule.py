"""A call keeps by which rule a wave was looked for

Marks of waves that few papers of the week name are looked for again where the term is still counted; all stay until
then.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("trend_call", sa.Column("wave_rule", sa.Integer()))
    op.execute("UPDATE trend_call SET wave_rule = 2 WHERE wave_venue = '' OR 4 * wave_k >= wave_n")
    op.execute("UPDATE trend_call SET wave_rule = 1 WHERE wave_venue <> '' AND 4 * wave_k < wave_n")
