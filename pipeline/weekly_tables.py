"""Weekly-table stage: counts papers by week, term and level."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.progress import Progress
from store.database import Database
from store.weekly import rebuild_weekly_tables, weekly_tables_are_current


def refresh_tables(
    db: Database, detector_id: str, topic_model_id: int | None, categories: tuple[str, ...], *, now: datetime
) -> Iterator[Progress]:
    """Rebuild the weekly tables, if something has changed since the last time."""
    if weekly_tables_are_current(db, detector_id, topic_model_id, categories):
        return
    rebuild_weekly_tables(db, detector_id, topic_model_id, categories, now=now)
    yield Progress("tables", 1, 1, "tables")
