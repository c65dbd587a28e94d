"""A run's public message and its private detail are kept apart, and old messages lose what was private"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_REMOVED = "not kept: the message named an address or a file"
_WEB = re.compile(r"https?://\S+")
_ABOUT_READERS = ("delivery", "bounces", "clean up")
"""Jobs whose messages held mail servers' replies, or how many readers there are."""


def upgrade() -> None:
    op.add_column("job_run", sa.Column("detail", sa.Text(), server_default="", nullable=False))
    run = sa.table(
        "job_run",
        sa.column("run_id", sa.Integer),
        sa.column("job", sa.String),
        sa.column("message", sa.Text),
    )
    connection = op.get_bind()
    rows = connection.execute(sa.select(run.c.run_id, run.c.job, run.c.message).where(run.c.message != "")).all()
    for run_id, job, message in rows:
        # More is removed than must be: a message that is gone harms nobody, and a relative path looks like any word.
        is_private = any(mark in _WEB.sub("", message) for mark in "@/\\") or "@" in message
        if job in _ABOUT_READERS or is_private:
            words = _REMOVED if is_private else ""
            connection.execute(run.update().where(run.c.run_id == run_id).values(message=words))
