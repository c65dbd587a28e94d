"""The birth of a topic has the date of the topic's first papers, as the topic has, and not that of the fit"""

from __future__ import annotations

import re
from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    event = sa.table(
        "topic_event",
        sa.column("event_id", sa.Integer),
        sa.column("topic_id", sa.Integer),
        sa.column("kind", sa.String),
        sa.column("week", sa.Date),
        sa.column("detail", sa.Text),
    )
    topic = sa.table("topic", sa.column("topic_id", sa.Integer), sa.column("born_week", sa.Date))
    connection = op.get_bind()
    births = connection.execute(
        sa.select(event.c.event_id, event.c.week, event.c.detail, topic.c.born_week)
        .join(topic, topic.c.topic_id == event.c.topic_id)
        .where(event.c.kind == "born")
    ).all()
    for birth in births:
        detail = re.sub(
            r"^(\d+) papers(?: that fitted no topic better)?, its first in \S+$",
            rf"found in {_iso_week(birth.week)}, with \1 papers then",
            birth.detail,
        )
        connection.execute(
            event.update().where(event.c.event_id == birth.event_id).values(week=birth.born_week, detail=detail)
        )


def _iso_week(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02d}"
