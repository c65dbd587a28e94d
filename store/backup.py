"""A consistent copy of the database while it is in use, and the way back."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from domain.errors import StoreError
from store.database import Database


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


def restore(backup: Path, database: Path) -> None:
    """Put a backup in the place of a SQLite database that nobody uses; what was there is kept beside it.

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
        if database.exists():
            # Its -wal holds what it was told last: SQLite writes it back when the last connection closes.
            with closing(sqlite3.connect(database)) as old:
                old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            database.replace(database.with_name(database.name + ".before-restore"))
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        Path(name).replace(database)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"cannot restore to {database}: {getattr(error, 'strerror', None) or error}") from error
