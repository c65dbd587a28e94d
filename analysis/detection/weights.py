"""The detector's fitted weights: their file, and the scores of n-grams."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.detection.ngrams import NgramIndex, NgramVectors
from analysis.detection.term_features import SHAPE

N_LEVELS = 3
FORMAT = 2


@dataclass(frozen=True, eq=False)
class TermWeights:
    """The weights of one fitted term; a score above 0 means that the paper has at least that level.

    ``content_hash`` is that of the taxonomy entry when the term was fitted. ``shape`` is float32 ``(3, len(SHAPE))``
    and ``bias`` float32 ``(3,)``, one row for each level; thresholds are part of the bias. ``words`` maps each word to
    float32 ``(N_ZONES, 3)``. ``ngram_column`` is the first of the term's three columns in
    ``DetectorWeights.ngram_weights``, one for each level; ``None`` for the weights that techniques have in common.
    """

    kind: Literal["technique", "theme"]
    key: str
    content_hash: str
    shape: NDArray[np.float32]
    bias: NDArray[np.float32]
    words: dict[str, NDArray[np.float32]]
    ngram_column: int | None


@dataclass(frozen=True, eq=False)
class DetectorWeights:
    """The weights of all fitted terms, and those that they share.

    ``any_technique`` holds what the techniques have in common, for techniques that were never fitted. ``nearby`` maps
    a word near an occurrence (``TermFeatures.nearby``) to float32 ``(3,)``. ``ngram_weights`` is int8
    ``(n_ngrams, n_columns)``, to be multiplied by ``ngram_scale`` ``(n_columns,)``; ``ngram_idf`` is ``(n_ngrams,)``.
    """

    weights_id: str
    terms: dict[str, TermWeights]
    any_technique: TermWeights
    nearby: dict[str, NDArray[np.float32]]
    ngrams: NgramIndex
    ngram_idf: NDArray[np.float32]
    ngram_weights: NDArray[np.int8]
    ngram_scale: NDArray[np.float32]

    def ngram_vectors(self, plain_texts: Sequence[tuple[str, str]]) -> NgramVectors:
        """The tf-idf values of the texts' n-grams, and what they add to every column's score."""
        starts, rows, counts = self.ngrams.count(plain_texts)
        values = (1.0 + np.log(counts)).astype(np.float32) * self.ngram_idf[rows]
        scores = np.zeros((len(plain_texts), len(self.ngram_scale)), dtype=np.float32)
        bounds = starts.tolist()
        for text, (start, end) in enumerate(pairwise(bounds)):
            if start < end:
                of_text = values[start:end]
                of_text /= np.float32(np.linalg.norm(of_text))
                scores[text] = of_text @ self.ngram_weights[rows[start:end]].astype(np.float32)
        return NgramVectors(bounds, rows, values, scores * self.ngram_scale)

    def strongest_ngrams(
        self, vectors: NgramVectors, text: int, term: TermWeights, level: int, n_most: int
    ) -> list[str]:
        """The ``n_most`` n-grams of one text that add most to a term's score at a level, the largest first."""
        if term.ngram_column is None:
            return []
        of_text = slice(vectors.starts[text], vectors.starts[text + 1])
        rows = vectors.rows[of_text]
        parts = vectors.values[of_text] * self.ngram_weights[rows, term.ngram_column + level - 1]
        best = [int(i) for i in np.argsort(-parts)[:n_most] if parts[i] > 0]
        return [self.ngrams.names[rows[i]] for i in best]


def dump_weights(
    terms: Sequence[TermWeights],
    any_technique: TermWeights,
    nearby: dict[str, NDArray[np.float32]],
    ngram_names: Sequence[str],
    ngram_idf: NDArray[np.float32],
    ngram_weights: NDArray[np.float32],
    about: dict[str, Any],
) -> bytes:
    """The weights as the bytes of an ``.npz`` file without pickles; ``about`` is stored with them as JSON."""
    scale = np.maximum(np.abs(ngram_weights).max(axis=0), 1e-9) / 127
    words = [(number, word) for number, term in enumerate(terms) for word in term.words]
    head = {
        "format": FORMAT,
        "shape": list(SHAPE),
        "terms": [[t.kind, t.key, t.content_hash, t.ngram_column] for t in terms],
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
        If the file has another format, or was fitted to other features than this code reads.
    """
    content = path.read_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        table = {name: arrays[name] for name in arrays.files}
    head = json.loads(_text(table["head"]))
    if head["format"] != FORMAT or tuple(head["shape"]) != SHAPE:
        raise ValueError(f"{path.name}: fitted to another version of the features; fit the detector again")
    words: list[dict[str, NDArray[np.float32]]] = [{} for _ in head["terms"]]
    for (number, word), weights in zip(head["words"], table["words"].astype(np.float32), strict=True):
        words[number][word] = weights
    terms = [
        TermWeights(kind, key, content_hash, table["shape"][n], table["bias"][n], words[n], column)
        for n, (kind, key, content_hash, column) in enumerate(head["terms"])
    ]
    names = _text(table["ngrams"]).split("\n")
    return DetectorWeights(
        weights_id=hashlib.sha256(content).hexdigest()[:8],
        terms={term.key: term for term in terms},
        any_technique=TermWeights("technique", "", "", table["shape"][-1], table["bias"][-1], {}, None),
        nearby=dict(zip(head["nearby"], table["nearby"].astype(np.float32), strict=True)),
        ngrams=NgramIndex(names),
        ngram_idf=table["ngram_idf"].astype(np.float32),
        ngram_weights=table["ngram_weights"],
        ngram_scale=table["ngram_scale"],
    )


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _text(array: NDArray[np.uint8]) -> str:
    return array.tobytes().decode()
