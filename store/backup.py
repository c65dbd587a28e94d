"""A consistent copy of the database while it is in use, and the way back."""

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
    """Copy a SQLite database into a file that appears whole or not at all.

    SQLite's own online backup: others go on reading and writing, and the copy is of one instant. It is made in one
    go, because SQLite begins anew whenever another process writes between two parts of a copy.

    Raises
    ------
    StoreError
        If the database is not SQLite, or the copy cannot be written or is not sound.
    """
    if not db.is_sqlite:
        raise StoreError("PostgreSQL has its own way: pg_dump --format=custom --file=FILE and the database's URL")
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
        part.chmod(0o600)  # it holds readers' addresses
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
        raise StoreError(f"the copy {file} is not sound: {answer}; the database may be damaged")


def restore(backup: Path, database: Path) -> Path | None:
    """Put a backup in the place of a SQLite database that nobody uses; where what was there is kept, if anything was.

    Raises
    ------
    StoreError
        If the backup is not a sound database of ours, or the place cannot be written.
    """
    if not backup.is_file():
        raise StoreError(f"there is no backup {backup}")
    try:
        with closing(sqlite3.connect(f"file:{backup}?mode=ro", uri=True)) as copy:
            _require_sound(copy, backup)
            copy.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise StoreError(f"{backup} is no backup of Papertide: {error}") from error
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=database.parent, prefix=f".{database.name}.")
        with os.fdopen(handle, "wb") as target, backup.open("rb") as source:
            while chunk := source.read(1 << 20):
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        kept = None
        if database.exists():
            # Its -wal holds what it was told last: SQLite writes it back when the last connection closes.
            with closing(sqlite3.connect(database)) as old:
                old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            kept = database.replace(database.with_name(database.name + ".before-restore"))
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        Path(name).replace(database)
        return kept
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"cannot restore to {database}: {getattr(error, 'strerror', None) or error}") from error


def carry_over_subscribers(database: Path, replaced: Path) -> int:
    """Take over from a replaced database who reads, who left, and what was sent; how many readers it has.

    Without it a restored backup would mail again what was sent since, and to people who have left since. A reader
    whom only the backup has was removed since, or removed themselves: they come back as unsubscribed.

    Raises
    ------
    StoreError
        If the replaced database cannot be read or has another schema; the restored one is as the backup was.
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


def _columns(table: Table, *but: str) -> str:
    return ", ".join(column.name for column in table.columns if column.name not in but)


def _copy_by_address(table: Table, *but: str) -> str:
    """Rows of the replaced database with the numbers that their readers have in this one."""
    names = _columns(table, "subscriber_id", *but)
    return (
        f"INSERT INTO main.{table.name} (subscriber_id, {names}) "  # noqa: S608 - names of our own schema
        f"SELECT now.subscriber_id, {', '.join(f'then_.{name}' for name in names.split(', '))} "
        f"FROM old.{table.name} then_ JOIN old.subscriber was ON was.subscriber_id = then_.subscriber_id "
        f"JOIN main.subscriber now ON now.address = was.address ORDER BY then_.rowid"
    )


def _copy_rows(table: Table, *but: str) -> str:
    names = _columns(table, *but)
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
