"""Backup during writes, and restore."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from domain.errors import StoreError
from domain.issues_and_deliveries import Issue
from domain.subscription import Preferences, Subscriber, TokenPurpose
from domain.week import Week
from runtime.settings import Settings
from store.backup import Restored, back_up, restore
from store.database import make_schema, open_database
from store.deliveries import claim_delivery, deliveries_due, delivery_counts, mark_handing, mark_sent, plan_issue
from store.mailbox_block_links import add_block_link, block_by_token, block_link_expiry
from store.subscriber_tokens import token_use
from store.subscribers import add_pending, change_state, confirm, delete_subscriber, subscribers
from store.suppressed_addresses import suppress, suppression_reason

NOW = datetime(2026, 6, 23, 12, tzinfo=UTC)


def _names(file: Path) -> list[str]:
    db = open_database(f"sqlite:///{file}")
    try:
        return [reader.address for reader in subscribers(db)]
    finally:
        db.close()


def test_a_backup_made_during_writes_is_consistent(tmp_path: Path) -> None:
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


def test_a_restore_brings_back_the_backup_and_keeps_the_replaced_file(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    db = open_database(f"sqlite:///{file}")
    add_pending(db, "then@example.org", Preferences(), now=NOW)
    back_up(db, tmp_path / "b.sqlite")
    add_pending(db, "later@example.org", Preferences(), now=NOW)
    db.close()
    restore(tmp_path / "b.sqlite", file, with_readers=True)
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


@pytest.mark.parametrize("name", ["a.sqlite", "a.sqlite-wal", "a.sqlite.lock", "link", "hard link"])
def test_the_database_in_use_is_neither_a_place_for_a_backup_nor_one_to_restore(tmp_path: Path, name: str) -> None:
    file = tmp_path / "a.sqlite"
    db = open_database(f"sqlite:///{file}")
    add_pending(db, "then@example.org", Preferences(), now=NOW)
    (tmp_path / "link").symlink_to(file)
    (tmp_path / "hard link").hardlink_to(file)
    inode = file.stat().st_ino
    with pytest.raises(StoreError, match="is the database in use"):
        back_up(db, tmp_path / name)
    db.close()
    with pytest.raises(StoreError, match="is the database in use"):
        restore(tmp_path / name, file)
    assert file.stat().st_ino == inode
    assert _names(file) == ["then@example.org"]


def test_a_backup_replaces_an_earlier_one_and_no_other_file(tmp_path: Path) -> None:
    db = open_database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    for _ in range(2):
        back_up(db, tmp_path / "b.sqlite")
    (tmp_path / "notes.txt").write_text("of use to me")
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE mine (a)")
    other.close()
    (tmp_path / "folder").mkdir()
    for name in ("notes.txt", "other.sqlite", "folder"):
        with pytest.raises(StoreError, match="is no backup of Papertide; give another file"):
            back_up(db, tmp_path / name)
    db.close()
    assert (tmp_path / "notes.txt").read_text() == "of use to me"


def test_a_backup_that_cannot_be_written_is_an_error_and_leaves_no_file(tmp_path: Path) -> None:
    db = open_database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot write"):
        back_up(db, tmp_path / "file" / "b.sqlite")
    db.close()


def test_a_restored_backup_mails_nothing_twice_and_nobody_who_unsubscribed_since(tmp_path: Path) -> None:
    file, issues = tmp_path / "a.sqlite", [Issue("weekly", Week.parse(name)) for name in ("2026-W24", "2026-W25")]
    db = open_database(f"sqlite:///{file}")
    numbers = count(1)

    def sent(issue: Issue, only: int) -> None:
        plan_issue(db, issue, new_key=lambda: f"{next(numbers):016x}", now=NOW)
        for delivery, reader in deliveries_due(db, str(issue), now=NOW, limit=only):
            tokens: dict[TokenPurpose, str] = {"unsubscribe": f"token of {reader.address} for {issue}"}
            claim = claim_delivery(db, delivery, address=reader.address, tokens=tokens, now=NOW)
            if claim is not None:
                mark_handing(db, claim, papers=[], now=NOW)
                mark_sent(db, claim, now=NOW)

    def joins(name: str) -> Subscriber:
        reader = add_pending(db, f"{name}@example.org", Preferences(), now=NOW)
        confirm(db, reader.subscriber_id, None, now=NOW)
        return reader

    readers = {name: joins(name) for name in ("ada", "ben", "cyd", "dee")}
    sent(issues[0], only=1)
    back_up(db, tmp_path / "b.sqlite")  # three mails of the first issue are due in it
    delete_subscriber(db, readers["ben"].subscriber_id)
    change_state(db, readers["cyd"].subscriber_id, to="unsubscribed", of=["active"], now=NOW)
    suppress(db, "dee@example.org", "complained", now=NOW)
    joins("eve")
    sent(issues[0], only=9)
    sent(issues[1], only=9)
    before = delivery_counts(db)
    db.close()

    assert restore(tmp_path / "b.sqlite", file) == Restored(tmp_path / "a.sqlite.before-restore", 4)
    db = open_database(f"sqlite:///{file}")
    assert {r.address[:3]: r.state for r in subscribers(db)} == {
        "ada": "active",
        "cyd": "unsubscribed",
        "dee": "unsubscribed",
        "eve": "active",
    }
    assert suppression_reason(db, "dee@example.org") == "complained"
    assert delivery_counts(db) == before
    assert [deliveries_due(db, str(issue), now=NOW, limit=9) for issue in issues] == [[], []]
    assert plan_issue(db, issues[1], new_key=lambda: "key", now=NOW) is None
    use = token_use(db, "token of eve@example.org for 2026-W25", "unsubscribe", now=NOW)
    assert use is not None
    assert use.subscriber.address == "eve@example.org"
    db.close()


def _files(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_mode & 0o777 for p in sorted(folder.rglob("*"))}


def test_the_database_its_copies_and_their_folders_are_closed_to_others(tmp_path: Path) -> None:
    db = open_database(f"sqlite:///{tmp_path / 'data' / 'a.sqlite'}")
    add_pending(db, "ada@example.org", Preferences(), now=NOW)
    back_up(db, tmp_path / "data" / "backups" / "b.sqlite")
    assert set(_files(tmp_path)) == {
        f"data{name}"
        for name in (
            "",
            "/a.sqlite",
            "/a.sqlite-wal",
            "/a.sqlite-shm",
            "/a.sqlite.lock",
            "/backups",
            "/backups/b.sqlite",
        )
    }
    assert {mode & 0o077 for mode in _files(tmp_path).values()} == {0}
    db.close()
    (tmp_path / "data" / "a.sqlite").chmod(0o644)  # as an earlier version left it
    open_database(f"sqlite:///{tmp_path / 'data' / 'a.sqlite'}").close()
    restore(tmp_path / "data" / "backups" / "b.sqlite", tmp_path / "data" / "a.sqlite")
    assert "data/a.sqlite.before-restore" in _files(tmp_path)
    assert {mode & 0o077 for mode in _files(tmp_path).values()} == {0}


HOSTILE = {
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON paper BEGIN UPDATE subscriber SET state = 'active'; END",
    "a changed trigger": "DROP TRIGGER paper_text_insert; CREATE TRIGGER paper_text_insert AFTER INSERT ON paper "
    "BEGIN UPDATE subscriber SET state = 'active'; END",
    "a view": "CREATE VIEW v AS SELECT address FROM subscriber",
    "a view in a table's place": "DROP TABLE lease; CREATE VIEW lease AS SELECT 1 AS name",
    "a table": "CREATE TABLE more (x)",
    "a virtual table": "CREATE VIRTUAL TABLE more USING fts5(x)",
    "a column": "ALTER TABLE subscriber ADD COLUMN more",
    "a computed column": "ALTER TABLE subscriber ADD COLUMN more GENERATED ALWAYS AS ('active')",
    "an index": "CREATE UNIQUE INDEX i ON subscriber (state)",
    "no table": "DROP TABLE suppression",
}


@pytest.mark.parametrize("sql", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_backup_with_a_schema_that_is_not_ours_is_refused(tmp_path: Path, sql: str) -> None:
    file = tmp_path / "a.sqlite"
    db = open_database(f"sqlite:///{file}")
    back_up(db, tmp_path / "b.sqlite")
    add_pending(db, "ada@example.org", Preferences(), now=NOW)
    db.close()
    with sqlite3.connect(tmp_path / "b.sqlite") as connection:
        connection.executescript(sql)
    connection.close()
    with pytest.raises(StoreError, match=r"is not a backup of Papertide: it (has|lacks)"):
        restore(tmp_path / "b.sqlite", file)
    assert sorted(_files(tmp_path)) == ["a.sqlite", "a.sqlite.lock", "b.sqlite"]
    assert _names(file) == ["ada@example.org"]


def test_a_backup_of_an_earlier_schema_is_restored(tmp_path: Path) -> None:
    make_schema(tmp_path / "b.sqlite", "0005")
    assert restore(tmp_path / "b.sqlite", tmp_path / "a.sqlite") == Restored(None, None)
    assert _names(tmp_path / "a.sqlite") == []


@pytest.mark.parametrize("name", ["we?ird#x", "a%20b & c"])
def test_files_with_odd_names_are_backed_up_and_restored(tmp_path: Path, name: str) -> None:
    settings = Settings(data_dir=tmp_path / name)
    db = open_database(settings.store_url)
    add_pending(db, "ada@example.org", Preferences(), now=NOW)
    back_up(db, tmp_path / name / name)
    db.close()
    file = tmp_path / name / "papertide.sqlite"
    file.unlink()
    assert restore(tmp_path / name / name, file).replaced is None
    db = open_database(settings.store_url)
    assert [reader.address for reader in subscribers(db)] == ["ada@example.org"]
    db.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == [name]


def test_a_database_that_cannot_be_read_stays_unless_the_backups_readers_are_wanted(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    db = open_database(f"sqlite:///{file}")
    add_pending(db, "ada@example.org", Preferences(), now=NOW)
    back_up(db, tmp_path / "b.sqlite")
    db.close()
    damaged = file.read_bytes()[:5_000] + b"\0" * 5_000
    file.write_bytes(damaged)
    with pytest.raises(StoreError, match="--with-readers"):
        restore(tmp_path / "b.sqlite", file)
    assert file.read_bytes() == damaged
    replaced = restore(tmp_path / "b.sqlite", file, with_readers=True).replaced
    assert replaced is not None
    assert replaced.read_bytes() == damaged
    assert _names(file) == ["ada@example.org"]


def test_what_a_deleted_reader_asked_for_outlives_every_restore(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    db = open_database(f"sqlite:///{file}")
    for name in ("ada", "ben"):
        reader = add_pending(db, f"{name}@example.org", Preferences(), now=NOW)
        confirm(db, reader.subscriber_id, None, now=NOW)
        add_block_link(db, f"{name}@example.org", f"never mail {name}", now=NOW)
        back_up(db, tmp_path / "b.sqlite")
        delete_subscriber(db, reader.subscriber_id)
    block_by_token(db, "never mail ada", now=NOW)
    db.close()
    for with_readers, kept in ((False, []), (True, ["ben@example.org"])):
        assert restore(tmp_path / "b.sqlite", file, with_readers=with_readers).n_suppressed_lost == 0
        assert _names(file) == kept
        db = open_database(f"sqlite:///{file}")
        assert suppression_reason(db, "ada+news@example.org") == "blocked"
        assert suppression_reason(db, "ben@example.org") is None
        assert block_link_expiry(db, "never mail ben") is not None
        db.close()
    with sqlite3.connect(file) as connection:
        assert "ada@" not in "\n".join(connection.iterdump())


def test_suppressed_addresses_under_another_key_are_counted_as_lost(tmp_path: Path) -> None:
    other = open_database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    back_up(other, tmp_path / "b.sqlite")
    other.close()
    db = open_database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    suppress(db, "ada@example.org", "blocked", now=NOW)
    db.close()
    assert restore(tmp_path / "b.sqlite", tmp_path / "a.sqlite", with_readers=True).n_suppressed_lost == 1
