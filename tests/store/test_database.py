"""The database: schema, transactions, and errors on opening."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, select, text

from domain.errors import ConfigError, QueryTimeout, StoreError
from store.database import Database, open_database, time_limit
from store.schema import SCHEMA_VERSION, lease, metadata

AT = datetime(2026, 6, 23, 6, tzinfo=UTC)


def _is_ours(obj: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    # The full-text objects depend on the dialect, so only the migration defines them.
    if kind == "table":
        return not str(name).startswith("paper_text") and name != "alembic_version"
    return not (kind in ("column", "index") and name in ("words", "ix_paper_words"))


def test_the_migrations_build_exactly_the_declared_schema(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": _is_ours, "compare_type": True, "target_metadata": metadata}
        )
        assert compare_metadata(context, metadata) == []


def _contents(file: Path) -> tuple[list[str], bytes]:
    """All statements that make a new database again, except its key; and the key."""
    open_database(f"sqlite:///{file}").close()
    with closing(sqlite3.connect(file)) as connection:
        [(key,)] = connection.execute("SELECT key FROM instance_key").fetchall()
        connection.execute("UPDATE instance_key SET key = x'00'")
        return sorted(connection.iterdump()), key


def test_the_copies_that_tests_use_are_what_the_migrations_make(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    first, first_key = _contents(tmp_path / "a.sqlite")
    second, second_key = _contents(tmp_path / "b.sqlite")
    request.getfixturevalue("real_migrations")
    migrated, key = _contents(tmp_path / "migrated.sqlite")
    assert first == second == migrated
    assert len({first_key, second_key, key}) == 3


def test_a_failed_write_leaves_nothing_behind(database: Database) -> None:
    def write_and_fail() -> None:
        with database.write() as connection:
            connection.execute(lease.insert().values(name="run", holder="h", expires_at=AT))
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(lease)).scalar_one() == 0


def test_a_statement_that_fails_is_a_store_error_of_one_line(database: Database) -> None:
    with pytest.raises(StoreError) as caught, database.read() as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))
    assert "\n" not in str(caught.value)


_ENDLESS = "WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more) SELECT count(*) FROM more"


def test_a_question_is_stopped_when_its_time_is_over_and_the_next_is_answered(database: Database) -> None:
    began = time.monotonic()
    with time_limit(0.3):
        with pytest.raises(QueryTimeout, match="use fewer terms"), database.read() as connection:
            connection.execute(text(_ENDLESS))
        assert 0.25 < time.monotonic() - began < 5
        with pytest.raises(QueryTimeout), database.read():  # the limit is for all reads together
            pass
    with database.read() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    with time_limit(0.3), time_limit(None), database.read() as connection:
        count = (
            "SELECT count(*) FROM (WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < {n})"
        )
        assert (
            connection.execute(text(count.format(n=200_000) + " SELECT n FROM more) AS counted")).scalar_one()
            == 200_000
        )


def test_a_write_is_never_stopped(database: Database) -> None:
    with time_limit(0.05):
        with pytest.raises(QueryTimeout), database.read() as connection:
            connection.execute(text(_ENDLESS))
        with database.write() as connection:
            for n in range(300):
                connection.execute(lease.insert().values(name=f"run {n}", holder="h", expires_at=AT))


def test_an_instant_without_zone_is_refused(database: Database) -> None:
    naive = AT.replace(tzinfo=None)
    with pytest.raises(StoreError, match="time zone"), database.write() as connection:
        connection.execute(lease.insert().values(name="run", holder="h", expires_at=naive))


def test_opening_a_migrated_database_again_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.sqlite'}"
    for _ in range(2):
        db = open_database(url)
        with db.read() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [
                SCHEMA_VERSION
            ]
        db.close()


def test_a_database_of_a_newer_papertide_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.sqlite'}"
    open_database(url).close()
    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="9999"):
        open_database(url)


def test_a_file_that_is_not_a_database_is_reported_as_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_bytes(b"not a database at all, but long enough to look at" * 50)
    with pytest.raises(StoreError, match="damaged"):
        open_database(f"sqlite:///{tmp_path / 'a.sqlite'}")


@pytest.mark.parametrize("url", ["mysql://host/db", "no url", ""])
def test_an_unsupported_database_url_is_a_config_error(url: str) -> None:
    with pytest.raises(ConfigError, match="database_url"):
        open_database(url)


def test_a_folder_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="folder"):
        open_database(f"sqlite:///{tmp_path / 'file' / 'a.sqlite'}")
