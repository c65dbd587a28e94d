"""Progress of reading the OAI-PMH lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain.harvest import HarvestPlan, OaiPass
from store.database import Database
from store.papers import apply_plan
from store.schema import oai_harvest


def oai_pass(db: Database, set_name: str, metadata_format: str) -> OaiPass | None:
    """The newest pass through one list; ``None`` if it was never read."""
    query = select(oai_harvest).where(
        oai_harvest.c.set_name == set_name, oai_harvest.c.metadata_prefix == metadata_format
    )
    with db.read() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else _pass_from_row(row)


def oai_passes(db: Database) -> list[OaiPass]:
    """The newest pass through each list."""
    query = select(oai_harvest).order_by(oai_harvest.c.set_name, oai_harvest.c.metadata_prefix)
    with db.read() as connection:
        return [_pass_from_row(row) for row in connection.execute(query)]


def apply_page(db: Database, plan: HarvestPlan, new_state: OaiPass, *, seen_at: datetime) -> None:
    """Store a page's changes and the new state of its pass, in one transaction."""
    columns = {
        "since": new_state.since,
        "pass_from_date": new_state.pass_from,
        "from_date": new_state.from_date,
        "token": new_state.token,
        "pass_began_at": new_state.began_at,
        "n_records": new_state.n_records,
        "n_unreadable": new_state.n_unreadable,
        "unreadable": list(new_state.unreadable),
        "finished_at": new_state.finished_at,
    }
    insert = db.upsert(oai_harvest).values(
        set_name=new_state.set_name, metadata_prefix=new_state.metadata_format, **columns
    )
    with db.write() as connection:
        apply_plan(db, connection, plan, seen_at=seen_at)
        connection.execute(insert.on_conflict_do_update(index_elements=["set_name", "metadata_prefix"], set_=columns))


def _pass_from_row(row: Any) -> OaiPass:
    return OaiPass(
        set_name=row.set_name,
        metadata_format=row.metadata_prefix,
        since=row.since,
        pass_from=row.pass_from_date,
        from_date=row.from_date,
        token=row.token,
        began_at=row.pass_began_at,
        n_records=row.n_records,
        n_unreadable=row.n_unreadable,
        unreadable=tuple(row.unreadable),
        finished_at=row.finished_at,
    )
