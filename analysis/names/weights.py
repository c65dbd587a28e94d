"""The tagger's fitted weights: three linear models over the same features, and their file."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.names.features import COLUMNS
from domain.name_mention import NAME_KINDS, NameRole

ROLES: tuple[NameRole, ...] = ("introduces", "uses", "mentions")
OUTPUTS: tuple[str, ...] = ("name", *NAME_KINDS, *ROLES)
"""The outputs of the linear models: is it a name, of which kind, and in which role."""
_KINDS = slice(1, 1 + len(NAME_KINDS))
_ROLES = slice(1 + len(NAME_KINDS), len(OUTPUTS))
FORMAT = 1


@dataclass(frozen=True, eq=False)
class NameWeights:
    """Weights of logistic regressions: one for names, one over the kinds, one over the roles.

    ``word_rows`` maps a sign of ``CandidateFeatures.words`` to its row of ``words``, float32
    ``(n_words, len(OUTPUTS))``. ``numbers`` is float32 ``(len(COLUMNS), len(OUTPUTS))``, ``bias`` ``(len(OUTPUTS),)``.
    ``threshold`` is the probability from which on a candidate is a name.
    """

    word_rows: Mapping[str, int]
    words: NDArray[np.float32]
    numbers: NDArray[np.float32]
    bias: NDArray[np.float32]
    threshold: float

    def scores(self, table: NDArray[np.float32], words: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """The scores of candidates in log-odds, float32 ``(n_candidates, len(OUTPUTS))``."""
        scores = table @ self.numbers + self.bias
        rows: list[int] = []
        owners: list[int] = []
        get = self.word_rows.get
        for owner, signs in enumerate(words):
            for sign in signs:
                row = get(sign)
                if row is not None:
                    rows.append(row)
                    owners.append(owner)
        if rows:
            starts = np.flatnonzero(np.diff(np.array([-1, *owners])))
            scores[np.array(owners)[starts]] += np.add.reduceat(self.words[rows], starts, axis=0)
        return scores


def name_probabilities(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The probability in [0, 1] that each candidate is a name."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores[:, 0], -30, 30))), dtype=np.float32)


def kind_probabilities(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The probability of each kind, in the order of ``NAME_KINDS``; rows sum to 1."""
    return _softmax(scores[:, _KINDS])


def role_probabilities(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The probability of each role, in the order of ``ROLES``; rows sum to 1."""
    return _softmax(scores[:, _ROLES])


def _softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)


def dump_weights(weights: NameWeights, about: dict[str, Any]) -> bytes:
    """The weights as the bytes of an ``.npz`` file without pickles; ``about`` is stored with them as JSON."""
    buffer = io.BytesIO()
    head = {
        "format": FORMAT,
        "columns": list(COLUMNS),
        "outputs": list(OUTPUTS),
        "threshold": weights.threshold,
        "about": about,
    }
    np.savez_compressed(
        buffer,
        head=np.frombuffer(json.dumps(head).encode(), dtype=np.uint8),
        word_rows=np.frombuffer("\n".join(weights.word_rows).encode(), dtype=np.uint8),
        words=weights.words.astype(np.float16),
        numbers=weights.numbers.astype(np.float32),
        bias=weights.bias.astype(np.float32),
    )
    return buffer.getvalue()


def load_weights(path: Path) -> NameWeights:
    """The weights of a file that ``dump_weights`` made.

    Raises
    ------
    ValueError
        If the file has another format, or was fitted to other features than this code reads.
    """
    with np.load(path, allow_pickle=False) as arrays:
        table = {name: arrays[name] for name in arrays.files}
    head = json.loads(table["head"].tobytes())
    if head["format"] != FORMAT or tuple(head["columns"]) != COLUMNS or tuple(head["outputs"]) != OUTPUTS:
        raise ValueError(f"{path.name}: fitted to another version of the features; run training.fit_names again")
    signs = table["word_rows"].tobytes().decode().split("\n")
    return NameWeights(
        {sign: row for row, sign in enumerate(signs)},
        table["words"].astype(np.float32),
        table["numbers"],
        table["bias"],
        float(head["threshold"]),
    )
