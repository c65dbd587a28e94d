"""Leases: the right to do a job, held by one process at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, literal, or_, select, update

from domain.errors import BusyError
from store.database import Database
from store.schema import lease


def acquire_lease(
    db: Database, name: str, holder: str, *, now: datetime, duration: timedelta, has_ended: Callable[[str], bool]
) -> None:
    """Acquire or renew a lease until ``now + duration``.

    An expired lease may be taken over. So may one whose holder's process ``has_ended``, which can be told only of
    processes on this machine.

    Raises
    ------
    BusyError
        If another process holds the lease.
    """
    with db.write() as connection:
        row = connection.execute(select(lease).where(lease.c.name == name)).one_or_none()
        if row is None:
            insert = db.upsert(lease).values(name=name, holder=holder, expires_at=now + duration)
            # RETURNING, because SQLAlchemy's rowcount after an INSERT is -1 on PostgreSQL.
            query = insert.on_conflict_do_nothing().returning(lease.c.name)
            taken = connection.execute(query).one_or_none() is not None
        else:
            free = row.holder == holder or has_ended(row.holder)
            statement = (
                update(lease)
                .where(lease.c.name == name, lease.c.holder == row.holder)
                .where(or_(lease.c.expires_at <= now, literal(free)))  # the condition decides, not the row read before
                .values(holder=holder, expires_at=now + duration)
            )
            taken = connection.execute(statement).rowcount == 1
        if not taken:
            current = row.holder if row else "another process"
            raise BusyError(
                f"another Papertide process uses this database ({_describe_holder(current)}); wait for it, or stop it",
                holder=current,
            )


def _describe_holder(holder: str) -> str:
    """A holder, ``host:pid:namespace.start``, in words."""
    host, _, rest = holder.partition(":")
    process = rest.partition(":")[0]
    return f"process {process} on {host}" if process else holder


def lease_holders(db: Database, prefix: str, *, now: datetime) -> list[str]:
    """Holders of the leases whose names start with ``prefix`` and that have not expired."""
    query = select(lease.c.holder).where(lease.c.name.startswith(prefix, autoescape=True), lease.c.expires_at > now)
    with db.read() as connection:
        return list(connection.execute(query).scalars())


def delete_expired_leases(db: Database, prefix: str, *, now: datetime) -> None:
    """Delete the expired leases whose names start with ``prefix``, which killed processes leave."""
    with db.write() as connection:
        connection.execute(
            delete(lease).where(lease.c.name.startswith(prefix, autoescape=True), lease.c.expires_at <= now)
        )


def release_lease(db: Database, name: str, holder: str) -> None:
    """Release a lease, so that it can be acquired at once."""
    with db.write() as connection:
        connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))
