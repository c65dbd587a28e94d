"""A reader's collections: papers with notes, and all that is stored of what a reader read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.search.search_query import embedded_texts
from domain.errors import NotFound, UsageError
from domain.paper import ArxivId, Paper
from domain.reading import MAX_COLLECTION_NAME, MAX_NOTE, Collection, Mute, Scan
from domain.subscription import sanitized_line
from queries.paper import arxiv_id_of, stored_paper
from runtime.context import AppContext
from store.papers import papers_in_order
from store.reading_records import (
    add_reader,
    add_to_collection,
    collected_papers,
    collections_of,
    decisions_of,
    delete_collection,
    delete_reader,
    delete_seeds,
    mutes_of,
    reader_id_of,
    reading_export,
    remove_from_collection,
    scans_of,
    seeds_of,
)
from store.saved_searches import delete_unused_query_vectors, followed_searches, scanned_searches


@dataclass(frozen=True)
class ReadingRecord:
    """What a reader has: seeds with their titles, mutes, scans with the number of their decisions, collections.

    ``n_kept`` is of all scans together, ``titles`` are of the first seed of each scan.
    """

    seeds: tuple[Paper, ...]
    mutes: tuple[Mute, ...]
    scans: tuple[tuple[Scan, int], ...]
    collections: tuple[Collection, ...]
    n_kept: int = 0
    titles: Mapping[ArxivId, str] = field(default_factory=dict)


def reader_of(context: AppContext, subscriber_id: int | None) -> int | None:
    """The reader of a subscriber, or the local one; ``None`` before anything was stored for them."""
    return reader_id_of(context.db, subscriber_id)


def stored_reader(context: AppContext, subscriber_id: int | None) -> int:
    """The reader of a subscriber, or the local one, stored if it is not yet."""
    known = reader_id_of(context.db, subscriber_id)
    return add_reader(context.db, subscriber_id, now=context.now()) if known is None else known


def reading_record(context: AppContext, reader_id: int | None) -> ReadingRecord:
    """What a reader has; nothing for one of whom nothing is stored."""
    if reader_id is None:
        return ReadingRecord((), (), (), ())
    decisions = decisions_of(context.db, reader_id)
    scan_ids, scans = [d.scan_id for d in decisions], scans_of(context.db, reader_id)
    first_seeds = list(dict.fromkeys(seed for scan in scans for seed in scan.seeds[:1]))
    return ReadingRecord(
        tuple(papers_in_order(context.db, seeds_of(context.db, reader_id))),
        tuple(mutes_of(context.db, reader_id)),
        tuple((scan, scan_ids.count(scan.scan_id)) for scan in scans),
        tuple(collections_of(context.db, reader_id)),
        sum(d.verdict == "keep" for d in decisions),
        {p.arxiv_id: p.title for p in papers_in_order(context.db, first_seeds)},
    )


def collect(context: AppContext, reader_id: int, name: str, arxiv_id: str, note: str) -> str:
    """Put a paper into a collection of a name, with a note; returns the name.

    Raises
    ------
    UsageError
        If the name or note is empty or too long.
    NotFound
        If the paper is not stored.
    """
    name = sanitized_line(name)
    if not name or len(name) > MAX_COLLECTION_NAME:
        raise UsageError(f"a collection's name has 1 to {MAX_COLLECTION_NAME} characters")
    if len(note) > MAX_NOTE:
        raise UsageError(f"a note has at most {MAX_NOTE:,} characters, this one {len(note):,}")
    found = stored_paper(context, arxiv_id_of(arxiv_id))
    add_to_collection(context.db, reader_id, name, found.arxiv_id, note=note.strip(), now=context.now())
    return name


def collection_named(context: AppContext, reader_id: int, collection_id: int) -> tuple[str, list[tuple[Paper, str]]]:
    """A reader's collection: its name, and its papers with their notes.

    Raises
    ------
    NotFound
        If the reader has none of this id.
    """
    name = next((c.name for c in collections_of(context.db, reader_id) if c.collection_id == collection_id), None)
    if name is None:
        raise NotFound(f"there is no collection {collection_id} of yours")
    notes = {p.arxiv_id: p.note for p in collected_papers(context.db, reader_id, collection_id)}
    return name, [(paper, notes[paper.arxiv_id]) for paper in papers_in_order(context.db, list(notes))]


def kept_papers(context: AppContext, reader_id: int) -> list[Paper]:
    """The papers that a reader kept, in the order of the decisions."""
    kept = [d.arxiv_id for d in decisions_of(context.db, reader_id) if d.verdict == "keep"]
    return papers_in_order(context.db, kept)


def take_out(context: AppContext, reader_id: int, collection_id: int, arxiv_id: str | None) -> None:
    """Take a paper out of a collection, or with ``None`` delete the collection."""
    if arxiv_id is None:
        delete_collection(context.db, reader_id, collection_id)
    else:
        remove_from_collection(context.db, reader_id, collection_id, arxiv_id_of(arxiv_id))


def forget_seeds(context: AppContext, reader_id: int) -> None:
    """Delete all seeds of a reader."""
    delete_seeds(context.db, reader_id)


def forget_reader(context: AppContext, reader_id: int) -> None:
    """Delete everything that is stored about what a reader read; a subscription stays."""
    delete_reader(context.db, reader_id)
    used = embedded_texts([*followed_searches(context.db), *scanned_searches(context.db)])
    delete_unused_query_vectors(context.db, used)


def reading_data(context: AppContext, subscriber_id: int | None) -> dict[str, Any]:
    """All that is stored about what a reader read."""
    return reading_export(context.db, subscriber_id)
