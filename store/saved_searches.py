"""Readers' saved searches and their embedding vectors."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, delete, select

from domain.errors import UsageError
from domain.subscription import Follow
from store.database import Database
from store.schema import query_vector, scan, subscriber
from store.vector_encoding import pack_vector, unpack_vector


def followed_searches(db: Database) -> list[str]:
    """Saved searches of all active readers, without duplicates, sorted."""
    return _searches_in(db, select(subscriber.c.follows).where(subscriber.c.state == "active"))


def scanned_searches(db: Database) -> list[str]:
    """The searches that scans were started for, without duplicates, sorted."""
    return _searches_in(db, select(scan.c.follows))


def _searches_in(db: Database, question: Select[Any]) -> list[str]:
    with db.read() as connection:
        follows = connection.execute(question).scalars().all()
    searches = set()
    for text in (text for of in follows for text in of):
        with suppress(UsageError):  # one that cannot be read is not followed
            follow = Follow.parse(text)
            searches |= {follow.key} if follow.kind == "search" else set()
    return sorted(searches)


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


def delete_unused_query_vectors(db: Database, used: Collection[str]) -> int:
    """Delete the vectors of other texts than those in use; returns the number deleted."""
    with db.write() as connection:
        stored = set(connection.execute(select(query_vector.c.query)).scalars())
        gone = sorted(stored - set(used))
        for start in range(0, len(gone), 5_000):
            connection.execute(delete(query_vector).where(query_vector.c.query.in_(gone[start : start + 5_000])))
    return len(gone)
