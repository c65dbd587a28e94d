"""The database, SQLite or PostgreSQL: connections, transactions, time limits and migration."""

from __future__ import annotations

import hashlib
import hmac
import math
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import IO, Any

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    Table,
    TableValuedAlias,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, SQLAlchemyError

from domain.errors import BusyError, ConfigError, NoDatabaseError, QueryTimeout, StoreError
from store.restore_lock import IN_EXCLUSIVE_USE, IN_USE, exclusive_lock, shared_lock
from store.schema import SCHEMA_VERSION, instance_key, kept_value

LOCK_WAIT_S = 30.0
"""How long jobs wait for another writer."""
MOVING_FROM = "moving_from"
"""The kept value of a database that is being filled by a move: which database it is filled from."""
_ADVISORY_LOCK = 0x70617065
"""The number of the lock on a PostgreSQL database, which every connection shares; see ``store.restore_lock``."""
REQUESTS_LOCK = _ADVISORY_LOCK + 1
"""The number of PostgreSQL's lock under which requests are counted and stored, one at a time."""


@dataclass
class _TimeLimit:
    """A time limit for all reads of one caller together; what the caller computes between them does not count."""

    seconds: float
    used_s: float = 0.0

    @contextmanager
    def spent(self) -> Iterator[float]:
        """Seconds remaining, above 0; the time in the context is used up.

        Raises
        ------
        QueryTimeout
        """
        remaining_s = self.seconds - self.used_s
        if remaining_s <= 0:
            raise QueryTimeout(_TOO_SLOW)
        began = time.monotonic()
        try:
            yield remaining_s
        finally:
            self.used_s += time.monotonic() - began


_time_limit: ContextVar[_TimeLimit | None] = ContextVar("papertide_time_limit", default=None)


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Limit the time in all ``Database.read`` of this context together to ``seconds``; ``None`` sets no limit.

    A read beyond the limit raises ``QueryTimeout``, even in the middle of a statement. The limit does not apply to
    writes, nor to threads started inside the context.
    """
    token = _time_limit.set(None if seconds is None else _TimeLimit(seconds))
    try:
        yield
    finally:
        _time_limit.reset(token)


class Database:
    """A database with the current schema. ``read`` and ``write`` give a connection inside one short transaction."""

    def __init__(self, engine: Engine, *, lock: IO[bytes] | Connection | None = None) -> None:
        self._engine = engine
        self._lock = lock
        self.is_sqlite = engine.dialect.name == "sqlite"
        self.url = engine.url.render_as_string(hide_password=False)
        self._file = Path(engine.url.database or "") if self.is_sqlite else None
        self._file_id = _file_id(self._file)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction, which sees one consistent state."""
        limit = _time_limit.get()
        with (
            nullcontext() if limit is None else limit.spent() as remaining_s,
            _store_errors(),
            self._engine.connect().execution_options(papertide_remaining_s=remaining_s) as connection,
            connection.begin(),
        ):
            if remaining_s is not None and not self.is_sqlite:
                connection.execute(text(f"SET LOCAL statement_timeout = {math.ceil(1000 * remaining_s)}"))
            yield connection

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        """A write transaction, stored as a whole or not at all.

        On SQLite a loss of power can undo a committed transaction, unless it is ``durable``: then it is flushed to
        the disk.
        """
        if self._file_id is not None and _file_id(self._file) != self._file_id:
            raise StoreError("the database file was moved, deleted or replaced while in use; start Papertide again")
        # SQLite must take its write lock at the start: a read transaction that turns to writing fails instead of
        # waiting for the lock.
        with (
            _store_errors(),
            self._engine.connect().execution_options(papertide_write=True, papertide_durable=durable) as connection,
            connection.begin(),
        ):
            yield connection

    def keyed_hash(self, text: str) -> str:
        """The stored form of an address, mailbox or network: an HMAC-SHA256 with the instance's key, hexadecimal.

        The HMAC is of the text's SHA-256, so that hashes stored before there was a key could be given one.
        """
        return hmac.new(self._instance_key, hashlib.sha256(text.encode()).hexdigest().encode(), "sha256").hexdigest()

    @cached_property
    def _instance_key(self) -> bytes:
        new = self.upsert(instance_key).values(name="addresses", key=secrets.token_bytes(32))
        query = select(instance_key.c.key).where(instance_key.c.name == "addresses")
        with self.read() as connection:
            key: bytes | None = connection.execute(query).scalar()
        if key is None:
            with self.write() as connection:
                connection.execute(new.on_conflict_do_nothing(index_elements=["name"]))
                key = connection.execute(query).scalar_one()
        return bytes(key)

    def upsert(self, table: Table) -> Any:
        """This dialect's ``INSERT``, with ``on_conflict_do_update`` and ``on_conflict_do_nothing``."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    @contextmanager
    def driver_connection(self) -> Iterator[sqlite3.Connection]:
        """SQLite's driver connection, outside any transaction, for features beyond SQL."""
        with _store_errors(), closing(self._engine.raw_connection()) as connection:
            assert isinstance(connection.driver_connection, sqlite3.Connection)  # noqa: S101 - callers ask is_sqlite
            connection.driver_connection.set_progress_handler(None, 0)
            yield connection.driver_connection

    def elements(self, column: ColumnElement[Any]) -> TableValuedAlias:
        """The elements of a JSON list as a table with the column ``value``, for a lateral join."""
        function = func.json_each if self.is_sqlite else func.json_array_elements_text
        return function(column).table_valued("value")

    def close(self) -> None:
        """Close all connections, and let the database be replaced."""
        self._engine.dispose()
        if self._lock is not None:
            self._lock.close()


def open_database(
    url: str,
    *,
    cache_mb: int = 64,
    read_only: bool = False,
    create: bool = True,
    lock_wait_s: float = LOCK_WAIT_S,
    exclusive: bool = False,
) -> Database:
    """Connect, and bring the schema up to date; SQLite keeps ``cache_mb`` of pages for each connection.

    With ``read_only`` nothing is created, migrated or written: every write fails. Without ``create`` a SQLite file must
    exist. A statement that finds the database locked by another writer fails after ``lock_wait_s``. ``exclusive`` keeps
    every other process out until the database is closed; only so a database whose move is not finished can be opened.

    Raises
    ------
    ConfigError
        If the URL is malformed or names an unsupported database.
    StoreError
        If the database cannot be reached, is damaged, is not moved completely, or was made by a newer Papertide; with
        ``read_only`` also if it does not exist or needs a migration; with ``exclusive`` if it has tables of another
        program and none of Papertide.
    BusyError
        If another process uses it exclusively, or with ``exclusive`` at all.
    """
    parsed = parsed_url(url)
    name = parsed.get_backend_name()
    lock: IO[bytes] | Connection | None = None
    if name == "sqlite":
        if not (create and not read_only) and not Path(parsed.database or "").is_file():
            raise NoDatabaseError(
                f"there is no database {parsed.database}; check --data-dir, or make one: `papertide run`"
            )
        if parsed.database and parsed.database != ":memory:" and not read_only:
            _make_private(Path(parsed.database))
        if parsed.database and parsed.database != ":memory:":
            file = Path(parsed.database)
            lock = exclusive_lock(file) if exclusive else shared_lock(file, create=not read_only)
        engine = create_engine(parsed, connect_args={"timeout": lock_wait_s}, hide_parameters=True)
        event.listen(engine, "connect", partial(_prepare_sqlite, cache_mb, read_only))
        event.listen(engine, "begin", _begin_sqlite)
    elif name == "postgresql":
        options = f"-c lock_timeout={math.ceil(1000 * lock_wait_s)}"
        if read_only:
            options += " -c default_transaction_read_only=on"
        engine = _postgresql_engine(parsed, options)
        if exclusive:
            lock = _advisory_lock(engine)
        else:
            event.listen(engine, "connect", _share_advisory_lock)
    else:
        raise ConfigError(f"database_url: {name!r} is not supported; use sqlite or postgresql")
    db = Database(engine, lock=lock)
    try:
        with _store_errors():
            if exclusive and _schema_version(engine) is None and (others := inspect(engine).get_table_names()):
                raise StoreError(f"the database has tables of another program, such as {others[0]!r}; use an empty one")
            if read_only:
                _require_current_schema(engine)
            else:
                _migrate(engine)
            if not exclusive:
                _require_moved(engine)
    except BaseException:
        db.close()  # a connection that stays open would hold the lock
        raise
    return db


def _advisory_lock(engine: Engine) -> Connection:
    """A connection that holds the lock on a PostgreSQL database alone, until it is closed.

    Raises
    ------
    BusyError
    """
    with _store_errors():
        connection = engine.connect()
        connection.detach()
        taken = connection.execute(text(f"SELECT pg_try_advisory_lock({_ADVISORY_LOCK})")).scalar_one()
        connection.commit()
    if not taken:
        connection.close()
        raise BusyError(IN_USE, holder="another process")
    return connection


def _share_advisory_lock(connection: Any, _record: object) -> None:
    """Hold the lock on a PostgreSQL database as one of many, for as long as the connection lasts."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock_shared({_ADVISORY_LOCK})")
        [taken] = cursor.fetchone()
    connection.commit()
    if not taken:
        raise BusyError(IN_EXCLUSIVE_USE, holder="another process")


def _require_moved(engine: Engine) -> None:
    """Refuse a database that a move has filled in part.

    Raises
    ------
    StoreError
    """
    with engine.connect() as connection:
        unfinished = select(kept_value.c.name).where(kept_value.c.name == MOVING_FROM)
        if connection.execute(unfinished).scalar() is not None:
            raise StoreError("a move to this database was interrupted; run `papertide move` again to go on")


@dataclass(frozen=True)
class DatabaseHealth:
    """A database as it lies there: nothing is created, migrated or changed to see this.

    ``size_bytes`` is ``None`` where the database does not exist. ``damage`` is the first finding of SQLite's quick
    check, which compares no index with its table; ``None`` if there is none, and on PostgreSQL, which has no such
    check.
    """

    kind: str
    size_bytes: int | None
    schema_version: str | None
    expected_version: str
    damage: str | None


def database_health(url: str) -> DatabaseHealth:
    """The size, schema version and integrity of a database.

    Raises
    ------
    ConfigError, StoreError
        As ``open_database``.
    """
    parsed = parsed_url(url)
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        file = Path(parsed.database or "")
        if not file.is_file():
            return DatabaseHealth(kind, None, None, SCHEMA_VERSION, None)
        engine = create_engine(parsed)
        event.listen(engine, "connect", partial(_prepare_sqlite, 64, True))
        size, check = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", "PRAGMA quick_check(1)"
    elif kind == "postgresql":
        engine = _postgresql_engine(parsed, "-c default_transaction_read_only=on -c statement_timeout=10000")
        size, check = "SELECT pg_database_size(current_database())", "SELECT 'ok'"
    else:
        raise ConfigError(f"database_url: {kind!r} is not supported; use sqlite or postgresql")
    try:
        with _store_errors():
            version = _schema_version(engine)
            with engine.connect() as connection:
                size_bytes: int = connection.execute(text(size)).scalar_one()
                found: str = connection.execute(text(check)).scalar_one()
    finally:
        engine.dispose()
    return DatabaseHealth(kind, size_bytes, version, SCHEMA_VERSION, None if found == "ok" else found)


def parsed_url(url: str) -> URL:
    """The parts of a database's address.

    Raises
    ------
    ConfigError
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:  # the URL may contain a password, so it is not repeated
        raise ConfigError("database_url cannot be read; write sqlite:///FILE or postgresql://...") from error


def _postgresql_engine(parsed: URL, options: str) -> Engine:
    try:
        # hide_parameters: SQLAlchemy's errors would repeat values, for example a reader's address.
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"options": options},
        )
    except ModuleNotFoundError as error:
        raise ConfigError("database_url: PostgreSQL needs the extra: pip install 'papertide[postgresql]'") from error


def _file_id(file: Path | None) -> tuple[int, int] | None:
    """What tells a file from another at the same path; ``None`` if there is none."""
    try:
        stat = file.stat() if file is not None and file.name else None
    except OSError:
        return None
    return (stat.st_dev, stat.st_ino) if stat is not None else None


def make_schema(file: Path, version: str) -> None:
    """Create a SQLite database with the schema of a version and no papers, to compare others with.

    Raises
    ------
    StoreError
        If this Papertide does not know the version.
    """
    engine = create_engine(URL.create("sqlite", database=str(file)))
    try:
        with _store_errors():
            _migrate(engine, version)
    finally:
        engine.dispose()


def _make_private(file: Path) -> None:
    """Create a SQLite file and its folder, for their owner alone; an existing file is closed to others.

    SQLite gives the ``-wal`` and ``-shm`` files the permissions of the database.

    Raises
    ------
    StoreError
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot create the folder of the database {file}: {error.strerror}") from error
    if not file.exists():
        with suppress(OSError):  # SQLite says what is wrong
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
        with suppress(OSError):  # absent, or another user's
            if (path := file.with_name(name)).stat().st_mode & 0o077:
                path.chmod(0o600)


def _prepare_sqlite(cache_mb: int, read_only: bool, connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late; see _begin_sqlite
    # The words of the full-text index as a table, made here because a read-only connection may not even make this.
    connection.execute("CREATE VIRTUAL TABLE temp.paper_vocabulary USING fts5vocab(main, paper_text, row)")
    connection.execute("PRAGMA query_only = ON" if read_only else "PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{1024 * cache_mb}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    remaining_s = options.get("papertide_remaining_s")
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - what this listens to
    # The handler runs every 1000 steps of SQLite's virtual machine; the full-text index takes a few thousand a second.
    driver.set_progress_handler(None if remaining_s is None else _is_past(time.monotonic() + remaining_s), 1000)
    if not options.get("papertide_write", False):
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if options.get('papertide_durable') else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _is_past(deadline: float) -> Callable[[], bool]:
    return lambda: time.monotonic() > deadline


def _schema_version(engine: Engine) -> str | None:
    """The version of the schema; ``None`` for an empty database."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return version


def _require_current_schema(engine: Engine) -> None:
    """Refuse a database that would have to be migrated.

    Raises
    ------
    StoreError
    """
    current = _schema_version(engine)
    if current != SCHEMA_VERSION:
        raise StoreError(
            f"the database has schema version {current or 'none'}, this Papertide reads {SCHEMA_VERSION}; "
            "`papertide status` brings an older one up to date"
        )


def _migrate(engine: Engine, to: str = SCHEMA_VERSION) -> None:
    current = _schema_version(engine)
    if current == to:
        return
    # Imported only to migrate, because the import takes longer than most queries.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    for version in (current, to):
        if version is not None and version not in known:
            raise StoreError(
                f"the database has schema version {version}, which this Papertide does not know; "
                "install the newer version"
            )
    with engine.connect().execution_options(papertide_write=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, to)


@contextmanager
def _store_errors() -> Iterator[None]:
    """Turn a database error into a ``StoreError`` of one line, with a hint where the cause is known."""
    try:
        yield
    except DatabaseError as error:
        reason = str(error.orig).splitlines()[0] if error.orig and str(error.orig) else type(error).__name__
        if reason == "interrupted" or "statement timeout" in reason:
            raise QueryTimeout(_TOO_SLOW) from error
        known = next((words for words in _HINTS if words in reason), "")
        hint = _HINTS.get(known, "")
        public = f"the database failed: {known}{hint}" if known else ""
        raise StoreError(f"the database failed: {reason}{hint}", public=public) from error
    except SQLAlchemyError as error:
        raise StoreError(f"the database failed: {error}") from error


_TOO_SLOW = "the query takes too long; use fewer terms, longer words or a shorter period"
_HINTS = {
    "disk is full": "; free some space and run again, nothing stored was lost",
    "database is locked": "; another process is using it, run again",
    "lock timeout": "; another process is using it, run again",
    "not a database": "; the file is damaged or not a database: restore a backup or move the file away",
    "malformed": "; the file is damaged: restore a backup",
    "readonly": "; the file or its folder is not writable",
    "unable to open": "; check that its folder exists and is writable",
}
