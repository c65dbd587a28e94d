"""Nothing: it once erased the marks of waves that migration 0026 has looked for again"""

from __future__ import annotations

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
