"""Embedding vectors of papers, by model."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, case, func, select

from domain.embeddings import Embeddings
from domain.paper import ArxivId
from domain.week import Week
from store.database import Database
from store.schema import embedding, paper
from store.sql_conditions import is_watched
from store.vector_encoding import pack_vector, unpack_vectors


def ids_without_embedding(db: Database, model_id: str, *, since: Week | None = None) -> list[ArxivId]:
    """Papers, those of a week and later ones if it is given, without a vector of this model, oldest first."""
    query = select(paper.c.arxiv_id).where(_lacks_vector(model_id, since))
    with db.read() as connection:
        found = connection.execute(query.order_by(paper.c.submitted_at, paper.c.arxiv_id)).scalars()
        return [ArxivId(arxiv_id) for arxiv_id in found]


def count_without_embedding(db: Database, model_id: str | None, *, since: Week | None = None) -> int:
    """Number of papers, as ``ids_without_embedding`` gives them; all of them without a model."""
    query = select(func.count()).select_from(paper).where(_lacks_vector(model_id, since))
    with db.read() as connection:
        return connection.execute(query).scalar_one()


def _lacks_vector(model_id: str | None, since: Week | None) -> ColumnElement[bool]:
    lacks = ~_has_vector([model_id] if model_id is not None else [])
    return lacks if since is None else (paper.c.week_start >= since.monday) & lacks


def _has_vector(model_ids: Collection[str]) -> ColumnElement[bool]:
    of_paper = select(embedding.c.arxiv_id).where(
        embedding.c.arxiv_id == paper.c.arxiv_id, embedding.c.model_id.in_(sorted(model_ids))
    )
    return of_paper.correlate(paper).exists()


def embedded_since(db: Database, model_ids: Collection[str]) -> Week | None:
    """The first of the newest weeks without a gap of which at least half of the papers have a vector of these models.

    Weeks without papers make no gap, and weeks after the newest such week are not embedded yet. ``None`` if there is
    no such week.
    """
    if not model_ids:
        return None
    n_embedded = func.sum(case((_has_vector(model_ids), 1), else_=0))
    by_week = select(paper.c.week_start, func.count(), n_embedded).group_by(paper.c.week_start)
    first: Week | None = None
    with db.read() as connection:
        # SQLite counts a week when its row is fetched, so the weeks before the gap cost nothing.
        rows = connection.execute(by_week.order_by(paper.c.week_start.desc()).execution_options(yield_per=1))
        for monday, n, n_with_vector in rows:
            if 2 * n_with_vector >= n:
                first = Week(monday)
            elif first is not None:
                rows.close()
                break
    return first


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
