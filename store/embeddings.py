"""Vectors of papers, kept under the name of the model that made them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from sqlalchemy import func, select

from domain.embeddings import Embeddings
from domain.paper import ArxivId
from domain.week import Week
from store.conditions import is_watched
from store.database import Database
from store.schema import embedding, paper

_VECTOR = np.dtype("<f4")


def ids_without_embedding(db: Database, model_id: str) -> list[ArxivId]:
    """Papers that have no vector of this model, oldest submission first."""
    made = select(embedding.c.arxiv_id).where(embedding.c.model_id == model_id)
    question = (
        select(paper.c.arxiv_id).where(paper.c.arxiv_id.not_in(made)).order_by(paper.c.submitted_at, paper.c.arxiv_id)
    )
    with db.read() as connection:
        return [ArxivId(arxiv_id) for arxiv_id in connection.execute(question).scalars()]


def add_embeddings(db: Database, embeddings: Embeddings) -> None:
    """Store vectors; one that is there already is replaced."""
    rows = [
        {"model_id": embeddings.model_id, "arxiv_id": arxiv_id, "vector": vector.astype(_VECTOR).tobytes()}
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
    """Vectors of the watched papers of ``first`` to ``last`` week, by submission and identifier."""
    question = (
        select(paper.c.arxiv_id, embedding.c.vector)
        .join(embedding, embedding.c.arxiv_id == paper.c.arxiv_id)
        .where(embedding.c.model_id == model_id, is_watched(categories))
        .order_by(paper.c.submitted_at, paper.c.arxiv_id)
    )
    if first is not None:
        question = question.where(paper.c.week_start >= first.monday)
    if last is not None:
        question = question.where(paper.c.week_start <= last.monday)
    with db.read() as connection:
        rows = connection.execute(question).all()
    return _stacked(model_id, [(ArxivId(row.arxiv_id), row.vector) for row in rows])


def embeddings_by_id(db: Database, model_id: str, ids: list[ArxivId]) -> Embeddings:
    """Vectors of these papers in this order; a paper without one is left out."""
    found: dict[ArxivId, bytes] = {}
    with db.read() as connection:
        for start in range(0, len(ids), 5_000):
            question = select(embedding.c.arxiv_id, embedding.c.vector).where(
                embedding.c.model_id == model_id, embedding.c.arxiv_id.in_(ids[start : start + 5_000])
            )
            found |= {ArxivId(row.arxiv_id): row.vector for row in connection.execute(question)}
    return _stacked(model_id, [(arxiv_id, found[arxiv_id]) for arxiv_id in ids if arxiv_id in found])


def _stacked(model_id: str, rows: list[tuple[ArxivId, bytes]]) -> Embeddings:
    flat = np.frombuffer(b"".join(vector for _, vector in rows), dtype=_VECTOR).astype(np.float32)
    return Embeddings(
        ids=tuple(arxiv_id for arxiv_id, _ in rows),
        vectors=flat.reshape(len(rows), -1) if rows else np.zeros((0, 0), dtype=np.float32),
        model_id=model_id,
    )


def embedding_counts(db: Database) -> dict[str, int]:
    """How many papers have a vector, by model."""
    question = select(embedding.c.model_id, func.count()).group_by(embedding.c.model_id)
    with db.read() as connection:
        return {row[0]: row[1] for row in connection.execute(question)}
