"""The detector's fitted weights: what is in the file, and how they turn signals and n-grams into scores."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.lexicon import plain
from analysis.signals import SHAPE

N_LEVELS = 3
N_ZONES = 3
FORMAT = 1


def ngrams(title: str, abstract: str) -> list[str]:
    """Every word and every pair of neighbouring words in lower case, with repetitions.

    The title counts twice, because it says what the paper is about. Numbers are left out. An empty word stands
    between title and abstract, so that no pair forms across and a pair with it says how the next text begins.
    """
    heading = plain(title).split()
    words = [word for word in (*heading, "", *heading, "", *plain(abstract).split()) if not word[:1].isdigit()]
    return [*filter(None, words), *map(" ".join, pairwise(words))]


@dataclass(frozen=True, eq=False)
class TermWeights:
    """The weights of one fitted term; a score above 0 says that the paper has at least that level.

    ``content_hash`` is the taxonomy entry's at the time of fitting. ``shape`` is ``(3, len(SHAPE))`` and ``bias``
    ``(3,)``, a row a level; thresholds are part of the bias. ``words`` gives ``(3 zones, 3 levels)`` a word.
    ``ngram_column`` is the first of the term's columns in ``DetectorWeights.ngram_weights``, ``None`` for techniques.
    """

    key: str
    content_hash: str
    shape: NDArray[np.float32]
    bias: NDArray[np.float32]
    words: dict[str, NDArray[np.float32]]
    ngram_column: int | None


@dataclass(frozen=True, eq=False)
class DetectorWeights:
    """All fitted terms, and what they share.

    ``any_technique`` holds what the techniques have in common, for techniques that were never fitted. ``nearby``
    gives ``(3,)`` for a word near a place. ``ngram_weights`` is int8 ``(n_ngrams, n_columns)``, to be multiplied by
    ``ngram_scale``; ``ngram_idf`` is ``(n_ngrams,)``.
    """

    weights_id: str
    terms: dict[str, TermWeights]
    any_technique: TermWeights
    nearby: dict[str, NDArray[np.float32]]
    ngram_names: tuple[str, ...]
    ngram_index: dict[str, int]
    ngram_idf: NDArray[np.float32]
    ngram_weights: NDArray[np.int8]
    ngram_scale: NDArray[np.float32]

    def ngram_vector(self, title: str, abstract: str) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Rows of the n-grams that the text holds, and their tf-idf values, of Euclidean length 1."""
        found = [row for row in map(self.ngram_index.get, ngrams(title, abstract)) if row is not None]
        rows, counts = np.unique(np.array(found, dtype=np.intp), return_counts=True)
        values = (1.0 + np.log(counts)).astype(np.float32) * self.ngram_idf[rows]
        length = float(np.linalg.norm(values))
        return rows, values / np.float32(length) if length else values

    def ngram_scores(self, rows: NDArray[np.intp], values: NDArray[np.float32]) -> NDArray[np.float32]:
        """The n-grams' part of every column's score, ``(n_columns,)``."""
        scores: NDArray[np.float32] = (values @ self.ngram_weights[rows].astype(np.float32)) * self.ngram_scale
        return scores

    def strongest_ngrams(
        self, rows: NDArray[np.intp], values: NDArray[np.float32], column: int, n_most: int
    ) -> list[str]:
        """The n-grams that speak most for a column, best first."""
        parts = values * self.ngram_weights[rows, column]
        best = [int(i) for i in np.argsort(-parts)[:n_most] if parts[i] > 0]
        return [self.ngram_names[rows[i]] for i in best]


def dump_weights(
    terms: Sequence[TermWeights],
    any_technique: TermWeights,
    nearby: dict[str, NDArray[np.float32]],
    ngram_names: Sequence[str],
    ngram_idf: NDArray[np.float32],
    ngram_weights: NDArray[np.float32],
    about: dict[str, Any],
) -> bytes:
    """The weights as the bytes of an ``.npz`` file without pickles; ``about`` is kept beside them as JSON."""
    scale = np.maximum(np.abs(ngram_weights).max(axis=0), 1e-9) / 127
    words = [(number, word) for number, term in enumerate(terms) for word in term.words]
    head = {
        "format": FORMAT,
        "shape": list(SHAPE),
        "terms": [[t.key, t.content_hash, t.ngram_column] for t in terms],
        "words": words,
        "nearby": list(nearby),
        "about": about,
    }
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        head=_bytes(json.dumps(head, ensure_ascii=False)),
        shape=np.stack([t.shape for t in (*terms, any_technique)]).astype(np.float32),
        bias=np.stack([t.bias for t in (*terms, any_technique)]).astype(np.float32),
        words=np.stack([terms[n].words[w] for n, w in words]).astype(np.float16),
        nearby=np.stack(list(nearby.values())).astype(np.float16),
        ngrams=_bytes("\n".join(ngram_names)),
        ngram_idf=ngram_idf.astype(np.float16),
        ngram_weights=np.round(ngram_weights / scale).astype(np.int8),
        ngram_scale=scale.astype(np.float32),
    )
    return buffer.getvalue()


def load_weights(path: Path) -> DetectorWeights:
    """The weights of a file that ``dump_weights`` made.

    Raises
    ------
    ValueError
        If the file is of another format, or was fitted on other signals than this code reads.
    """
    content = path.read_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        table = {name: arrays[name] for name in arrays.files}
    head = json.loads(_text(table["head"]))
    if head["format"] != FORMAT or tuple(head["shape"]) != SHAPE:
        raise ValueError(f"{path.name}: fitted for another version of the signals; fit the detector again")
    words: list[dict[str, NDArray[np.float32]]] = [{} for _ in head["terms"]]
    for (number, word), weights in zip(head["words"], table["words"].astype(np.float32), strict=True):
        words[number][word] = weights
    terms = [
        TermWeights(key, content_hash, table["shape"][n], table["bias"][n], words[n], column)
        for n, (key, content_hash, column) in enumerate(head["terms"])
    ]
    names = _text(table["ngrams"]).split("\n")
    return DetectorWeights(
        weights_id=hashlib.sha256(content).hexdigest()[:8],
        terms={term.key: term for term in terms},
        any_technique=TermWeights("", "", table["shape"][-1], table["bias"][-1], {}, None),
        nearby=dict(zip(head["nearby"], table["nearby"].astype(np.float32), strict=True)),
        ngram_names=tuple(names),
        ngram_index={name: row for row, name in enumerate(names)},
        ngram_idf=table["ngram_idf"].astype(np.float32),
        ngram_weights=table["ngram_weights"],
        ngram_scale=table["ngram_scale"],
    )


def context_score(
    weights: TermWeights,
    shape: Iterable[float],
    words: Iterable[NDArray[np.float32]],
    nearby: Iterable[NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Bias, shape, words and nearby words added up, ``(3,)``, a score a level."""
    score: NDArray[np.float32] = weights.bias + weights.shape @ np.fromiter(shape, np.float32, len(SHAPE))
    for part in (*words, *nearby):
        score = score + part
    return score


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _text(array: NDArray[np.uint8]) -> str:
    return array.tobytes().decode()
