"""The embedding model as tuned for what people type, over papers' vectors that stay as they are.

A paper's vector is that of a title and an abstract; a query is a short text in other words. So the packaged model reads
queries with low-rank additions to its weights (Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models"),
fitted by ``training.fit_query_encoder`` so that a query's vector is nearest to that of the paper which it describes. No
paper has to be embedded again, and other models read queries as they read papers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ADDITIONS = Path(__file__).with_name("query_encoder.npz")
TUNED_MODEL = "all-MiniLM-L6-v2@53aa5117"
"""The model whose additions are stored, as ``model_name`` gives it."""
N_LAYERS, N_HEADS, MAX_TOKENS = 6, 12, 256
"""Of the packaged model."""
BATCH = 16
"""Texts in one pass."""
_ATTENTION = ("query", "key", "value")


def query_model_id(model_id: str) -> str:
    """What names the vectors of queries by a model; that of its papers' vectors where it is not tuned.

    Examples
    --------
    >>> query_model_id("other@12345678/float32")
    'other@12345678/float32'
    """
    return f"{model_id}+{_version()}" if model_id.startswith(f"{TUNED_MODEL}/") else model_id


class QueryEncoder:
    """The packaged model with its additions, in NumPy and float32.

    A query has some twenty tokens, for which a pass takes milliseconds, while torch and sentence-transformers take some
    ten seconds to import and half a gigabyte of memory. The architecture is that of BERT (Devlin et al. 2019) with six
    layers of twelve heads; a text's vector is the mean of its tokens' vectors, of unit length.
    """

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file
        from scipy.special import erf
        from tokenizers import Tokenizer

        self._erf = erf
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._weights: dict[str, NDArray[np.float32]] = load_file(folder / "model.safetensors")
        with np.load(ADDITIONS, allow_pickle=False) as added:
            for path in (key.removesuffix(".up") for key in added.files if key.endswith(".up")):
                addition = added[f"{path}.up"].astype(np.float32) @ added[f"{path}.down"].astype(np.float32)
                self._weights[f"encoder.layer.{path}.weight"] += addition
        for layer in range(N_LAYERS):  # a product with all three takes less time than three
            at = f"encoder.layer.{layer}.attention.self"
            for kind in ("weight", "bias"):
                parts = [self._weights.pop(f"{at}.{name}.{kind}") for name in _ATTENTION]
                self._weights[f"{at}.{kind}"] = np.concatenate(parts)
        for path, weight in self._weights.items():
            if path.startswith("encoder.layer.") and weight.ndim == 2:
                self._weights[path] = np.ascontiguousarray(weight.T)  # a product with it takes two thirds of the time

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors: float32 ``(n_texts, n_dims)``, rows of unit length. A text is cut at ``MAX_TOKENS`` tokens."""
        return np.concatenate([self._vectors(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)])

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        # The tokens of all texts stand in one matrix: for so few, a pass costs the reading of the weights.
        tokens = [encoded.ids for encoded in self._tokenizer.encode_batch(list(texts))]
        bounds = np.cumsum([0, *map(len, tokens)]).tolist()
        each = [slice(start, end) for start, end in pairwise(bounds)]
        words = self._weights["embeddings.word_embeddings.weight"][np.concatenate(tokens)]
        places = np.concatenate([np.arange(len(ids)) for ids in tokens])
        states = words + self._weights["embeddings.position_embeddings.weight"][places]
        states += self._weights["embeddings.token_type_embeddings.weight"][0]
        states = self._normalised("embeddings.LayerNorm", states)
        for layer in range(N_LAYERS):
            states = self._after_layer(f"encoder.layer.{layer}", states, each)
        means = np.stack([states[own].mean(axis=0) for own in each])
        vectors: NDArray[np.float32] = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        return vectors

    def _after_layer(self, at: str, states: NDArray[np.float32], each: Sequence[slice]) -> NDArray[np.float32]:
        queries, keys, values = np.split(self._mapped(f"{at}.attention.self", states), len(_ATTENTION), axis=1)
        seen = np.concatenate([_attended(queries[own], keys[own], values[own]) for own in each])
        states = self._normalised(
            f"{at}.attention.output.LayerNorm", states + self._mapped(f"{at}.attention.output.dense", seen)
        )
        inner = self._mapped(f"{at}.intermediate.dense", states)
        inner *= np.float32(0.5) * (1 + self._erf(inner / np.float32(np.sqrt(2))))  # GELU
        return self._normalised(f"{at}.output.LayerNorm", states + self._mapped(f"{at}.output.dense", inner))

    def _mapped(self, path: str, states: NDArray[np.float32]) -> NDArray[np.float32]:
        mapped: NDArray[np.float32] = states @ self._weights[f"{path}.weight"]
        mapped += self._weights[f"{path}.bias"]
        return mapped

    def _normalised(self, path: str, states: NDArray[np.float32]) -> NDArray[np.float32]:
        n_dims = states.shape[1]
        normalised: NDArray[np.float32] = states - states.sum(axis=1, keepdims=True) / np.float32(n_dims)
        variances = np.einsum("ij,ij->i", normalised, normalised) / np.float32(n_dims)
        normalised /= np.sqrt(variances + np.float32(1e-12))[:, np.newaxis]
        normalised *= self._weights[f"{path}.weight"]
        normalised += self._weights[f"{path}.bias"]
        return normalised


def _attended(
    queries: NDArray[np.float32], keys: NDArray[np.float32], values: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What each token of one text takes from the others, all ``(n_tokens, n_dims)``."""
    n_tokens, n_dims = queries.shape
    query, key, value = (part.reshape(n_tokens, N_HEADS, -1).transpose(1, 0, 2) for part in (queries, keys, values))
    scores = query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(n_dims / N_HEADS))
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    seen: NDArray[np.float32] = (weights @ value).transpose(1, 0, 2).reshape(n_tokens, n_dims)
    return seen


@lru_cache(maxsize=1)
def _version() -> str:
    with np.load(ADDITIONS, allow_pickle=False) as stored:
        return str(stored["version"])
