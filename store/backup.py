"""Backup of a SQLite database in use, and restore.

A restore prepares a copy of the backup, with the readers of the present database, and then replaces the database by it:
whatever fails or is killed before leaves everything as it was.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url

from domain.errors import StoreError
from store.database import Database, make_schema, open_database
from store.restore_lock import exclusive_lock
from store.schema import (
    block_link,
    collection,
    collection_paper,
    delivery,
    instance_key,
    mailing,
    paper_decision,
    query_vector,
    reader,
    reader_mute,
    reader_seed,
    scan,
    subscriber,
    subscriber_token,
    subscription_request,
    suppression,
)


def back_up(db: Database, file: Path) -> None:
    """Copy a SQLite database into a file, atomically.

    Uses SQLite's online backup: other connections may read and write meanwhile, and the copy is consistent. It is
    made in one step, because SQLite restarts a stepwise copy whenever another process writes.

    Raises
    ------
    StoreError
        If the database is not SQLite, the file exists and is no earlier backup, or the copy cannot be written or fails
        SQLite's check.
    """
    if not db.is_sqlite:
        raise StoreError(
            "this database is PostgreSQL: back it up with pg_dump --format=custom --file=FILE DATABASE_URL"
        )
    _require_replaceable(file, Path(make_url(db.url).database or ""))
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
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


def _require_replaceable(file: Path, database: Path) -> None:
    """Refuse to replace anything but an earlier backup: processes would go on writing into a replaced database.

    Raises
    ------
    StoreError
    """
    _require_another_file(file, database)
    try:
        if not file.exists() or (file.is_file() and _is_ours(file)):
            return
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror}") from error
    raise StoreError(f"{file} exists and is no backup of Papertide; give another file")


def _require_another_file(file: Path, database: Path) -> None:
    """Refuse the database in use, or a file that belongs to it, as a backup."""
    own = [database, *_beside(database), database.with_name(f"{database.name}.lock")]
    if file.resolve() in [one.resolve() for one in own] or (
        file.exists() and database.exists() and file.samefile(database)
    ):
        raise StoreError(f"{file} is the database in use; give another file")


def _is_ours(file: Path) -> bool:
    """Whether a file is empty, or a database that Papertide made."""
    with file.open("rb") as opened:
        begin = opened.read(len(_MAGIC))
    if begin != _MAGIC:
        return not begin
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'paper'").fetchone() is not None
    except sqlite3.Error:
        return False


def _require_sound(copy: sqlite3.Connection, file: Path) -> None:
    answer = copy.execute("PRAGMA quick_check").fetchone()[0]
    if answer != "ok":
        raise StoreError(f"the copy {file} is damaged: {answer}; the database itself may be damaged")


# -- restore


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    ``replaced`` is where the replaced database is now, ``None`` if there was none. ``n_readers`` is the number of
    subscribers kept from it, ``None`` if those of the backup were restored. ``n_suppressed_lost`` is the number of
    suppressed addresses of the replaced database that could not be kept.
    """

    replaced: Path | None
    n_readers: int | None
    n_suppressed_lost: int = 0


def restore(backup: Path, database: Path, *, with_readers: bool = False) -> Restored:
    """Replace a SQLite database that is not in use by a backup.

    Subscribers, with all that is stored about them, stay those of the replaced database: a backup would send again what
    was sent since, mail people who have left since, and bring back deleted ones. ``with_readers`` takes them from the
    backup; suppressed addresses and the links that suppress one are then kept from both.

    Raises
    ------
    StoreError
        If the backup is not an intact database of Papertide, the readers of the present database cannot be read, or the
        target cannot be written. Everything is then as it was.
    BusyError
        If any process has the database open.
    """
    _require_another_file(backup, database)
    copy = _private_copy(backup, database)
    try:
        _require_backup(copy, backup)
        open_database(_url(copy).render_as_string()).close()  # brings an older schema up to date
        with exclusive_lock(database):
            keeps_readers = database.exists() and not with_readers
            n_readers = _carry_over_readers(copy, database) if keeps_readers else None
            n_lost = _carry_over_suppressions(copy, database) if database.exists() and with_readers else 0
            return Restored(_swap(copy, database), n_readers, n_lost)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"cannot restore to {database}: {getattr(error, 'strerror', None) or error}") from error
    finally:
        for file in (copy, *_beside(copy), copy.with_name(f"{copy.name}.lock")):
            file.unlink(missing_ok=True)


def _url(file: Path) -> URL:
    return URL.create("sqlite", database=str(file))


def _beside(file: Path) -> list[Path]:
    return [file.with_name(file.name + suffix) for suffix in ("-wal", "-shm")]


def _private_copy(backup: Path, database: Path) -> Path:
    """A copy of a backup next to the database, for its owner alone."""
    if not backup.is_file():
        raise StoreError(f"there is no backup {backup}")
    part: Path | None = None
    try:
        with backup.open("rb") as source:
            if source.read(len(_MAGIC)) != _MAGIC:
                raise StoreError(f"{backup} is not a backup of Papertide: it is no SQLite database")
            source.seek(0)
            database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=database.parent, prefix=f".{database.name}.")
            part = Path(name)
            with os.fdopen(handle, "wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
    except OSError as error:
        if part is not None:
            part.unlink(missing_ok=True)
        raise StoreError(f"cannot copy {backup} to {database.parent}: {error.strerror}") from error
    return part


_MAGIC = b"SQLite format 3\0"


def _require_backup(copy: Path, backup: Path) -> None:
    """Refuse what is not an intact database of Papertide with exactly its schema.

    A trigger or view of somebody else's would run with the first write, and could re-activate a subscriber.

    Raises
    ------
    StoreError
    """
    try:
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            found = _schema_of(connection)
            _require_sound(connection, backup)
    except sqlite3.Error as error:
        raise StoreError(f"{backup} is not a backup of Papertide: {error}") from error
    with tempfile.TemporaryDirectory(prefix="papertide-schema-") as folder:
        file = Path(folder, "empty.sqlite")
        make_schema(file, str(version[0] if version else None))
        with closing(sqlite3.connect(file)) as connection:
            expected = _schema_of(connection)
    for key in sorted(found.keys() | expected.keys()):
        if found.get(key) != expected.get(key):
            kind, name = key
            how = "lacks" if key not in found else "has" if key not in expected else "has another"
            raise StoreError(f"{backup} is not a backup of Papertide: it {how} {kind} {name!r}")


def _schema_of(connection: sqlite3.Connection) -> dict[tuple[str, str], object]:
    """Everything in a schema by kind and name, with what it does: columns of a table, the statement of a trigger."""
    made: dict[tuple[str, str], object] = {}
    for kind, name, table, sql in connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall():
        if name.startswith("sqlite_"):  # SQLite's own
            continue
        words = " ".join((sql or "").split())
        if kind == "table" and not words.upper().startswith("CREATE VIRTUAL"):
            columns = connection.execute("SELECT name, type, pk, hidden FROM pragma_table_xinfo(?)", (name,))
            made[kind, name] = columns.fetchall()
        else:
            made[kind, name] = table if kind == "index" else words
    return made


_READERS = (
    instance_key,
    suppression,
    block_link,
    subscription_request,
    subscriber,
    subscriber_token,
    mailing,
    delivery,
    reader,
    scan,
    paper_decision,
    reader_mute,
    reader_seed,
    collection,
    collection_paper,
)
"""The tables about readers, parents first; ``query_vector`` holds the words of saved searches."""


def _carry_over_readers(copy: Path, database: Path) -> int:
    """Replace everything about readers in the copy by what the database has; returns its number of subscribers.

    Raises
    ------
    StoreError
        If the database cannot be read.
    """
    hint = "with --with-readers subscribers are those of the backup, which may mail twice and bring back deleted ones"
    try:
        with closing(sqlite3.connect(copy)) as connection:
            _attach(connection, database, hint)
            with connection:
                connection.execute("PRAGMA secure_delete = ON")
                for table in (query_vector, *reversed(_READERS)):
                    connection.execute(f"DELETE FROM main.{table.name}")  # noqa: S608 - names of our own schema
                for table in (*_READERS, query_vector):
                    names = ", ".join(column.name for column in table.columns)
                    connection.execute(
                        f"INSERT INTO main.{table.name} ({names}) SELECT {names} FROM old.{table.name}"  # noqa: S608
                    )
            return int(connection.execute("SELECT count(*) FROM main.subscriber").fetchone()[0])
    except sqlite3.Error as error:
        raise StoreError(f"the subscribers in {database} cannot be read: {error}; {hint}") from error


def _carry_over_suppressions(copy: Path, database: Path) -> int:
    """Add the database's suppressed addresses and block links to the copy; returns how many could not be added.

    They cannot where the hashes have another key: in a backup of another instance, or one older than the key. Nor where
    the database cannot be read, which is why the backup's readers are restored.
    """
    try:
        with closing(sqlite3.connect(copy)) as connection:
            _attach(connection, database, "")
            [[is_same]] = connection.execute(
                "SELECT EXISTS (SELECT 1 FROM main.instance_key JOIN old.instance_key USING (name, key))"
            )
            if not is_same:
                return int(connection.execute("SELECT count(*) FROM old.suppression").fetchone()[0])
            with connection:
                for table in (suppression, block_link):
                    names = ", ".join(column.name for column in table.columns)
                    connection.execute(
                        f"INSERT OR IGNORE INTO main.{table.name} ({names}) SELECT {names} FROM old.{table.name}"  # noqa: S608
                    )
            return 0
    except (sqlite3.Error, StoreError):
        return 0


def _attach(connection: sqlite3.Connection, database: Path, hint: str) -> None:
    """Attach the present database as ``old``, if it has the schema of the main one."""
    connection.execute("ATTACH ? AS old", (str(database),))
    here, there = (
        connection.execute(f"SELECT version_num FROM {name}.alembic_version").fetchone()[0]  # noqa: S608
        for name in ("main", "old")
    )
    if here != there:
        raise StoreError(f"{database} has another schema: {there}, not {here}; {hint}")


def _swap(copy: Path, database: Path) -> Path | None:
    """Put the copy in the database's place; returns where the replaced one is now."""
    with copy.open("rb+") as file:
        os.fsync(file.fileno())
    replaced = None
    if database.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as old:  # a damaged one is set aside as it is
            # The -wal file holds the latest writes; move them into the database before setting it aside.
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        replaced = database.replace(database.with_name(database.name + ".before-restore"))
        replaced.chmod(0o600)
    for beside in _beside(database):
        beside.unlink(missing_ok=True)
    copy.replace(database)
    return replaced
