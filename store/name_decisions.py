"""Changes of the ledger that do not follow from single papers: fading, and the operator's decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from domain.name_ledger import NameEvent
from domain.paper import ArxivId
from domain.week import Week
from store.database import Database
from store.name_ledger_making import event_row, portions
from store.schema import name, name_event, name_key, name_mention, name_split, stale_name_key


def add_name_events(db: Database, events: Sequence[tuple[int, NameEvent]], *, now: datetime) -> None:
    """Add events that do not follow from single papers, such as fading; one that is there already stays."""
    if not events:
        return
    ids = sorted({name_id for name_id, _ in events})
    with db.write() as connection:
        there = {
            (row.name_id, row.kind, row.week)
            for some in portions(ids)
            for row in connection.execute(select(name_event).where(name_event.c.name_id.in_(some)))
        }
        rows = [event_row(i, e, now) for i, e in events if (i, e.kind, e.week.monday) not in there]
        if rows:
            connection.execute(name_event.insert(), rows)
        for name_id, event in events:
            if event.kind == "fading":
                this = name.c.name_id == name_id
                connection.execute(update(name).where(this).values(fading_week=event.week.monday))


def decide_names(
    db: Database, changes: Mapping[int, Mapping[str, Any]], events: Sequence[tuple[int, NameEvent]], *, now: datetime
) -> None:
    """Store decisions of the operator: columns of names by id, with the events that tell of them."""
    with db.write() as connection:
        for name_id, columns in changes.items():
            connection.execute(update(name).where(name.c.name_id == name_id).values(dict(columns)))
        if events:
            connection.execute(name_event.insert(), [event_row(i, e, now) for i, e in events])
        _mark_stale_of_names(db, connection, [*changes, *(i for i, _ in events)])


def split_name(db: Database, name_id: int, ids: Sequence[ArxivId], week: Week, *, now: datetime) -> int:
    """Give some of a name's papers to a new name, for good; returns its id."""
    with db.write() as connection:
        old = connection.execute(select(name).where(name.c.name_id == name_id)).one()._asdict()
        new_id: int = connection.execute(select(func.max(name.c.name_id))).scalar_one() + 1
        blank = dict.fromkeys(
            ("given_surface", "given_kind", "merged_into", "introduced_by", "introduced_week", "fading_week")
        )
        connection.execute(name.insert().values({**old, **blank, "name_id": new_id, "is_ignored": False}))
        keys = connection.execute(
            select(name_mention.c.arxiv_id, name_mention.c.key).where(
                name_mention.c.name_id == name_id, name_mention.c.arxiv_id.in_(ids)
            )
        ).all()
        rows = [{"arxiv_id": row.arxiv_id, "key": row.key, "name_id": new_id} for row in keys]
        for row in rows:
            connection.execute(
                delete(name_split).where(name_split.c.arxiv_id == row["arxiv_id"], name_split.c.key == row["key"])
            )
        connection.execute(name_split.insert(), rows)
        links = [{"key": key, "name_id": new_id} for key in sorted({row["key"] for row in rows})]
        connection.execute(db.upsert(name_key).on_conflict_do_nothing(), links)
        told = NameEvent("split", week, detail=str(new_id)), NameEvent("split", week, detail=str(name_id))
        connection.execute(name_event.insert(), [event_row(name_id, told[0], now), event_row(new_id, told[1], now)])
        _mark_stale_of_names(db, connection, [name_id, new_id])
    return new_id


def _mark_stale_of_names(db: Database, connection: Connection, ids: Sequence[int]) -> None:
    keys = select(name_key.c.key).distinct().where(name_key.c.name_id.in_(list(ids)))
    connection.execute(db.upsert(stale_name_key).from_select(["key"], keys).on_conflict_do_nothing())
