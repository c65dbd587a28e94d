"""The diagnosis says what is wrong and what to do, and changes nothing."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from ingest.settings import ArxivSettings
from queries import diagnosis as module
from queries.diagnosis import diagnosis
from queries.results import Check
from runtime.mail_settings import MailSettings
from runtime.settings import Settings
from sample.arxiv_server import SampleArxiv
from store.database import open_database
from store.schema import SCHEMA_VERSION

CONTACT = ArxivSettings(contact="operator@example.org")


def checked(folder: Path, *, offline: bool = True, **other: Any) -> dict[str, Check]:
    settings = Settings(data_dir=folder, **{"arxiv": CONTACT, **other})
    return {check.name: check for check in diagnosis(settings, offline=offline).checks}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    open_database(f"sqlite:///{tmp_path / 'papertide.sqlite'}").close()
    return tmp_path


def test_a_sound_folder_has_no_problem_and_every_check_once(folder: Path) -> None:
    found = checked(folder)
    assert list(found) == ["settings", "versions", "packages", "database", "model", "disk", "clock", "arxiv", "mail"]
    assert {check.state for check in found.values()} <= {"ok", "warning"}  # a full disk of the tests is no failure
    assert found["database"].finding.endswith(f"schema {SCHEMA_VERSION}, sound")
    assert found["model"].finding.startswith("all-MiniLM-L6-v2@53aa5117, sha256 as expected")
    assert all(check.advice for check in found.values() if check.state != "ok")


def test_an_absent_database_is_not_made(tmp_path: Path) -> None:
    found = checked(tmp_path / "absent")
    assert (found["database"].state, found["database"].finding) == ("warning", "there is none yet")
    assert list(tmp_path.iterdir()) == []


def test_an_older_schema_is_left_as_it_is_and_a_newer_one_is_a_problem(folder: Path) -> None:
    for number, state, advice in (("0001", "warning", "brings it up to date"), ("9999", "problem", "newer Papertide")):
        with sqlite3.connect(folder / "papertide.sqlite") as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (number,))
        found = checked(folder)["database"]
        assert found.state == state
        assert advice in found.advice
        with sqlite3.connect(folder / "papertide.sqlite") as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (number,)


def test_a_damaged_database_is_a_problem(folder: Path) -> None:
    file = folder / "papertide.sqlite"
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 40] = b"\xff" * (4096 * 37)
    file.write_bytes(content)
    assert checked(folder)["database"].state == "problem"
    file.write_bytes(b"this is no database" * 1000)
    found = checked(folder)["database"]
    assert found.state == "problem"
    assert "not a database" in found.finding


def test_an_unwritable_address_and_a_full_disk_are_problems(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checked(folder, database_url="mysql://host/db")["database"].state == "problem"
    monkeypatch.setattr(module, "FREE_PROBLEM", 2**62)
    assert checked(folder)["disk"].state == "problem"
    monkeypatch.setattr(module, "FREE_PROBLEM", 0)
    monkeypatch.setattr(module, "FREE_WARNING", 2**62)
    assert checked(folder)["disk"].state == "warning"


def test_a_model_that_is_missing_is_a_problem(folder: Path) -> None:
    found = checked(folder, embedding={"model": str(folder)})["model"]
    assert found.state == "problem"
    assert "no model.safetensors" in found.finding


def test_a_fixed_present_is_a_warning(folder: Path) -> None:
    found = checked(folder, now="2026-06-23T12:00:00Z")["clock"]
    assert (found.state, found.finding) == ("warning", "the setting now is 2026-06-23T12:00:00Z")


def test_a_package_of_another_distribution_is_named() -> None:
    assert module._shared_packages({"mail": ["papertide"], "numpy": ["numpy"]}).state == "ok"
    found = module._shared_packages({"mail": ["papertide", "django-mail"], "store": ["papertide"]})
    assert found.state == "problem"
    assert "mail (django-mail)" in found.finding


@pytest.fixture
def arxiv() -> Iterator[SampleArxiv]:
    with SampleArxiv([], now=datetime.now(UTC)) as server:
        yield server


def test_arxiv_is_sent_one_request_through_the_shared_rate_limiter(folder: Path, arxiv: SampleArxiv) -> None:
    at = ArxivSettings(contact="operator@example.org", api_url=arxiv.api_url, delay_s=0)
    found = checked(folder, offline=False, arxiv=at)["arxiv"]
    assert (found.state, found.finding.split(";")[0]) == ("ok", "answers")
    with sqlite3.connect(folder / "papertide.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM source_answer").fetchone() == (1,)


def test_an_arxiv_out_of_reach_is_a_problem_after_one_try(folder: Path) -> None:
    at = ArxivSettings(contact="operator@example.org", api_url="http://127.0.0.1:9/api/query", delay_s=0)
    found = checked(folder, offline=False, arxiv=at)["arxiv"]
    assert found.state == "problem"
    assert "cannot reach arXiv" in found.finding


def test_the_mail_server_is_connected_to_and_sent_nothing(folder: Path) -> None:
    handler = Sink()
    server = Controller(handler, hostname="127.0.0.1", port=0)
    server.port = _free_port()
    server.start()
    mail = MailSettings(transport="smtp", host="127.0.0.1", port=server.port, security="none")
    arxiv = ArxivSettings(contact="operator@example.org", api_url="http://127.0.0.1:9/api/query", delay_s=0)
    try:
        found = checked(folder, offline=False, mail=mail, arxiv=arxiv)["mail"]
    finally:
        server.stop()
    assert (found.state, found.finding) == ("ok", f"127.0.0.1:{server.port} answers")
    assert checked(folder, offline=False, mail=mail, arxiv=arxiv)["mail"].state == "problem"
    assert checked(folder, mail=mail)["mail"].finding.endswith("not asked, because of --offline")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
