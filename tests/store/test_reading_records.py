"""What a reader decides stays, is theirs alone, and goes with them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from domain.errors import UsageError
from domain.paper import ArxivId
from domain.reading import Mute
from domain.subscription import Follow, Preferences
from store.database import Database
from store.reading_records import (
    add_decision,
    add_mute,
    add_reader,
    add_scan,
    add_seeds,
    add_to_collection,
    collected_papers,
    collections_of,
    decisions_of,
    delete_collection,
    delete_last_decision,
    delete_mute,
    delete_reader,
    delete_seeds,
    mutes_of,
    reader_id_of,
    reading_export,
    remove_from_collection,
    scan_by_id,
    scans_of,
    seeds_of,
)
from store.subscribers import add_pending, delete_subscriber, subscriber_export

NOW = datetime(2026, 6, 23, 6, tzinfo=UTC)
ONE, TWO, THREE = (ArxivId(f"2606.0000{i}") for i in (1, 2, 3))


def _scan(db: Database, reader_id: int) -> int:
    return add_scan(
        db,
        reader_id,
        since=date(2026, 6, 15),
        until=date(2026, 6, 21),
        follows=["search:graphs"],
        seeds=[ONE],
        pool=[TWO, THREE],
        seed=7,
        now=NOW,
    )


def test_a_readers_record_is_stored_and_read_back(database: Database) -> None:
    reader_id = add_reader(database, None, now=NOW)
    assert add_reader(database, None, now=NOW) == reader_id == reader_id_of(database, None)
    add_seeds(database, reader_id, [ONE, TWO], now=NOW)
    add_seeds(database, reader_id, [ONE], now=NOW)
    delete_seeds(database, reader_id, [TWO])
    assert seeds_of(database, reader_id) == [ONE]
    add_mute(database, reader_id, Mute("words", "medical imaging"), now=NOW)
    add_mute(database, reader_id, Mute("technique", "diffusion"), now=NOW)
    delete_mute(database, reader_id, Mute("technique", "diffusion"))
    assert mutes_of(database, reader_id) == [Mute("words", "medical imaging")]
    scan_id = _scan(database, reader_id)
    found = scan_by_id(database, reader_id, scan_id)
    assert found is not None
    assert (found.pool, found.seed, found.since) == ((TWO, THREE), 7, date(2026, 6, 15))
    add_decision(database, reader_id, scan_id, ONE, verdict="keep", choice="best", now=NOW)
    add_decision(database, reader_id, scan_id, TWO, verdict="skip", choice="pool", now=NOW)
    add_decision(database, reader_id, scan_id, ONE, verdict="undecided", choice="rest", now=NOW)
    assert [(d.arxiv_id, d.verdict, d.choice) for d in decisions_of(database, reader_id)] == [
        (ONE, "undecided", "best"),
        (TWO, "skip", "pool"),
    ]
    assert delete_last_decision(database, reader_id, scan_id) == TWO
    assert delete_last_decision(database, reader_id, scan_id) == ONE
    assert delete_last_decision(database, reader_id, scan_id) is None
    add_to_collection(database, reader_id, "to read", ONE, note="first", now=NOW)
    add_to_collection(database, reader_id, "to read", ONE, note="second", now=NOW)
    add_to_collection(database, reader_id, "to read", TWO, note="", now=NOW)
    [kept] = collections_of(database, reader_id)
    assert (kept.name, kept.n_papers) == ("to read", 2)
    remove_from_collection(database, reader_id, kept.collection_id, TWO)
    assert [p.note for p in collected_papers(database, reader_id, kept.collection_id)] == ["second"]
    export = reading_export(database, None)
    assert export["seeds"] == [ONE]
    assert export["collections"][0]["papers"][0]["note"] == "second"
    delete_collection(database, reader_id, kept.collection_id)
    delete_reader(database, reader_id)
    assert reader_id_of(database, None) is None
    assert not any(reading_export(database, None).values())


def test_nothing_of_one_reader_is_reached_by_another(database: Database) -> None:
    ada, ben = (add_pending(database, f"{name}@example.org", Preferences(), now=NOW) for name in ("ada", "ben"))
    of_ada, of_ben = (add_reader(database, s.subscriber_id, now=NOW) for s in (ada, ben))
    scan_id = _scan(database, of_ada)
    add_decision(database, of_ada, scan_id, ONE, verdict="keep", choice="best", now=NOW)
    add_to_collection(database, of_ada, "mine", ONE, note="private", now=NOW)
    [mine] = collections_of(database, of_ada)
    assert scan_by_id(database, of_ben, scan_id) is None
    assert scans_of(database, of_ben) == []
    assert collected_papers(database, of_ben, mine.collection_id) == []
    remove_from_collection(database, of_ben, mine.collection_id, ONE)
    delete_collection(database, of_ben, mine.collection_id)
    assert delete_last_decision(database, of_ben, scan_id) is None
    assert collections_of(database, of_ada)[0].n_papers == 1


def test_a_readers_record_is_in_their_export_and_goes_with_them(database: Database) -> None:
    ada = add_pending(database, "ada@example.org", Preferences(follows=(Follow("search", "graphs"),)), now=NOW)
    reader_id = add_reader(database, ada.subscriber_id, now=NOW)
    add_decision(database, reader_id, _scan(database, reader_id), ONE, verdict="keep", choice="best", now=NOW)
    add_to_collection(database, reader_id, "mine", ONE, note="private", now=NOW)
    export = subscriber_export(database, ada.subscriber_id)["reading"]
    assert export["decisions"][0]["arxiv_id"] == ONE
    assert export["collections"][0]["papers"][0]["note"] == "private"
    delete_subscriber(database, ada.subscriber_id)
    assert reader_id_of(database, ada.subscriber_id) is None
    assert scans_of(database, reader_id) == []
    assert decisions_of(database, reader_id) == []
    assert collections_of(database, reader_id) == []


def test_more_than_the_most_is_refused(database: Database) -> None:
    reader_id = add_reader(database, None, now=NOW)
    with pytest.raises(UsageError, match="at most 2,000 seeds"):
        add_seeds(database, reader_id, [ArxivId(f"2606.{i:05d}") for i in range(1, 2_002)], now=NOW)
