"""Databases of earlier versions, brought up to date."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url, text

import store.database
from store.database import open_database
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
    """The address of an empty database without a table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'papertide.sqlite'}"
    server = make_url(request.getfixturevalue("postgresql_url"))
    engine = create_engine(server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS old_papertide"))
        connection.execute(text("CREATE DATABASE old_papertide"))
    engine.dispose()
    return server.set(database="old_papertide").render_as_string(hide_password=False)


def test_the_ledgers_old_messages_lose_addresses_replies_paths_and_counts_of_readers(old_url: str) -> None:
    url = make_url(old_url)
    engine = create_engine(url if url.get_backend_name() == "sqlite" else url.set(drivername="postgresql+psycopg"))
    config = Config()
    config.set_main_option("script_location", str(Path(store.database.__file__).with_name("migrations")))
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for (job, period), message in MESSAGES.items():
            connection.execute(
                text(
                    "INSERT INTO job_run (job, period, state, started_at, message)"
                    " VALUES (:job, :period, 'failed', '2026-06-23 06:00:00', :message)"
                ),
                {"job": job, "period": period, "message": message},
            )
    engine.dispose()
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
