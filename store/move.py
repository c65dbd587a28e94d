"""A database copied into another, of the same kind or the other, row for row.

Each batch is one transaction of the target, in the order of the primary keys, so the rows that are there say how far an
interrupted move came. Until everything is compared the target carries ``MOVING_FROM``, and nothing else opens it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Select,
    String,
    Table,
    Text,
    bindparam,
    cast,
    collate,
    func,
    select,
    text,
)
from sqlalchemy import tuple_ as row_value

from domain.errors import StoreError, UsageError
from domain.progress import Progress
from store.database import MOVING_FROM, Database, open_database, parsed_url
from store.schema import instance_key, kept_value, lease, metadata

BATCH = 5_000
"""Rows of one transaction."""
TABLES: tuple[Table, ...] = tuple(table for table in metadata.sorted_tables if table is not lease)
"""What is moved, parents first; a lease belongs to the processes of one database."""
_AT_ONCE = 1_000
_MODULUS = 1 << 128


@dataclass(frozen=True)
class TableDigest:
    """The number of rows of a table, and a checksum that does not depend on their order."""

    n_rows: int = 0
    checksum: int = 0

    def with_row(self, row: Sequence[Any]) -> TableDigest:
        """The digest with one more row."""
        hashed = blake2b(digest_size=16)
        for value in row:
            encoded = value if isinstance(value, bytes) else repr(value).encode()
            hashed.update(len(encoded).to_bytes(8, "little"))
            hashed.update(encoded)
        return TableDigest(self.n_rows + 1, (self.checksum + int.from_bytes(hashed.digest(), "little")) % _MODULUS)


def move_database(url: str, to: str) -> Iterator[Progress]:
    """``move`` from one address to another, while no process has either database open.

    Raises
    ------
    UsageError
        If both are the same.
    ConfigError, StoreError, BusyError
        As ``open_database`` and ``move``.
    """
    if parsed_url(url) == parsed_url(to):
        raise UsageError("--to names the database that is in use; name an empty one")
    with (
        closing(open_database(url, create=False, exclusive=True)) as source,
        closing(open_database(to, exclusive=True)) as target,
    ):
        yield from move(source, target)


def move(source: Database, target: Database, *, batch: int = BATCH) -> Iterator[Progress]:
    """Copy every row of a database into an empty one, or go on with a move that was interrupted.

    Both must be open exclusively, because nothing may change between the first row and the last. Where the source was
    changed after an interruption, the tables from the changed one on are copied again. At the end the number of rows
    and a checksum of every table are compared on both sides.

    Raises
    ------
    StoreError
        If the target holds rows of anything but an interrupted move from this source, or differs at the end.
    """
    _claim(source, target)
    n_total = sum(_n_rows(source, table) for table in TABLES)
    n_done = 0
    for table in TABLES:
        last = _last_key(target, table)
        if last is not None and not _is_begun_rightly(source, target, table, last):
            _empty_from(target, table)
            last = None
        n_done += _n_rows(target, table)
        for n_copied in _copied(source, target, table, after=last, batch=batch):
            n_done += n_copied
            yield Progress("move", n_done, n_total, "rows")
        _copy_references_to_itself(source, target, table)
    for table in TABLES:
        if (here := _digest(source, table)) != (there := _digest(target, table)):
            raise StoreError(
                f"table {table.name}: {here.n_rows:,} rows here and {there.n_rows:,} there, or their contents differ; "
                "the target is not in use, run `papertide move` again"
            )
    _release(target)
    yield Progress("move", n_done, n_total, "rows")


def _claim(source: Database, target: Database) -> None:
    """Mark the target as being filled from this source."""
    of_source = source.keyed_hash("move")
    claimed = select(kept_value.c.value).where(kept_value.c.name == MOVING_FROM)
    with source.read() as connection:
        if connection.execute(claimed).scalar() is not None:
            raise StoreError("the database to move was itself not moved completely; finish that move first")
    with target.write() as connection:
        found = connection.execute(claimed).scalar()
        if found == of_source:
            return
        for table in metadata.sorted_tables:
            if table is not instance_key and connection.execute(select(text("1")).select_from(table).limit(1)).first():
                whose = "of a move from another database" if found else "already"
                raise StoreError(f"the target holds rows {whose} (in {table.name}); name an empty database")
        connection.execute(instance_key.delete())  # migrations make one, and no row was hashed with it
        connection.execute(kept_value.insert().values(name=MOVING_FROM, value=of_source))


def _release(target: Database) -> None:
    """Let the target be used: its next numbers follow those moved, and its planner knows the tables."""
    with target.write(durable=True) as connection:
        if not target.is_sqlite:
            for table in TABLES:
                for column in table.primary_key.columns:
                    sequence = connection.execute(select(func.pg_get_serial_sequence(table.name, column.name))).scalar()
                    if sequence is not None:
                        most = select(func.max(column)).scalar_subquery()
                        following = func.setval(sequence, func.coalesce(most, 0) + 1, False)
                        connection.execute(select(following))
            connection.execute(text("ANALYZE"))
        connection.execute(kept_value.delete().where(kept_value.c.name == MOVING_FROM))


def _key(db: Database, table: Table) -> list[ColumnElement[Any]]:
    """The primary key's columns, ordered by bytes as SQLite orders them."""
    return [
        collate(column, "C") if isinstance(column.type, String) and not db.is_sqlite else column
        for column in table.primary_key.columns
    ]


def _rows(table: Table, *, but: Sequence[str] = ()) -> Select[Any]:
    """The rows of a table as they are stored: JSON as its text, which tells null from absent."""
    columns = [
        cast(column, Text).label(column.name) if isinstance(column.type, JSON) else column
        for column in table.columns
        if column.name not in but
    ]
    question = select(*columns)
    return question.where(table.c.name != MOVING_FROM) if table is kept_value else question


def _n_rows(db: Database, table: Table) -> int:
    with db.read() as connection:
        return connection.execute(select(func.count()).select_from(_rows(table).subquery())).scalar_one()


def _last_key(target: Database, table: Table) -> Sequence[Any] | None:
    """The greatest primary key of a table, ``None`` if it is empty."""
    question = _rows(table).with_only_columns(*table.primary_key.columns)
    question = question.order_by(*(column.desc() for column in _key(target, table))).limit(1)
    with target.read() as connection:
        row = connection.execute(question).one_or_none()
        return None if row is None else tuple(row)


def _is_begun_rightly(source: Database, target: Database, table: Table, last: Sequence[Any]) -> bool:
    """Whether the source still has exactly the rows that were copied, up to the last of them."""
    columns = list(table.primary_key.columns)
    until = row_value(*_key(source, table)) <= row_value(*last, types=[column.type for column in columns])
    but = _references_to_itself(table)
    return _digest(source, table, until, but=but) == _digest(target, table, but=but)


def _digest(
    db: Database, table: Table, condition: ColumnElement[bool] | None = None, *, but: Sequence[str] = ()
) -> TableDigest:
    question = _rows(table, but=but)
    if condition is not None:
        question = question.where(condition)
    digest = TableDigest()
    with db.read() as connection:
        for row in connection.execute(question.execution_options(yield_per=_AT_ONCE)):
            digest = digest.with_row(row)
    return digest


def _empty_from(target: Database, table: Table) -> None:
    """Empty a table and those after it, which may refer to it."""
    with target.write() as connection:
        for later in reversed(TABLES[TABLES.index(table) :]):
            for name in _references_to_itself(later):
                connection.execute(later.update().values({name: None}))
            emptied = later.delete()
            connection.execute(emptied.where(later.c.name != MOVING_FROM) if later is kept_value else emptied)


def _copied(
    source: Database, target: Database, table: Table, *, after: Sequence[Any] | None, batch: int
) -> Iterator[int]:
    """Copy the rows after a primary key; yields the size of each batch once it is stored."""
    but = _references_to_itself(table)
    question = _rows(table, but=but).order_by(*_key(source, table))
    if after is not None:
        types = [column.type for column in table.primary_key.columns]
        question = question.where(row_value(*_key(source, table)) > row_value(*after, types=types))
    insert = table.insert().values(
        {c.name: _bound(target, c) for c in table.columns if c.name not in but and isinstance(c.type, JSON)}
        | {c.name: bindparam(c.name) for c in table.columns if c.name not in but and not isinstance(c.type, JSON)}
    )
    with source.read() as connection:
        stored = connection.execute(question.execution_options(yield_per=batch))
        for rows in stored.mappings().partitions():
            with target.write() as into:
                into.execute(insert, [dict(row) for row in rows])
            yield len(rows)


def _bound(target: Database, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A JSON value given as its text."""
    as_text: ColumnElement[Any] = bindparam(column.name, type_=Text)
    return as_text if target.is_sqlite else cast(as_text, JSON)  # SQLite would make a number of text cast to JSON


def _references_to_itself(table: Table) -> list[str]:
    """The columns that refer to other rows of the same table, which may come later."""
    return [column.name for column in table.columns if any(key.column.table is table for key in column.foreign_keys)]


def _copy_references_to_itself(source: Database, target: Database, table: Table) -> None:
    """Fill what ``_copied`` left out, once all rows that may be referred to are there."""
    [key] = table.primary_key.columns if len(table.primary_key.columns) == 1 else [None]
    for name in _references_to_itself(table):
        assert key is not None  # noqa: S101 - no table with a longer key refers to itself
        column = table.c[name]
        with source.read() as connection:
            rows = connection.execute(select(key.label("row_key"), column.label("other")).where(column.is_not(None)))
            found = [dict(row) for row in rows.mappings()]
        if found:
            with target.write() as connection:
                connection.execute(
                    table.update().where(key == bindparam("row_key")).values({name: bindparam("other")}), found
                )
