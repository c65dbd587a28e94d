"""Values that stay as they were at their first use."""

from __future__ import annotations

from sqlalchemy import select

from store.database import Database
from store.schema import kept_value as kept


def kept_value(db: Database, name: str, first: str) -> str:
    """The stored value; at the first use of the name ``first``, which is then stored."""
    question = select(kept.c.value).where(kept.c.name == name)
    with db.read() as connection:
        value: str | None = connection.execute(question).scalar()
    if value is not None:
        return value
    with db.write() as connection:
        connection.execute(db.upsert(kept).values(name=name, value=first).on_conflict_do_nothing())
        stored: str = connection.execute(question).scalar_one()
    return stored
