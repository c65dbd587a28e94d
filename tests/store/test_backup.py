"""A copy while others write, and the way back."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.errors import StoreError
from domain.subscription import Preferences
from store.backup import back_up, restore
from store.database import open_database
from store.subscribers import add_pending, subscribers

NOW = datetime(2026, 6, 23, 12, tzinfo=UTC)


def _names(file: Path) -> list[str]:
    db = open_database(f"sqlite:///{file}")
    try:
        return [reader.address for reader in subscribers(db)]
    finally:
        db.close()


def test_a_backup_made_while_others_write_is_whole_and_of_one_instant(tmp_path: Path) -> None:
    db = open_database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            add_pending(db, f"r{number:05}@example.org", Preferences(), now=NOW)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = []
        for n in range(3):
            back_up(db, tmp_path / f"{n}.sqlite")
            counts.append(_names(tmp_path / f"{n}.sqlite"))
    finally:
        stop.set()
        writer.join()
        db.close()
    for names in counts:
        assert names == [f"r{number:05}@example.org" for number in range(1, len(names) + 1)]
    assert len(counts[0]) <= len(counts[-1])
    assert (tmp_path / "0.sqlite").stat().st_mode & 0o077 == 0


def test_a_restored_database_is_the_one_that_was_backed_up_and_the_other_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    db = open_database(f"sqlite:///{file}")
    add_pending(db, "then@example.org", Preferences(), now=NOW)
    back_up(db, tmp_path / "b.sqlite")
    add_pending(db, "later@example.org", Preferences(), now=NOW)
    db.close()
    restore(tmp_path / "b.sqlite", file)
    assert _names(file) == ["then@example.org"]
    assert _names(tmp_path / "a.sqlite.before-restore") == ["later@example.org", "then@example.org"]
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_what_is_no_backup_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    db = open_database(f"sqlite:///{file}")
    add_pending(db, "then@example.org", Preferences(), now=NOW)
    db.close()
    (tmp_path / "text").write_text("no database at all, but long enough to be looked at" * 40)
    sqlite3.connect(tmp_path / "other.sqlite").execute("CREATE TABLE t (x)")
    for wrong in ("text", "other.sqlite", "absent"):
        with pytest.raises(StoreError):
            restore(tmp_path / wrong, file)
    assert _names(file) == ["then@example.org"]


def test_a_backup_that_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    db = open_database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot write"):
        back_up(db, tmp_path / "file" / "b.sqlite")
    db.close()
