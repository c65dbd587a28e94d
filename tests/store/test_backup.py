"""Backup during writes, and restore."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from domain.errors import StoreError
from domain.subscription import Issue, Preferences, Subscriber, TokenPurpose
from domain.week import Week
from store.backup import back_up, carry_over_subscribers, restore
from store.database import open_database
from store.deliveries import claim_delivery, deliveries_due, delivery_counts, mark_handing, mark_sent, plan_issue
from store.subscribers import (
    add_pending,
    change_state,
    confirm,
    delete_subscriber,
    subscribers,
    suppress,
    suppression_reason,
    token_use,
)

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

    replaced = restore(tmp_path / "b.sqlite", file)
    assert replaced == tmp_path / "a.sqlite.before-restore"
    assert carry_over_subscribers(file, replaced) == 4
    db = open_database(f"sqlite:///{file}")
    assert {r.address[:3]: r.state for r in subscribers(db)} == {
        "ada": "active",
        "ben": "unsubscribed",
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
