"""All watched papers as arrays, each table read in one pass: what the web service holds in memory."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, func, select

from domain.detections import ADOPTS, TermKind
from domain.facet import Facet
from domain.packed_stems import STEM_DTYPE, unpacked_stems
from domain.paper import ArxivId
from domain.paper_arrays import PaperIndex, day_number
from domain.paper_facets import PaperFacets
from store.database import Database
from store.paper_query import Corpus, matches
from store.schema import (
    detection,
    digest,
    embedding,
    job_run,
    name_mention,
    paper,
    paper_category,
    rule_mention,
    topic_assignment,
    topic_event,
    topic_model,
)
from store.vector_files import VectorFiles, in_memory

_AT_ONCE = 5_000


def stored_state(db: Database) -> Hashable:
    """A value that changes when a job ends, topics are fitted or renamed, or a digest is published.

    It stays the same while a job works, so that readers do not see its intermediate steps.
    """
    with db.read() as connection:
        return tuple(connection.execute(_STATE).one())


_STATE = select(
    select(func.max(job_run.c.finished_at)).scalar_subquery(),
    select(func.max(topic_model.c.topic_model_id)).scalar_subquery(),
    select(func.count()).select_from(digest).scalar_subquery(),
    select(func.max(topic_event.c.event_id)).where(topic_event.c.kind == "renamed").scalar_subquery(),
)


def load_paper_index(
    db: Database,
    corpus: Corpus,
    *,
    terms: Sequence[tuple[TermKind, str]],
    embedding_model_id: str | None,
    vector_files: VectorFiles | None = None,
) -> PaperIndex:
    """Every watched paper with its categories, topic, detections and vector, in one consistent state.

    With ``vector_files`` the vectors may be mapped from a file instead of read into memory.
    """
    watched = tuple(dict.fromkeys(corpus.categories))
    number = {category: i for i, category in enumerate(watched)}
    column = {term: i for i, term in enumerate(terms)}
    placed = and_(
        topic_assignment.c.arxiv_id == paper.c.arxiv_id,
        topic_assignment.c.topic_model_id == (corpus.topic_model_id or 0),
    )
    papers = (
        select(
            paper.c.arxiv_id,
            paper.c.submitted_at,
            paper.c.primary_category,
            topic_assignment.c.topic_id,
            topic_assignment.c.similarity,
        )
        .join_from(paper, topic_assignment, placed, isouter=True)
        .where(matches(corpus))
        .order_by(paper.c.submitted_at, paper.c.arxiv_id)
    )
    listed_under = select(paper_category.c.arxiv_id, paper_category.c.category).where(
        paper_category.c.category.in_(watched)
    )
    found = select(detection.c.arxiv_id, detection.c.kind, detection.c.key, detection.c.level).where(
        detection.c.detector_id == corpus.detector_id
    )
    with db.read() as connection:
        rows = connection.execute(papers).all()
        n = len(rows)
        ids = tuple(ArxivId(row[0]) for row in rows)
        row_of = {arxiv_id: i for i, arxiv_id in enumerate(ids)}
        listed = np.zeros((n, len(watched)), dtype=bool)
        for arxiv_id, category in connection.execute(listed_under):
            if (i := row_of.get(arxiv_id)) is not None:
                listed[i, number[category]] = True
        level = np.zeros((n, len(terms)), dtype=np.int8)
        facets: defaultdict[Facet, array[int]] = defaultdict(lambda: array("i"))
        for arxiv_id, kind, key, at in connection.execute(found):
            if (i := row_of.get(arxiv_id)) is not None:
                if (kind, key) in column:
                    level[i, column[kind, key]] = at
                if at >= ADOPTS:
                    facets[kind, key].append(i)
        for facet, arxiv_id in _other_facets(connection):
            if (i := row_of.get(arxiv_id)) is not None:
                facets[facet].append(i)
        embedded = select(embedding.c.arxiv_id, embedding.c.vector).where(embedding.c.model_id == embedding_model_id)

        def vector_rows() -> Iterator[tuple[int, bytes]]:
            for arxiv_id, blob in connection.execute(embedded.execution_options(yield_per=_AT_ONCE)):
                if (i := row_of.get(arxiv_id)) is not None:
                    yield i, blob

        if vector_files is None:
            vectors = in_memory(n, vector_rows())
        else:
            n_embedded = select(func.count()).where(embedding.c.model_id == embedding_model_id)
            at = (*connection.execute(_STATE).one(), connection.execute(n_embedded).scalar_one())
            vectors = vector_files.vectors(n, (embedding_model_id, *at, *ids), vector_rows)
    for i, row in enumerate(rows):
        if row[3] is not None:
            facets["topic", str(row[3])].append(i)
    return PaperIndex(
        ids=ids,
        day=np.array([_day(row[1]) for row in rows], dtype=np.int32),
        categories=watched,
        listed=listed,
        primary=np.array([number.get(row[2], -1) for row in rows], dtype=np.int16),
        topic_id=np.array([-1 if row[3] is None else row[3] for row in rows], dtype=np.int32),
        similarity=np.array([0.0 if row[4] is None else row[4] for row in rows], dtype=np.float32),
        terms=tuple(terms),
        level=level,
        vectors=vectors,
        facets=PaperFacets.of(facets),
    )


def _other_facets(connection: Connection) -> Iterator[tuple[Facet, ArxivId]]:
    """Every paper's facets other than techniques, themes and topics."""
    used = select(name_mention.c.name_id, name_mention.c.arxiv_id).where(
        name_mention.c.name_id.is_not(None), name_mention.c.counted_role != "mentions"
    )
    for name_id, arxiv_id in connection.execute(used):
        yield ("name", str(name_id)), ArxivId(arxiv_id)
    found = select(rule_mention.c.kind, rule_mention.c.key, rule_mention.c.arxiv_id)
    for kind, key, arxiv_id in connection.execute(found):
        yield (kind, key), ArxivId(arxiv_id)


def load_stems(db: Database, ids: Sequence[ArxivId]) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """The stems of papers, paper after paper, an array of ``STEM_DTYPE``, and how many are each paper's."""
    row_of = {arxiv_id: row for row, arxiv_id in enumerate(ids)}
    blobs = [b""] * len(ids)
    with db.read() as connection:
        stored = select(paper.c.arxiv_id, paper.c.stems).execution_options(yield_per=_AT_ONCE)
        for arxiv_id, blob in connection.execute(stored):
            if (row := row_of.get(arxiv_id)) is not None:
                blobs[row] = blob or b""
    n_stems = np.array([len(blob) // STEM_DTYPE.itemsize for blob in blobs], dtype=np.int64)
    return unpacked_stems(blobs), n_stems


def _day(submitted_at: datetime) -> int:
    return day_number(submitted_at.date())
