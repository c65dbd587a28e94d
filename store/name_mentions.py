"""Names in papers, as a tagger found them.

Whatever changes a paper's mentions writes their keys to ``stale_name_key`` in the same transaction; the ledger looks at
the names of these keys again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select

from domain.detections import Evidence
from domain.name_mention import NameMention
from domain.paper import ArxivId
from store.database import Database
from store.schema import name_mention, paper, stale_name_key, tagged_paper


@dataclass(frozen=True)
class PaperNames:
    """What a tagger found in one paper; ``people`` are its authors. Each mention has its key and ``is_heading``."""

    arxiv_id: ArxivId
    people: tuple[str, ...]
    mentions: tuple[tuple[NameMention, str, bool], ...]


def ids_without_names(db: Database, tagger_id: str) -> list[ArxivId]:
    """Papers that this tagger has not read, oldest submission first."""
    query = select(paper.c.arxiv_id).where(_is_unread(tagger_id)).order_by(paper.c.submitted_at, paper.c.arxiv_id)
    with db.read() as connection:
        return [ArxivId(arxiv_id) for arxiv_id in connection.execute(query).scalars()]


def count_without_names(db: Database, tagger_id: str) -> int:
    """Number of papers that this tagger has not read."""
    with db.read() as connection:
        return connection.execute(select(func.count()).select_from(paper).where(_is_unread(tagger_id))).scalar_one()


def count_tagged(db: Database) -> int:
    """Number of papers that any tagger has read."""
    with db.read() as connection:
        return connection.execute(select(func.count()).select_from(tagged_paper)).scalar_one()


def _is_unread(tagger_id: str) -> ColumnElement[bool]:
    return paper.c.arxiv_id.not_in(select(tagged_paper.c.arxiv_id).where(tagged_paper.c.tagger_id == tagger_id))


def add_mentions(db: Database, tagger_id: str, found: Sequence[PaperNames]) -> None:
    """Store what a tagger found in papers, instead of what any tagger found before."""
    ids = [of.arxiv_id for of in found]
    if not ids:
        return
    rows = [
        {
            "arxiv_id": of.arxiv_id,
            "surface": mention.surface,
            "key": key,
            "kind": mention.kind,
            "role": mention.role,
            "confidence": mention.confidence,
            "kind_confidence": mention.kind_confidence,
            "evidence": [[e.field, e.start, e.end] for e in mention.evidence],
            "is_heading": is_heading,
        }
        for of in found
        for mention, key, is_heading in of.mentions
    ]
    with db.write() as connection:
        forget_names(db, connection, ids)
        connection.execute(
            tagged_paper.insert(),
            [{"arxiv_id": of.arxiv_id, "tagger_id": tagger_id, "people": "\n".join(of.people)} for of in found],
        )
        if rows:
            connection.execute(name_mention.insert(), rows)
            mark_stale(db, connection, {key for of in found for _, key, _ in of.mentions})


def forget_names(db: Database, connection: Connection, ids: Sequence[str]) -> None:
    """Remove the mentions of papers whose text or authors have changed; the ledger looks at their names again."""
    stale = select(name_mention.c.key).distinct().where(name_mention.c.arxiv_id.in_(ids))
    connection.execute(db.upsert(stale_name_key).from_select(["key"], stale).on_conflict_do_nothing())
    for table in (name_mention, tagged_paper):
        connection.execute(delete(table).where(table.c.arxiv_id.in_(ids)))


def mark_stale(db: Database, connection: Connection, keys: Iterable[str]) -> None:
    """Have the ledger look at the names of these keys again."""
    rows = [{"key": key} for key in sorted(keys)]
    if rows:
        connection.execute(db.upsert(stale_name_key).on_conflict_do_nothing(), rows)


def mentions_of_paper(db: Database, arxiv_id: ArxivId) -> list[tuple[NameMention, int | None]]:
    """The names in one paper as they first stand there, each with the id of the thing it means, if that is clear."""
    query = select(name_mention).where(name_mention.c.arxiv_id == arxiv_id)
    with db.read() as connection:
        found = [(_mention(row), row.name_id) for row in connection.execute(query)]
    return sorted(found, key=lambda one: [(e.field != "title", e.start) for e in one[0].evidence[:1]])


def _mention(row: Row[Any]) -> NameMention:
    return NameMention(
        row.surface,
        row.kind,
        row.role,
        tuple(Evidence(*place) for place in row.evidence),
        row.confidence,
        row.kind_confidence,
    )
