"""Readers' saved searches and their embedding vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select

from store.database import Database
from store.schema import query_vector, subscriber
from store.vector_encoding import pack_vector, unpack_vector


def followed_searches(db: Database) -> list[str]:
    """Saved searches of all active readers, without duplicates, sorted."""
    question = select(subscriber.c.follows).where(subscriber.c.state == "active")
    with db.read() as connection:
        follows = connection.execute(question).scalars().all()
    return sorted({text.removeprefix("search:") for of in follows for text in of if text.startswith("search:")})


def query_vectors(db: Database, model_id: str, queries: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """The stored vectors of these searches; searches without one are absent."""
    found: dict[str, NDArray[np.float32]] = {}
    with db.read() as connection:
        for start in range(0, len(queries), 5_000):
            question = select(query_vector.c.query, query_vector.c.vector).where(
                query_vector.c.model_id == model_id, query_vector.c.query.in_(list(queries[start : start + 5_000]))
            )
            for query, vector in connection.execute(question):
                found[query] = unpack_vector(vector)
    return found


def add_query_vectors(db: Database, model_id: str, vectors: dict[str, NDArray[np.float32]]) -> None:
    """Store the vectors of searches; existing ones stay."""
    if not vectors:
        return
    with db.write() as connection:
        connection.execute(
            db.upsert(query_vector).on_conflict_do_nothing(),
            [{"model_id": model_id, "query": q, "vector": pack_vector(v)} for q, v in vectors.items()],
        )


def delete_unused_query_vectors(db: Database) -> int:
    """Delete the vectors of searches that no active reader follows; returns the number deleted."""
    followed = set(followed_searches(db))
    with db.write() as connection:
        stored = set(connection.execute(select(query_vector.c.query)).scalars())
        gone = sorted(stored - followed)
        for start in range(0, len(gone), 5_000):
            connection.execute(delete(query_vector).where(query_vector.c.query.in_(gone[start : start + 5_000])))
    return len(gone)
