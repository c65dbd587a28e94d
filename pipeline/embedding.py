"""Embedding stage: embeds every stored paper that has no vector."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.embed import Encoder, embed
from domain.progress import Progress
from store.database import Database
from store.embeddings import add_embeddings, count_without_embedding, ids_without_embedding
from store.papers import papers_in_order


def is_embedded(db: Database, model_id: str | None) -> bool:
    """Whether every stored paper has a vector of this model."""
    return model_id is not None and not count_without_embedding(db, model_id)


def embed_missing(db: Database, encoder: Encoder, *, chunk_size: int) -> Iterator[Progress]:
    """Embed every stored paper that has no vector of this encoder, one transaction for each chunk."""
    ids = ids_without_embedding(db, encoder.model_id)
    for start in range(0, len(ids), chunk_size):
        papers = papers_in_order(db, ids[start : start + chunk_size])
        add_embeddings(db, embed(papers, encoder))
        yield Progress("embed", min(start + chunk_size, len(ids)), len(ids), "papers")
