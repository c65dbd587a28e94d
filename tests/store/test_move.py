"""Moving a database into another: everything arrives, whatever interrupts it, and nothing of others is overwritten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import JSON, Boolean, Date, DateTime, Float, Integer, LargeBinary, String, Table, select, text
from sqlalchemy.types import TypeDecorator

from domain.errors import BusyError, StoreError
from store.database import Database, open_database
from store.move import TABLES, move
from store.schema import job_run, kept_value, lease, name, paper

Open = Callable[[], Database]
N_ROWS = 7


def _value(table: Table, column_name: str, row: int) -> object:
    column = table.c[column_name]
    if any(key.column.table is table for key in column.foreign_keys):
        return N_ROWS - 1 if row < N_ROWS - 1 else None  # the first rows refer to the last
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, Boolean):
        return row % 2 == 0
    if isinstance(kind, Integer):
        return row
    if isinstance(kind, JSON):
        return [None, {"at": [1.5, 'Erdős \\ "x"', row]}, [], {}, [0.1 + 0.2], "text", [3]][row]
    if isinstance(kind, DateTime):
        return datetime(2026, 6, 1 + row, 23, 59, 59, 123456 + row, tzinfo=UTC)
    if isinstance(kind, Date):
        return date(2026, 1, 1 + row)
    if isinstance(kind, Float):
        return [0.1, 1e-300, -0.0, 1 / 3, 2.0**60, 7.0, 1e22][row]
    if isinstance(kind, LargeBinary):
        return bytes(range(row, row + 200))
    assert isinstance(kind, String), (table.name, column_name)
    # In bytes, capitals come before lower case, and both before accents; in many languages they do not.
    return ["B", "a", "Z", "é", "z", "_", "Straße"][row]


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Database]:
    """A SQLite database, open exclusively, with rows of every type in every table, also such as refer to later rows."""
    db = open_database(f"sqlite:///{tmp_path / 'filled.sqlite'}", exclusive=True)
    with db.write() as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        for table in (*TABLES, lease):
            connection.execute(table.delete())
            for row in range(N_ROWS):
                values = {column.name: _value(table, column.name, row) for column in table.columns}
                if table is kept_value and row == 0:
                    values["name"] = "feed_authority"
                connection.execute(table.insert().values(values))
        connection.execute(text("UPDATE instance_key SET name = 'addresses' WHERE name = 'B'"))
    yield db
    db.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def open_target(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens the same empty database of each kind exclusively."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'target.sqlite'}"
    else:
        url = request.getfixturevalue("postgresql_database")
    return lambda: open_database(url, exclusive=True)


def _contents(db: Database) -> dict[str, list[tuple[object, ...]]]:
    with db.read() as connection:
        return {t.name: sorted((tuple(row) for row in connection.execute(select(t))), key=repr) for t in TABLES}


def test_every_row_arrives_on_either_database_and_comes_back(
    filled: Database, open_target: Open, tmp_path: Path
) -> None:
    target = open_target()
    steps = list(move(filled, target, batch=3))
    assert steps[-1].n_done == steps[-1].n_total == N_ROWS * len(TABLES)
    assert _contents(target) == _contents(filled)
    back = open_database(f"sqlite:///{tmp_path / 'back.sqlite'}", exclusive=True)
    list(move(target, back, batch=2))
    assert _contents(back) == _contents(filled)
    with back.read() as connection:
        assert connection.execute(select(lease)).all() == []
    back.close()
    target.close()


def test_a_move_cut_after_any_batch_goes_on_where_it_stopped(filled: Database, open_target: Open) -> None:
    n_done = 0
    for n_steps in (1, 2, 1, 31):
        target = open_target()
        steps = move(filled, target, batch=4)
        for _ in range(n_steps):
            step = next(steps)
            assert step.n_done > n_done, "what was copied is not copied again"
            n_done = step.n_done
        steps.close()
        target.close()
    target = open_target()
    list(move(filled, target))
    assert _contents(target) == _contents(filled)
    target.close()


def test_a_source_that_changed_after_the_cut_arrives_as_it_is_now(filled: Database, open_target: Open) -> None:
    target = open_target()
    steps = move(filled, target, batch=4)
    for _ in range(len(TABLES)):
        next(steps)
    steps.close()
    with filled.write() as connection:
        connection.execute(paper.update().where(paper.c.row_id == 1).values(title="Another title"))
        connection.execute(name.delete().where(name.c.name_id == 0, name.c.merged_into == -1))
    list(move(filled, target))
    assert _contents(target) == _contents(filled)
    target.close()


def test_numbers_given_after_a_move_follow_those_moved(filled: Database, open_target: Open) -> None:
    target = open_target()
    list(move(filled, target))
    at = datetime(2026, 6, 23, tzinfo=UTC)
    new = job_run.insert().values(job="x", period="y", state="done", started_at=at, message="")
    with target.write() as connection:
        assert connection.execute(new).inserted_primary_key == (N_ROWS,)
    target.close()


def test_a_database_with_rows_of_its_own_is_refused(filled: Database, open_target: Open) -> None:
    target = open_target()
    with target.write() as connection:
        connection.execute(kept_value.insert().values(name="feed_authority", value="example.org"))
    with pytest.raises(StoreError, match=r"already \(in kept_value\); name an empty database"):
        next(move(filled, target))
    target.close()


def test_a_half_moved_database_is_used_by_nobody_and_filled_from_no_other(
    filled: Database, open_target: Open, tmp_path: Path
) -> None:
    target = open_target()
    steps = move(filled, target, batch=4)
    next(steps)
    steps.close()
    url = target.url
    other = open_database(f"sqlite:///{tmp_path / 'other.sqlite'}", exclusive=True)
    with pytest.raises(StoreError, match="of a move from another database"):
        next(move(other, target))
    with pytest.raises(StoreError, match="was itself not moved completely"):
        next(move(target, other))
    other.close()
    target.close()
    with pytest.raises(StoreError, match="run `papertide move` again"):
        open_database(url)
    target = open_target()
    list(move(filled, target))
    target.close()
    open_database(url).close()


def test_nothing_is_moved_beside_a_running_process(database: Database) -> None:
    with database.read():
        pass  # the connection stays open, as in a service that waits for its next request
    with pytest.raises(BusyError, match="stop `papertide up`"):
        open_database(database.url, exclusive=True)


def test_nobody_opens_a_database_while_it_is_moved(open_target: Open) -> None:
    target = open_target()
    with pytest.raises(BusyError, match="or the database moved"):
        open_database(target.url)
    target.close()
    open_database(target.url).close()


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "others.sqlite"
    db = open_database(f"sqlite:///{file}")
    with db.write() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    db.close()
    with pytest.raises(StoreError, match="has tables of another program"):
        open_database(f"sqlite:///{file}", exclusive=True)
