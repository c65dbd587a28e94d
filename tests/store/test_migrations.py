"""Migration of databases of earlier versions."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, make_url, text

import store.database
from domain.week import Week
from store.database import open_database
from store.digests import DigestSummary, digest_summaries
from store.runs import newest_runs

MESSAGES = {
    ("delivery", "1"): "the mail server refuses ada@example.org: 550 5.1.1 <ada@example.org>: User unknown",
    ("delivery", "2"): "the mail server has taken issue 2026-W25 from nobody; the last answer: 554 5.7.1 spam",
    ("bounces", "1"): "mail.bounce_folder = '/srv/bounces' is no folder",
    ("backup", "1"): "backed up to papertide-data/backups/papertide-2026.sqlite",
    ("backup", "2"): r"cannot write C:\papertide",
    ("clean up", "1"): "forgot 3 idle readers, 2 requests, 1 links, 0 lines of the ledger",
    ("harvest", "1"): "https://export.arxiv.org/api/query?q=1 answered 503",
    ("digest", "1"): "",
}
REMOVED = "not kept: the message named an address or a file"


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'papertide.sqlite'}"
    server = make_url(request.getfixturevalue("postgresql_url"))
    engine = create_engine(server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS old_papertide"))
        connection.execute(text("CREATE DATABASE old_papertide"))
    engine.dispose()
    return server.set(database="old_papertide").render_as_string(hide_password=False)


@contextmanager
def _at_version(url: str, version: str) -> Iterator[Connection]:
    """A transaction in a database of an earlier schema version."""
    address = make_url(url)
    driver = address if address.get_backend_name() == "sqlite" else address.set(drivername="postgresql+psycopg")
    engine = create_engine(driver)
    config = Config()
    config.set_main_option("script_location", str(Path(store.database.__file__).with_name("migrations")))
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        yield connection
    engine.dispose()


def test_the_ledgers_old_messages_lose_addresses_replies_paths_and_counts_of_readers(old_url: str) -> None:
    with _at_version(old_url, "0003") as connection:
        for (job, period), message in MESSAGES.items():
            connection.execute(
                text(
                    "INSERT INTO job_run (job, period, state, started_at, message)"
                    " VALUES (:job, :period, 'failed', '2026-06-23 06:00:00', :message)"
                ),
                {"job": job, "period": period, "message": message},
            )
    db = open_database(old_url)
    runs = {(r.job, r.period): (r.message, r.detail) for r in newest_runs(db, 50)}
    db.close()
    assert runs == {
        ("delivery", "1"): (REMOVED, ""),
        ("delivery", "2"): ("", ""),
        ("bounces", "1"): (REMOVED, ""),
        ("backup", "1"): (REMOVED, ""),
        ("backup", "2"): (REMOVED, ""),
        ("clean up", "1"): ("", ""),
        ("harvest", "1"): (MESSAGES["harvest", "1"], ""),
        ("digest", "1"): ("", ""),
    }


def test_the_columns_of_a_digest_are_filled_from_digests_stored_before(old_url: str) -> None:
    week = Week(date(2026, 6, 15))
    sentences = ("Graphs rose.", "Graphs fell, to 4\u202f%.")
    with _at_version(old_url, "0004") as connection:
        for revision, sentence in enumerate(sentences, 1):
            headline = {"sentence": sentence, "n_papers": 2900 + revision, "n_papers_recent": float("nan")}
            stored = {"digest": {"headline": headline, "completeness": {"complete": revision == 2}}}
            connection.execute(
                text(
                    "INSERT INTO digest (week_start, revision, content, published_at)"
                    f" VALUES ('2026-06-15', :revision, :content, '2026-06-2{revision} 06:00:00+00:00')"
                ),
                {"revision": revision, "content": zlib.compress(json.dumps(stored).encode())},
            )
    db = open_database(old_url)
    [summary] = digest_summaries(db)
    db.close()
    first, newest = datetime(2026, 6, 21, 6, tzinfo=UTC), datetime(2026, 6, 22, 6, tzinfo=UTC)
    assert summary == DigestSummary(week, 2, first, newest, sentences[1], 2902, True)
