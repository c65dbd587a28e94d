"""Detections of techniques and themes in papers, by detector."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, update

from domain.detections import ADOPTS, Detection, Evidence, PaperDetections, TermKind
from domain.paper import ArxivId
from domain.paper_query import PaperQuery
from domain.week import Week
from store.database import Database
from store.paper_query import Corpus, matches
from store.schema import detected_paper, detection, paper, weekly_basis
from store.sql_conditions import is_watched


def ids_without_detections(db: Database, detector_id: str) -> list[ArxivId]:
    """Papers that this detector has not processed, oldest submission first."""
    query = (
        select(paper.c.arxiv_id).where(_is_unprocessed(detector_id)).order_by(paper.c.submitted_at, paper.c.arxiv_id)
    )
    with db.read() as connection:
        return [ArxivId(arxiv_id) for arxiv_id in connection.execute(query).scalars()]


def count_without_detections(db: Database, detector_id: str) -> int:
    """Number of papers that this detector has not processed."""
    query = select(func.count()).select_from(paper).where(_is_unprocessed(detector_id))
    with db.read() as connection:
        return connection.execute(query).scalar_one()


def _is_unprocessed(detector_id: str) -> ColumnElement[bool]:
    processed = select(detected_paper.c.arxiv_id).where(detected_paper.c.detector_id == detector_id)
    return paper.c.arxiv_id.not_in(processed)


def add_detections(db: Database, detector_id: str, found: Sequence[PaperDetections]) -> None:
    """Store the detections of these papers, replacing earlier ones of the same detector."""
    rows = [
        {
            "detector_id": detector_id,
            "arxiv_id": of.arxiv_id,
            "kind": d.kind,
            "key": d.key,
            "level": d.level,
            "strength": d.strength,
            "evidence": [[e.field, e.start, e.end] for e in d.evidence],
        }
        for of in found
        for d in of.detections
    ]
    ids = [of.arxiv_id for of in found]
    if not ids:
        return
    with db.write() as connection:
        for table in (detection, detected_paper):
            connection.execute(delete(table).where(table.c.detector_id == detector_id, table.c.arxiv_id.in_(ids)))
        connection.execute(detected_paper.insert(), [{"detector_id": detector_id, "arxiv_id": i} for i in ids])
        if rows:
            connection.execute(detection.insert(), rows)
        connection.execute(update(weekly_basis).values(is_current=False))


def detections_of_week(
    db: Database, detector_id: str, week: Week, categories: Collection[str]
) -> dict[ArxivId, tuple[Detection, ...]]:
    """Detections in the watched papers of a week, by paper; papers without any are absent."""
    query = (
        select(detection)
        .join(paper, paper.c.arxiv_id == detection.c.arxiv_id)
        .where(detection.c.detector_id == detector_id, paper.c.week_start == week.monday, is_watched(categories))
        .order_by(detection.c.arxiv_id, detection.c.kind, detection.c.key)
    )
    found: dict[ArxivId, tuple[Detection, ...]] = {}
    with db.read() as connection:
        for row in connection.execute(query):
            arxiv_id = ArxivId(row.arxiv_id)
            found[arxiv_id] = (*found.get(arxiv_id, ()), _detection(row))
    return found


def strongest_papers(
    db: Database, corpus: Corpus, query: PaperQuery, kind: TermKind, key: str, *, limit: int
) -> list[tuple[ArxivId, str]]:
    """Identifier and title of the papers that match and adopt a term, highest level and surest detection first."""
    c = detection.c
    found = (
        select(paper.c.arxiv_id, paper.c.title)
        .join(detection, c.arxiv_id == paper.c.arxiv_id)
        .where(
            c.detector_id == corpus.detector_id,
            c.kind == kind,
            c.key == key,
            c.level >= ADOPTS,
            matches(corpus, query),
        )
        .order_by(c.level.desc(), c.strength.desc(), paper.c.arxiv_id)
        .limit(limit)
    )
    with db.read() as connection:
        return [(ArxivId(row.arxiv_id), row.title) for row in connection.execute(found)]


def detections_of_paper(db: Database, detector_id: str, arxiv_id: ArxivId) -> list[Detection]:
    """Detections in one paper, highest level first within techniques and themes."""
    query = (
        select(detection)
        .where(detection.c.detector_id == detector_id, detection.c.arxiv_id == arxiv_id)
        .order_by(detection.c.kind, detection.c.level.desc(), detection.c.key)
    )
    with db.read() as connection:
        return [_detection(row) for row in connection.execute(query)]


def _detection(row: Row[Any]) -> Detection:
    return Detection(row.kind, row.key, row.level, tuple(Evidence(*place) for place in row.evidence), row.strength)
