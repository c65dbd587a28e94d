"""The fitted weights of the claim reader, and the file that they ship in."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = 1


@dataclass(frozen=True, eq=False)
class LinearScores:
    """One linear score for each of several classes, over named features that are there or not.

    ``weights`` is float32 ``(n_features + 1, n_classes)``; its last row is zero and stands for unknown features.
    ``row_of`` maps a feature's name to its row. Scores are log-odds of "this class, not another".
    """

    classes: tuple[str, ...]
    row_of: Mapping[str, int]
    weights: NDArray[np.float32]

    def __call__(self, rows_of_features: Sequence[Iterable[str]]) -> NDArray[np.float32]:
        """Scores ``(n_rows, n_classes)``, one row for each list of features."""
        scores = np.zeros((len(rows_of_features), len(self.classes)), dtype=np.float32)
        row_of = self.row_of
        for i, features in enumerate(rows_of_features):
            rows = [row_of[name] for name in features if name in row_of]
            if rows:
                scores[i] = self.weights[rows].sum(axis=0)
        return scores


@dataclass(frozen=True, eq=False)
class ClaimWeights:
    """Weights of the three decisions: the form of a claim ("none" for what is none), its quantity, and the finding."""

    weights_id: str
    form: LinearScores
    quantity: LinearScores
    finding: LinearScores


_PARTS = ("form", "quantity", "finding")


def dump_weights(parts: Mapping[str, LinearScores], about: Mapping[str, Any]) -> bytes:
    """The weights as the bytes of an ``.npz`` file without pickles; ``about`` is stored with them as JSON."""
    head = {"format": FORMAT, "classes": {name: parts[name].classes for name in _PARTS}, "about": dict(about)}
    arrays = {"head": _bytes(json.dumps(head, ensure_ascii=False))}
    for name in _PARTS:
        part = parts[name]
        arrays[f"{name}_names"] = _bytes("\n".join(sorted(part.row_of, key=part.row_of.__getitem__)))
        arrays[f"{name}_weights"] = part.weights.astype(np.float16)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def load_weights(path: Path) -> ClaimWeights:
    """The weights of a file.

    Raises
    ------
    ValueError
        If the file has another format.
    """
    content = path.read_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        head = json.loads(arrays["head"].tobytes())
        if head["format"] != FORMAT:
            raise ValueError(f"{path} has format {head['format']}, expected {FORMAT}")
        parts = {}
        for name in _PARTS:
            names = arrays[f"{name}_names"].tobytes().decode().split("\n")
            weights = arrays[f"{name}_weights"].astype(np.float32)
            parts[name] = LinearScores(tuple(head["classes"][name]), {n: i for i, n in enumerate(names)}, weights)
    return ClaimWeights(hashlib.sha256(content).hexdigest()[:8], **parts)


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)
