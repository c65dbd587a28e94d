"""The embedding model as tuned for what people type, over papers' vectors that stay as they are.

A paper's vector is that of a title and an abstract; a query is a short text in other words. So the packaged model reads
queries with low-rank additions to its weights (Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models"),
fitted by ``training.fit_query_encoder`` so that a query's vector is nearest to that of the paper which it describes. No
paper has to be embedded again, and other models read queries as they read papers.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import nn

ADDITIONS = Path(__file__).with_name("query_encoder.npz")
TUNED_MODEL = "all-MiniLM-L6-v2@53aa5117"
"""The model whose additions are stored, as ``model_name`` gives it."""
TUNED_MODULES = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
"""The linear maps of each layer that get an addition."""


def query_model_id(model_id: str) -> str:
    """What names the vectors of queries by a model; that of its papers' vectors where it is not tuned.

    Examples
    --------
    >>> query_model_id("other@12345678/float32")
    'other@12345678/float32'
    """
    return f"{model_id}+{_version()}" if model_id.startswith(f"{TUNED_MODEL}/") else model_id


def for_queries(model: SentenceTransformer) -> SentenceTransformer:
    """A copy of the packaged model that reads queries; it shares the table of word vectors, half of its memory."""
    import torch

    words = _transformer(model).get_input_embeddings().weight
    tuned: SentenceTransformer = copy.deepcopy(model, {id(words): words})
    added = _additions()
    with torch.no_grad():
        for number, layer in enumerate(_transformer(tuned).encoder.layer):
            for path in TUNED_MODULES:
                weight = linear_map(layer, path).weight
                down, up = added[f"{number}.{path}.down"], added[f"{number}.{path}.up"]
                # Added in float32: the additions are small beside the weights.
                exact = weight.float() + torch.from_numpy(up.astype(np.float32) @ down.astype(np.float32))
                weight.copy_(exact.to(weight.dtype))
    return tuned


def _transformer(model: SentenceTransformer) -> Any:
    return model[0].auto_model


def linear_map(layer: nn.Module, path: str) -> nn.Linear:
    """The linear map of a transformer's layer at a path such as ``attention.self.query``."""
    found: nn.Linear = layer.get_submodule(path)  # type: ignore[assignment]
    return found


@lru_cache(maxsize=1)
def _additions() -> dict[str, NDArray[np.float16]]:
    with np.load(ADDITIONS, allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files if key != "version"}


@lru_cache(maxsize=1)
def _version() -> str:
    with np.load(ADDITIONS, allow_pickle=False) as stored:
        return str(stored["version"])
