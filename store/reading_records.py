"""What a reader decided: scans, verdicts, mutes, seeds and collections."""

from __future__ import annotations

from collections.abc import Collection as Some
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, delete, func, select

from domain.errors import UsageError
from domain.facet import FACET_KINDS, Facet
from domain.paper import ArxivId
from domain.reading import (
    MAX_COLLECTIONS,
    MAX_MUTES,
    MAX_SEEDS,
    Choice,
    CollectedPaper,
    Collection,
    Decision,
    Mute,
    Scan,
    Verdict,
)
from domain.week import iso_instant
from store.database import Database
from store.schema import (
    collection,
    collection_paper,
    paper_decision,
    reader,
    reader_mute,
    reader_seed,
    scan,
)

LOCAL = "local"
"""The key of the one reader of a service that only its own machine reaches."""


def reader_id_of(db: Database, subscriber_id: int | None) -> int | None:
    """The reader of a subscriber, or the local one; ``None`` before anything was stored for them."""
    with db.read() as connection:
        return connection.execute(select(reader.c.reader_id).where(reader.c.key == _key(subscriber_id))).scalar()


def add_reader(db: Database, subscriber_id: int | None, *, now: datetime) -> int:
    """The reader of a subscriber, or the local one, stored if it is not yet."""
    key = _key(subscriber_id)
    new = db.upsert(reader).values(key=key, subscriber_id=subscriber_id, made_at=now)
    with db.write() as connection:
        connection.execute(new.on_conflict_do_nothing(index_elements=["key"]))
        return int(connection.execute(select(reader.c.reader_id).where(reader.c.key == key)).scalar_one())


def _key(subscriber_id: int | None) -> str:
    return LOCAL if subscriber_id is None else f"subscriber:{subscriber_id}"


def delete_reader(db: Database, reader_id: int) -> None:
    """Delete everything that is stored for a reader here; a subscription stays."""
    with db.write() as connection:
        connection.execute(delete(reader).where(reader.c.reader_id == reader_id))


# -- scans and decisions


def add_scan(
    db: Database,
    reader_id: int,
    *,
    since: date,
    until: date,
    follows: Sequence[str],
    seeds: Sequence[ArxivId],
    pool: Sequence[ArxivId],
    seed: int,
    now: datetime,
    has: Sequence[Facet] = (),
    leaves_out_others: bool = False,
    categories: Sequence[str] = (),
    author: str = "",
) -> int:
    """Store a scan; returns its id."""
    values = {
        "reader_id": reader_id,
        "since": since,
        "until": until,
        "follows": list(follows),
        "seeds": list(seeds),
        "pool": list(pool),
        "seed": seed,
        "started_at": now,
        "has": [":".join(facet) for facet in has],
        "leaves_out_others": leaves_out_others,
        "categories": list(categories),
        "author": author,
    }
    with db.write() as connection:
        return int(connection.execute(scan.insert().values(values).returning(scan.c.scan_id)).scalar_one())


def scans_of(db: Database, reader_id: int) -> list[Scan]:
    """A reader's scans, newest first."""
    query = select(scan).where(scan.c.reader_id == reader_id).order_by(scan.c.scan_id.desc())
    with db.read() as connection:
        return [_scan(row) for row in connection.execute(query)]


def scan_by_id(db: Database, reader_id: int, scan_id: int) -> Scan | None:
    """A reader's scan; ``None`` if there is none of this id, or it is another reader's."""
    query = select(scan).where(scan.c.scan_id == scan_id, scan.c.reader_id == reader_id)
    with db.read() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else _scan(row)


def _scan(row: Row[Any]) -> Scan:
    return Scan(
        row.scan_id,
        row.reader_id,
        row.since,
        row.until,
        tuple(row.follows),
        tuple(map(ArxivId, row.seeds)),
        tuple(map(ArxivId, row.pool)),
        row.seed,
        row.started_at,
        tuple(_facet(text) for text in row.has),
        row.leaves_out_others,
        tuple(row.categories),
        row.author,
    )


def _facet(text: str) -> Facet:
    written, _, key = text.partition(":")
    return next(kind for kind in FACET_KINDS if kind == written), key


def decisions_of(db: Database, reader_id: int) -> list[Decision]:
    """All verdicts of a reader, in their order."""
    query = select(paper_decision).where(paper_decision.c.reader_id == reader_id).order_by(paper_decision.c.decision_id)
    with db.read() as connection:
        return [
            Decision(ArxivId(row.arxiv_id), row.scan_id, row.verdict, row.choice, row.decided_at)
            for row in connection.execute(query)
        ]


def papers_decided_by(db: Database, subscriber_id: int) -> frozenset[ArxivId]:
    """Papers that a subscriber kept or skipped in any scan."""
    query = (
        select(paper_decision.c.arxiv_id)
        .join(reader, reader.c.reader_id == paper_decision.c.reader_id)
        .where(reader.c.subscriber_id == subscriber_id, paper_decision.c.verdict.in_(["keep", "skip"]))
    )
    with db.read() as connection:
        return frozenset(ArxivId(arxiv_id) for arxiv_id in connection.execute(query).scalars())


def add_decision(
    db: Database,
    reader_id: int,
    scan_id: int,
    arxiv_id: ArxivId,
    *,
    verdict: Verdict,
    choice: Choice,
    now: datetime,
) -> None:
    """Store a verdict; a second one on the same paper replaces the first and keeps its place and its choice."""
    new = db.upsert(paper_decision).values(
        reader_id=reader_id, scan_id=scan_id, arxiv_id=arxiv_id, verdict=verdict, choice=choice, decided_at=now
    )
    with db.write() as connection:
        connection.execute(
            new.on_conflict_do_update(
                index_elements=["reader_id", "arxiv_id"], set_={"verdict": verdict, "decided_at": now}
            )
        )


def delete_last_decision(db: Database, reader_id: int, scan_id: int) -> ArxivId | None:
    """Take a scan's newest verdict back; returns the paper, ``None`` if there was none."""
    last = (
        select(paper_decision.c.decision_id, paper_decision.c.arxiv_id)
        .where(paper_decision.c.reader_id == reader_id, paper_decision.c.scan_id == scan_id)
        .order_by(paper_decision.c.decision_id.desc())
        .limit(1)
    )
    with db.write() as connection:
        row = connection.execute(last).one_or_none()
        if row is None:
            return None
        connection.execute(delete(paper_decision).where(paper_decision.c.decision_id == row.decision_id))
    return ArxivId(row.arxiv_id)


# -- mutes and seeds


def mutes_of(db: Database, reader_id: int) -> list[Mute]:
    """A reader's mutes, sorted."""
    query = select(reader_mute.c.kind, reader_mute.c.key).where(reader_mute.c.reader_id == reader_id)
    with db.read() as connection:
        return sorted(Mute(row.kind, row.key) for row in connection.execute(query))


def add_mute(db: Database, reader_id: int, mute: Mute, *, now: datetime) -> None:
    """Store a mute; one that is stored stays.

    Raises
    ------
    UsageError
        If the reader has ``MAX_MUTES`` already.
    """
    with db.write() as connection:
        _require_room(connection, reader_mute, reader_mute.c.reader_id == reader_id, MAX_MUTES, "mutes", 1)
        new = db.upsert(reader_mute).values(reader_id=reader_id, kind=mute.kind, key=mute.key, muted_at=now)
        connection.execute(new.on_conflict_do_nothing())


def delete_mute(db: Database, reader_id: int, mute: Mute) -> None:
    """End a mute."""
    is_it = (reader_mute.c.reader_id == reader_id, reader_mute.c.kind == mute.kind, reader_mute.c.key == mute.key)
    with db.write() as connection:
        connection.execute(delete(reader_mute).where(*is_it))


def seeds_of(db: Database, reader_id: int) -> list[ArxivId]:
    """The papers that a reader named as what they look for, in the order in which they were added."""
    query = (
        select(reader_seed.c.arxiv_id)
        .where(reader_seed.c.reader_id == reader_id)
        .order_by(reader_seed.c.added_at, reader_seed.c.arxiv_id)
    )
    with db.read() as connection:
        return [ArxivId(arxiv_id) for arxiv_id in connection.execute(query).scalars()]


def add_seeds(db: Database, reader_id: int, ids: Some[ArxivId], *, now: datetime) -> None:
    """Store seeds; those that are stored stay.

    Raises
    ------
    UsageError
        If the reader would have more than ``MAX_SEEDS``.
    """
    if not ids:
        return
    with db.write() as connection:
        _require_room(connection, reader_seed, reader_seed.c.reader_id == reader_id, MAX_SEEDS, "seeds", len(ids))
        connection.execute(
            db.upsert(reader_seed).on_conflict_do_nothing(),
            [{"reader_id": reader_id, "arxiv_id": arxiv_id, "added_at": now} for arxiv_id in ids],
        )


def delete_seeds(db: Database, reader_id: int, ids: Some[ArxivId] | None = None) -> None:
    """Delete some seeds of a reader, or all."""
    of_reader = delete(reader_seed).where(reader_seed.c.reader_id == reader_id)
    with db.write() as connection:
        connection.execute(of_reader if ids is None else of_reader.where(reader_seed.c.arxiv_id.in_(list(ids))))


# -- collections


def collections_of(db: Database, reader_id: int) -> list[Collection]:
    """A reader's collections by name."""
    query = (
        select(collection.c.collection_id, collection.c.name, func.count(collection_paper.c.arxiv_id).label("n"))
        .join_from(
            collection,
            collection_paper,
            collection_paper.c.collection_id == collection.c.collection_id,
            isouter=True,
        )
        .where(collection.c.reader_id == reader_id)
        .group_by(collection.c.collection_id, collection.c.name)
        .order_by(collection.c.name)
    )
    with db.read() as connection:
        return [Collection(row.collection_id, row.name, row.n) for row in connection.execute(query)]


def collected_papers(db: Database, reader_id: int, collection_id: int) -> list[CollectedPaper]:
    """The papers of a reader's collection, in the order in which they were added; none of another reader's."""
    query = (
        select(collection_paper)
        .join(collection, collection.c.collection_id == collection_paper.c.collection_id)
        .where(collection.c.reader_id == reader_id, collection.c.collection_id == collection_id)
        .order_by(collection_paper.c.added_at, collection_paper.c.arxiv_id)
    )
    with db.read() as connection:
        return [CollectedPaper(ArxivId(r.arxiv_id), r.note, r.added_at) for r in connection.execute(query)]


def add_to_collection(db: Database, reader_id: int, name: str, arxiv_id: ArxivId, *, note: str, now: datetime) -> None:
    """Put a paper into a reader's collection, which is made if there is none of the name; a note replaces the last.

    Raises
    ------
    UsageError
        If a new collection would be one too many.
    """
    with db.write() as connection:
        known = select(collection.c.collection_id).where(collection.c.reader_id == reader_id, collection.c.name == name)
        collection_id = connection.execute(known).scalar()
        if collection_id is None:
            of_reader = collection.c.reader_id == reader_id
            _require_room(connection, collection, of_reader, MAX_COLLECTIONS, "collections", 1)
            made = collection.insert().values(reader_id=reader_id, name=name, made_at=now)
            collection_id = connection.execute(made.returning(collection.c.collection_id)).scalar_one()
        new = db.upsert(collection_paper).values(
            collection_id=collection_id, arxiv_id=arxiv_id, note=note, added_at=now
        )
        connection.execute(new.on_conflict_do_update(index_elements=["collection_id", "arxiv_id"], set_={"note": note}))


def remove_from_collection(db: Database, reader_id: int, collection_id: int, arxiv_id: ArxivId) -> None:
    """Take a paper out of a reader's collection."""
    own = select(collection.c.collection_id).where(
        collection.c.reader_id == reader_id, collection.c.collection_id == collection_id
    )
    with db.write() as connection:
        connection.execute(
            delete(collection_paper).where(
                collection_paper.c.collection_id.in_(own), collection_paper.c.arxiv_id == arxiv_id
            )
        )


def delete_collection(db: Database, reader_id: int, collection_id: int) -> None:
    """Delete a reader's collection with its notes."""
    with db.write() as connection:
        connection.execute(
            delete(collection).where(collection.c.reader_id == reader_id, collection.c.collection_id == collection_id)
        )


def _require_room(connection: Any, table: Any, of_reader: Any, most: int, what: str, n_new: int) -> None:
    held = connection.execute(select(func.count()).select_from(table).where(of_reader)).scalar_one()
    if held + n_new > most:
        raise UsageError(f"at most {most:,} {what} can be kept; {held:,} are; delete some first")


# -- everything


def reading_export(db: Database, subscriber_id: int | None) -> dict[str, Any]:
    """All that is stored about the reading of a subscriber, or of the local reader; instants as text."""
    reader_id = reader_id_of(db, subscriber_id)
    if reader_id is None:
        return {"seeds": [], "mutes": [], "scans": [], "decisions": [], "collections": []}
    return {
        "seeds": list(seeds_of(db, reader_id)),
        "mutes": [str(mute) for mute in mutes_of(db, reader_id)],
        "scans": [
            {
                "scan": s.scan_id,
                "since": s.since.isoformat(),
                "until": s.until.isoformat(),
                "follows": list(s.follows),
                "has": [":".join(facet) for facet in s.has],
                "seeds": list(s.seeds),
                "pool": list(s.pool),
                "leaves_out_others": s.leaves_out_others,
                "categories": list(s.categories),
                "author": s.author,
                "started_at": iso_instant(s.started_at),
            }
            for s in scans_of(db, reader_id)
        ],
        "decisions": [
            {
                "arxiv_id": d.arxiv_id,
                "verdict": d.verdict,
                "shown_as": d.choice,
                "scan": d.scan_id,
                "decided_at": iso_instant(d.decided_at),
            }
            for d in decisions_of(db, reader_id)
        ],
        "collections": [
            {
                "name": c.name,
                "papers": [
                    {"arxiv_id": p.arxiv_id, "note": p.note, "added_at": iso_instant(p.added_at)}
                    for p in collected_papers(db, reader_id, c.collection_id)
                ],
            }
            for c in collections_of(db, reader_id)
        ],
    }
