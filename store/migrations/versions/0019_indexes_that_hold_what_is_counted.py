"""Papers are counted from indexes alone, without their abstracts"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_paper_week_start_counted", "paper", ["week_start", "arxiv_id", "is_withdrawn", "first_seen_at"])
    op.create_index(
        "ix_paper_submitted_at_counted",
        "paper",
        ["submitted_at", "arxiv_id", "is_withdrawn", "first_seen_at", "week_start"],
    )
    op.create_index("ix_paper_arxiv_id_counted", "paper", ["arxiv_id", "is_withdrawn", "week_start", "submitted_at"])
    op.drop_index("ix_paper_week_start_arxiv_id", table_name="paper")
    op.drop_index("ix_paper_submitted_at_arxiv_id", table_name="paper")
