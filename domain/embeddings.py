"""Embedding vectors of papers, with the model that made them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.paper import ArxivId


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Unit vectors of papers.

    ``ids`` names the rows. ``vectors`` is float32 of shape ``(n_papers, n_dims)`` with rows of unit length.
    ``model_id`` names the weights and the number type, because vectors of different models are not comparable.
    """

    ids: tuple[ArxivId, ...]
    vectors: NDArray[np.float32]
    model_id: str

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.ids):
            raise ValueError(f"expected shape ({len(self.ids)}, n_dims), got {self.vectors.shape}")
        if self.vectors.dtype != np.float32:
            raise ValueError(f"expected float32, got {self.vectors.dtype}")

    def __len__(self) -> int:
        return len(self.ids)
