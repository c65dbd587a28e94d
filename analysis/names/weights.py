"""The tagger's fitted weights: linear models and boosted trees over the same features, and their file."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.names.boosted_trees import BoostedTrees
from analysis.names.features import COLUMNS
from domain.name_mention import NAME_KINDS, NameRole

ROLES: tuple[NameRole, ...] = ("introduces", "uses", "mentions")
OUTPUTS: tuple[str, ...] = ("name", *NAME_KINDS, *ROLES)
"""The outputs of the linear models: is it a name, of which kind, and in which role."""
_KINDS = slice(1, 1 + len(NAME_KINDS))
_ROLES = slice(1 + len(NAME_KINDS), len(OUTPUTS))
FORMAT = 2
_TREE_ARRAYS = ("column", "threshold", "left", "right", "value")


@dataclass(frozen=True, eq=False)
class LinearWeights:
    """Weights of logistic regressions: one for names, one over the kinds, one over the roles.

    ``word_rows`` maps a sign of ``CandidateFeatures.words`` to its row of ``words``, float32
    ``(n_words, len(OUTPUTS))``. ``numbers`` is float32 ``(len(COLUMNS), len(OUTPUTS))``, ``bias`` ``(len(OUTPUTS),)``.
    """

    word_rows: Mapping[str, int]
    words: NDArray[np.float32]
    numbers: NDArray[np.float32]
    bias: NDArray[np.float32]

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


@dataclass(frozen=True, eq=False)
class NameWeights:
    """The regressions, and the trees that decide from their scores and the numbers of the table what is a name.

    ``threshold`` is the probability from which on a candidate is a name.
    """

    linear: LinearWeights
    trees: BoostedTrees
    threshold: float

    def scores(self, table: NDArray[np.float32], words: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """The scores of candidates in log-odds, float32 ``(n_candidates, len(OUTPUTS))``."""
        scores = self.linear.scores(table, words)
        scores[:, 0] = self.trees.scores(tree_columns(scores, table))
        return scores


def tree_columns(scores: NDArray[np.float32], table: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the trees read: float32 ``(n_candidates, len(OUTPUTS) + len(COLUMNS))``."""
    return np.hstack([scores, table])


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
        "tree_bias": weights.trees.bias,
        "tree_depth": weights.trees.depth,
        "about": about,
    }
    np.savez_compressed(
        buffer,
        head=np.frombuffer(json.dumps(head).encode(), dtype=np.uint8),
        word_rows=np.frombuffer("\n".join(weights.linear.word_rows).encode(), dtype=np.uint8),
        words=weights.linear.words.astype(np.float16),
        numbers=weights.linear.numbers.astype(np.float32),
        bias=weights.linear.bias.astype(np.float32),
        **{f"tree_{name}": getattr(weights.trees, name) for name in _TREE_ARRAYS},
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
        LinearWeights(
            {sign: row for row, sign in enumerate(signs)},
            table["words"].astype(np.float32),
            table["numbers"],
            table["bias"],
        ),
        BoostedTrees(
            **{name: table[f"tree_{name}"] for name in _TREE_ARRAYS}, bias=head["tree_bias"], depth=head["tree_depth"]
        ),
        float(head["threshold"]),
    )
