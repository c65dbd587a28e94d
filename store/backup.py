"""Backup of a SQLite database in use, and restore."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import Table

from domain.errors import StoreError
from store.database import Database
from store.schema import delivery, mailing, subscriber, subscriber_token, subscription_request, suppression


def back_up(db: Database, file: Path) -> None:
    """Copy a SQLite database into a file, atomically.

    Uses SQLite's online backup: other connections may read and write meanwhile, and the copy is consistent. It is
    made in one step, because SQLite restarts a stepwise copy whenever another process writes.

    Raises
    ------
    StoreError
        If the database is not SQLite, or the copy cannot be written or fails SQLite's check.
    """
    if not db.is_sqlite:
        raise StoreError(
            "this database is PostgreSQL: back it up with pg_dump --format=custom --file=FILE DATABASE_URL"
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError as error:
        raise StoreError(f"cannot write {file}: {error.strerror}") from error
    os.close(handle)
    part = Path(name)
    try:
        with db.driver_connection() as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
            _require_sound(target, file)
        part.chmod(0o600)  # contains readers' addresses
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(file)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"cannot write the backup {file}: {getattr(error, 'strerror', None) or error}") from error
    finally:
        part.unlink(missing_ok=True)


def _require_sound(copy: sqlite3.Connection, file: Path) -> None:
    answer = copy.execute("PRAGMA quick_check").fetchone()[0]
    if answer != "ok":
        raise StoreError(f"the copy {file} is damaged: {answer}; the database itself may be damaged")


def restore(backup: Path, database: Path) -> Path | None:
    """Replace a SQLite database that is not in use by a backup; returns where the replaced file is now, if any.

    Raises
    ------
    StoreError
        If the backup is not an intact database of Papertide, or the target cannot be written.
    """
    if not backup.is_file():
        raise StoreError(f"there is no backup {backup}")
    try:
        with closing(sqlite3.connect(f"file:{backup}?mode=ro", uri=True)) as copy:
            _require_sound(copy, backup)
            copy.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise StoreError(f"{backup} is not a backup of Papertide: {error}") from error
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=database.parent, prefix=f".{database.name}.")
        with os.fdopen(handle, "wb") as target, backup.open("rb") as source:
            while chunk := source.read(1 << 20):
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        replaced = None
        if database.exists():
            # The -wal file holds the latest writes; move them into the database before setting it aside.
            with closing(sqlite3.connect(database)) as old:
                old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            replaced = database.replace(database.with_name(database.name + ".before-restore"))
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        Path(name).replace(database)
        return replaced
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"cannot restore to {database}: {getattr(error, 'strerror', None) or error}") from error


def carry_over_subscribers(database: Path, replaced: Path) -> int:
    """Copy subscribers, suppressions and deliveries from the replaced database; returns its number of subscribers.

    Otherwise a restored backup would send again what was sent since, and mail people who have unsubscribed since. A
    subscriber who is only in the backup was deleted since, and becomes unsubscribed.

    Raises
    ------
    StoreError
        If the replaced database cannot be read or has another schema; the restored database is then unchanged.
    """
    try:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("ATTACH ? AS old", (f"{replaced}",))
            with connection:
                now, then = (
                    connection.execute(f"SELECT version_num FROM {name}.alembic_version").fetchone()[0]  # noqa: S608
                    for name in ("main", "old")
                )
                if now != then:
                    raise StoreError(f"{replaced} has another schema: {then}, not {now}")
                for statement in _CARRY_OVER:
                    connection.execute(statement)
            return int(connection.execute("SELECT count(*) FROM old.subscriber").fetchone()[0])
    except sqlite3.Error as error:
        raise StoreError(f"{replaced} cannot be read: {error}") from error


def _columns(table: Table, *excluded: str) -> str:
    return ", ".join(column.name for column in table.columns if column.name not in excluded)


def _copy_by_address(table: Table, *excluded: str) -> str:
    """Copies rows of the replaced database, with the subscriber ids of this one."""
    names = _columns(table, "subscriber_id", *excluded)
    return (
        f"INSERT INTO main.{table.name} (subscriber_id, {names}) "  # noqa: S608 - names of our own schema
        f"SELECT now.subscriber_id, {', '.join(f'then_.{name}' for name in names.split(', '))} "
        f"FROM old.{table.name} then_ JOIN old.subscriber was ON was.subscriber_id = then_.subscriber_id "
        f"JOIN main.subscriber now ON now.address = was.address ORDER BY then_.rowid"
    )


def _copy_rows(table: Table, *excluded: str) -> str:
    names = _columns(table, *excluded)
    return f"INSERT INTO main.{table.name} ({names}) SELECT {names} FROM old.{table.name} ORDER BY rowid"  # noqa: S608


_CARRY_OVER = (
    *(f"DELETE FROM main.{t.name}" for t in (delivery, mailing, subscriber_token, subscription_request, suppression)),  # noqa: S608
    "DELETE FROM main.subscriber WHERE address IN (SELECT address FROM old.subscriber)",
    "UPDATE main.subscriber SET state = 'unsubscribed'",
    _copy_rows(subscriber, "subscriber_id"),
    _copy_rows(mailing),
    _copy_rows(suppression),
    _copy_rows(subscription_request, "request_id"),
    _copy_by_address(subscriber_token),
    _copy_by_address(delivery, "delivery_id"),
)
