"""Embedding stage: embeds every paper of the embedded weeks that has no vector."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.embed import Encoder, embed
from domain.progress import Progress
from domain.week import Week
from store.database import Database
from store.embeddings import (
    add_embeddings,
    count_without_embedding,
    ids_without_embedding,
)
from store.papers import papers_in_order


def is_embedded(db: Database, model_id: str | None, *, since: Week) -> bool:
    """Whether every stored paper of a week and of later ones has a vector of this model."""
    return not count_without_embedding(db, model_id, since=since)


def embed_missing(db: Database, encoder: Encoder, *, since: Week, chunk_size: int) -> Iterator[Progress]:
    """Embed every paper of a week and later ones that has no vector of this encoder, a transaction for each chunk."""
    ids = ids_without_embedding(db, encoder.model_id, since=since)
    for start in range(0, len(ids), chunk_size):
        papers = papers_in_order(db, ids[start : start + chunk_size])
        add_embeddings(db, embed(papers, encoder))
        yield Progress("embed", min(start + chunk_size, len(ids)), len(ids), "papers")
