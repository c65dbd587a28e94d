"""The embedding model as tuned for what people type, over papers' vectors that stay as they are.

A paper's vector is that of a title and an abstract; a query is a short text in other words. So the packaged model reads
queries with low-rank additions to its weights (Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models"),
fitted by ``training.fit_query_encoder`` so that a query's vector is nearest to that of the paper which it describes. A
linear map of the query's vector, fitted after them over the papers' vectors less their mean, is the last step. No paper
has to be embedded again, and other models read queries as they read papers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ADDITIONS = Path(__file__).with_name("query_encoder.npz")
"""The additions and the map, with a version."""
GRAPH = Path(__file__).with_name("query_encoder.onnx")
"""The model's steps without its weights, as ``training.query_encoder_graph`` writes them."""
TUNED_MODEL = "all-MiniLM-L6-v2@53aa5117"
"""The model whose additions are stored, as ``model_name`` gives it."""
MAP = "map"
"""The key of the map ``(n_dims, n_dims)`` among the additions; a query's row vector is multiplied by it."""
N_LAYERS, N_HEADS, N_DIMS, MAX_TOKENS = 6, 12, 384, 256
"""Of the packaged model."""
BATCH = 16
"""Texts in one pass."""
_N_WORDS, _N_PLACES, _N_INNER = 30_522, 512, 1_536
_ATTENTION = ("query", "key", "value")


def _layer_shapes(at: str) -> dict[str, tuple[int, ...]]:
    vectors = ("attended_bias", "attended_scale", "attended_shift", "outer_bias", "outer_scale", "outer_shift")
    return {
        f"{at}.qkv": (N_DIMS, 3 * N_DIMS),
        f"{at}.qkv_bias": (3 * N_DIMS,),
        f"{at}.attended": (N_DIMS, N_DIMS),
        f"{at}.inner": (N_DIMS, _N_INNER),
        f"{at}.inner_bias": (_N_INNER,),
        f"{at}.outer": (_N_INNER, N_DIMS),
    } | {f"{at}.{name}": (N_DIMS,) for name in vectors}


SHAPES: Mapping[str, tuple[int, ...]] = {
    "words": (_N_WORDS, N_DIMS),
    "places": (_N_PLACES, N_DIMS),
    "scale": (N_DIMS,),
    "shift": (N_DIMS,),
} | {name: shape for layer in range(N_LAYERS) for name, shape in _layer_shapes(str(layer)).items()}
"""The weights that the graph reads, by name."""


def query_model_id(model_id: str) -> str:
    """What names the vectors of queries by a model; that of its papers' vectors where it is not tuned.

    Examples
    --------
    >>> query_model_id("other@12345678/float32")
    'other@12345678/float32'
    """
    return f"{model_id}+{_version()}" if model_id.startswith(f"{TUNED_MODEL}/") else model_id


class QueryEncoder:
    """The packaged model with its additions, run by ONNX Runtime in float32 on one core.

    A query has some twenty tokens, for which a pass takes milliseconds, while torch and sentence-transformers take some
    ten seconds to import and half a gigabyte of memory. A pass leaves Python's interpreter to other threads. A text's
    vector is the mean of its tokens' vectors, mapped, of unit length.

    Parameters
    ----------
    folder : of the packaged model.
    additions : the file of the additions and the map.
    """

    def __init__(self, folder: Path, additions: Path = ADDITIONS) -> None:
        from onnxruntime import InferenceSession, OrtValue, SessionOptions
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        with np.load(additions, allow_pickle=False) as stored:
            added: dict[str, NDArray[np.float32]] = {
                key: stored[key].astype(np.float32) for key in stored.files if key != "version"
            }
        self._map = added.pop(MAP)
        weights = _weights(folder, added)
        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        values = [OrtValue.ortvalue_from_numpy(weights[name]) for name in SHAPES]
        options.add_external_initializers(list(SHAPES), values)
        self._session = InferenceSession(GRAPH.read_bytes(), options, providers=["CPUExecutionProvider"])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors: float32 ``(n_texts, n_dims)``, rows of unit length. A text is cut at ``MAX_TOKENS`` tokens."""
        return np.concatenate([self._vectors(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)])

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        encoded = self._tokenizer.encode_batch(list(texts))
        tokens = np.array([one.ids for one in encoded], dtype=np.int32)
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int32)
        [states] = self._session.run(None, {"tokens": tokens, "mask": mask})
        means = np.stack([own[:length].mean(axis=0) for own, length in zip(states, mask.sum(axis=1), strict=True)])
        mapped = means @ self._map
        vectors: NDArray[np.float32] = mapped / np.maximum(np.linalg.norm(mapped, axis=1, keepdims=True), 1e-12)
        return vectors


def _weights(folder: Path, added: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """The model's weights with the additions, as ``SHAPES`` names them."""
    from safetensors.numpy import load_file

    stored: dict[str, NDArray[np.float32]] = load_file(folder / "model.safetensors")
    for path in (key.removesuffix(".up") for key in added if key.endswith(".up")):
        stored[f"encoder.layer.{path}.weight"] += added[f"{path}.up"] @ added[f"{path}.down"]
    # The model can read pairs of texts; a query is always the first.
    weights = {
        "words": stored["embeddings.word_embeddings.weight"],
        "places": stored["embeddings.position_embeddings.weight"]
        + stored["embeddings.token_type_embeddings.weight"][0],
        "scale": stored["embeddings.LayerNorm.weight"],
        "shift": stored["embeddings.LayerNorm.bias"],
    }
    for layer in range(N_LAYERS):
        at = f"encoder.layer.{layer}"
        parts = [f"{at}.attention.self.{name}" for name in _ATTENTION]
        weights[f"{layer}.qkv"] = np.concatenate([stored[f"{part}.weight"] for part in parts]).T
        weights[f"{layer}.qkv_bias"] = np.concatenate([stored[f"{part}.bias"] for part in parts])
        weights[f"{layer}.inner"] = stored[f"{at}.intermediate.dense.weight"].T
        weights[f"{layer}.inner_bias"] = stored[f"{at}.intermediate.dense.bias"]
        for name, path in (("attended", f"{at}.attention.output"), ("outer", f"{at}.output")):
            weights[f"{layer}.{name}"] = stored[f"{path}.dense.weight"].T
            weights[f"{layer}.{name}_bias"] = stored[f"{path}.dense.bias"]
            weights[f"{layer}.{name}_scale"] = stored[f"{path}.LayerNorm.weight"]
            weights[f"{layer}.{name}_shift"] = stored[f"{path}.LayerNorm.bias"]
    return {name: np.ascontiguousarray(weight) for name, weight in weights.items()}


@lru_cache(maxsize=1)
def _version() -> str:
    with np.load(ADDITIONS, allow_pickle=False) as stored:
        return str(stored["version"])
