"""Papers to vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from domain.embeddings import Embeddings
from domain.paper import Paper


class Encoder(Protocol):
    """Texts to unit vectors; ``model_id`` names weights and number type."""

    model_id: str

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape ``(n_texts, n_dims)``, rows of length 1."""
        ...


def paper_text(paper: Paper) -> str:
    """What is embedded of a paper: title and abstract."""
    return f"{paper.title}. {paper.abstract}"


def embed(papers: Sequence[Paper], encoder: Encoder) -> Embeddings:
    """Unit vectors of the papers, in their order."""
    return Embeddings(tuple(p.arxiv_id for p in papers), encoder.encode([*map(paper_text, papers)]), encoder.model_id)
