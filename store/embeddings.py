"""Embedding vectors of papers, by model."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, select

from domain.embeddings import Embeddings
from domain.paper import ArxivId
from domain.week import Week
from store.database import Database
from store.schema import embedding, paper
from store.sql_conditions import is_watched
from store.vector_encoding import pack_vector, unpack_vectors


def ids_without_embedding(db: Database, model_id: str) -> list[ArxivId]:
    """Papers without a vector of this model, oldest submission first."""
    query = select(paper.c.arxiv_id).where(_has_no_vector(model_id)).order_by(paper.c.submitted_at, paper.c.arxiv_id)
    with db.read() as connection:
        return [ArxivId(arxiv_id) for arxiv_id in connection.execute(query).scalars()]


def count_without_embedding(db: Database, model_id: str) -> int:
    """Number of papers without a vector of this model."""
    query = select(func.count()).select_from(paper).where(_has_no_vector(model_id))
    with db.read() as connection:
        return connection.execute(query).scalar_one()


def _has_no_vector(model_id: str) -> ColumnElement[bool]:
    return paper.c.arxiv_id.not_in(select(embedding.c.arxiv_id).where(embedding.c.model_id == model_id))


def add_embeddings(db: Database, embeddings: Embeddings) -> None:
    """Store vectors, replacing existing ones."""
    rows = [
        {"model_id": embeddings.model_id, "arxiv_id": arxiv_id, "vector": pack_vector(vector)}
        for arxiv_id, vector in zip(embeddings.ids, embeddings.vectors, strict=True)
    ]
    if not rows:
        return
    insert = db.upsert(embedding)
    with db.write() as connection:
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["model_id", "arxiv_id"], set_={"vector": insert.excluded.vector}
            ),
            rows,
        )


def embeddings_of(
    db: Database,
    model_id: str,
    *,
    categories: Collection[str],
    first: Week | None = None,
    last: Week | None = None,
) -> Embeddings:
    """Vectors of the watched papers from week ``first`` to ``last``, by submission and identifier."""
    query = (
        select(paper.c.arxiv_id, embedding.c.vector)
        .join(embedding, embedding.c.arxiv_id == paper.c.arxiv_id)
        .where(embedding.c.model_id == model_id, is_watched(categories))
        .order_by(paper.c.submitted_at, paper.c.arxiv_id)
    )
    if first is not None:
        query = query.where(paper.c.week_start >= first.monday)
    if last is not None:
        query = query.where(paper.c.week_start <= last.monday)
    with db.read() as connection:
        rows = connection.execute(query).all()
    return _stacked(model_id, [(ArxivId(row.arxiv_id), row.vector) for row in rows])


def embeddings_by_id(db: Database, model_id: str, ids: list[ArxivId]) -> Embeddings:
    """Vectors of these papers, in this order; papers without one are left out."""
    found: dict[ArxivId, bytes] = {}
    with db.read() as connection:
        for start in range(0, len(ids), 5_000):
            query = select(embedding.c.arxiv_id, embedding.c.vector).where(
                embedding.c.model_id == model_id, embedding.c.arxiv_id.in_(ids[start : start + 5_000])
            )
            found |= {ArxivId(row.arxiv_id): row.vector for row in connection.execute(query)}
    return _stacked(model_id, [(arxiv_id, found[arxiv_id]) for arxiv_id in ids if arxiv_id in found])


def _stacked(model_id: str, rows: list[tuple[ArxivId, bytes]]) -> Embeddings:
    return Embeddings(
        ids=tuple(arxiv_id for arxiv_id, _ in rows),
        vectors=unpack_vectors([vector for _, vector in rows]),
        model_id=model_id,
    )


def embedding_counts(db: Database) -> dict[str, int]:
    """Number of papers with a vector, by model."""
    query = select(embedding.c.model_id, func.count()).group_by(embedding.c.model_id)
    with db.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}
