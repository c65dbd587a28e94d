"""Embeds papers: title and abstract to a vector of unit length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from domain.embeddings import Embeddings
from domain.paper import Paper


class Encoder(Protocol):
    """Turns texts into unit vectors; ``model_id`` names the weights and the number type."""

    model_id: str

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of the texts, in their order: float32 ``(n_texts, n_dims)``, rows of unit length."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what people type, in the same form, to compare with those of papers."""
        ...


def paper_text(paper: Paper) -> str:
    """The text of a paper that is embedded: "title. abstract"."""
    return f"{paper.title}. {paper.abstract}"


def embed(papers: Sequence[Paper], encoder: Encoder) -> Embeddings:
    """The papers' embeddings, in their order."""
    return Embeddings(tuple(p.arxiv_id for p in papers), encoder.encode([*map(paper_text, papers)]), encoder.model_id)
