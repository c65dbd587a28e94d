"""The detector's fitted weights: what is in the file, and how they turn signals and n-grams into scores."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.lexicon import plain
from analysis.signals import SHAPE

N_LEVELS = 3
N_ZONES = 3
FORMAT = 2


def ngrams(title: str, abstract: str) -> list[str]:
    """Every word and every pair of neighbouring words in lower case, with repetitions.

    The title counts twice, because it says what the paper is about. Numbers are left out. An empty word stands
    between title and abstract, so that no pair forms across and a pair with it says how the next text begins.
    """
    words = _words(title, abstract)
    return [*filter(None, words), *map(" ".join, pairwise(words))]


def _words(title: str, abstract: str) -> list[str]:
    heading = plain(title).split()
    return [word for word in (*heading, "", *heading, "", *plain(abstract).split()) if not word[:1].isdigit()]


class NgramIndex:
    """Finds which of the given n-grams a text holds: what ``ngrams`` says, without a string for each pair.

    Examples
    --------
    >>> index = NgramIndex(("graph", "graph neural", "neural network"))
    >>> index.rows("Graph neural nets", "").tolist()
    [0, 0, 1, 1]
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        words = sorted({word for name in names for word in name.split(" ")})
        # Number 0 stands for a word of no n-gram; it is in no pair.
        self._numbers = {word: number for number, word in enumerate(words, start=1)}
        base = len(words) + 1
        self._row_of_word = np.full(base, -1, dtype=np.intp)
        pairs: list[tuple[int, int]] = []
        for row, name in enumerate(names):
            first, *second = (self._numbers[word] for word in name.split(" "))
            if second:
                pairs.append((first * base + second[0], row))
            else:
                self._row_of_word[first] = row
        keys = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
        # One more key at the end, that no pair has, for what sorts behind all others.
        self._pair_keys = np.append(keys[:, 0], np.iinfo(np.int64).max)
        self._row_of_pair = np.append(keys[:, 1], -1)

    def rows(self, title: str, abstract: str) -> NDArray[np.intp]:
        """Rows of the n-grams in a text, words before pairs, with repetitions."""
        known = self._numbers
        numbers = np.array([known.get(word, 0) for word in _words(title, abstract)], dtype=np.int64)
        of_words = self._row_of_word[numbers]
        keys = numbers[:-1] * len(self._row_of_word) + numbers[1:]
        places = np.searchsorted(self._pair_keys, keys)
        of_pairs = self._row_of_pair[places[self._pair_keys[places] == keys]]
        return np.concatenate([of_words[of_words >= 0], of_pairs])


@dataclass(frozen=True, eq=False)
class TermWeights:
    """The weights of one fitted term; a score above 0 says that the paper has at least that level.

    ``content_hash`` is the taxonomy entry's at the time of fitting. ``shape`` is ``(3, len(SHAPE))`` and ``bias``
    ``(3,)``, a row a level; thresholds are part of the bias. ``words`` gives ``(3 zones, 3 levels)`` a word.
    ``ngram_column`` is the first of the term's columns in ``DetectorWeights.ngram_weights``, one a level; ``None``
    for what the techniques have in common.
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
    """All fitted terms, and what they share.

    ``any_technique`` holds what the techniques have in common, for techniques that were never fitted. ``nearby``
    gives ``(3,)`` for a word near a place. ``ngram_weights`` is int8 ``(n_ngrams, n_columns)``, to be multiplied by
    ``ngram_scale``; ``ngram_idf`` is ``(n_ngrams,)``.
    """

    weights_id: str
    terms: dict[str, TermWeights]
    any_technique: TermWeights
    nearby: dict[str, NDArray[np.float32]]
    ngrams: NgramIndex
    ngram_idf: NDArray[np.float32]
    ngram_weights: NDArray[np.int8]
    ngram_scale: NDArray[np.float32]

    def ngram_vector(self, title: str, abstract: str) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Rows of the n-grams that the text holds, and their tf-idf values, of Euclidean length 1."""
        rows, counts = np.unique(self.ngrams.rows(title, abstract), return_counts=True)
        values = (1.0 + np.log(counts)).astype(np.float32) * self.ngram_idf[rows]
        length = float(np.linalg.norm(values))
        return rows, values / np.float32(length) if length else values

    def ngram_scores(self, rows: NDArray[np.intp], values: NDArray[np.float32]) -> NDArray[np.float32]:
        """The n-grams' part of every column's score, ``(n_columns,)``."""
        scores: NDArray[np.float32] = (values @ self.ngram_weights[rows].astype(np.float32)) * self.ngram_scale
        return scores

    def strongest_ngrams(
        self, rows: NDArray[np.intp], values: NDArray[np.float32], term: TermWeights, level: int, n_most: int
    ) -> list[str]:
        """The n-grams that speak most for a term at a level, best first."""
        if term.ngram_column is None:
            return []
        parts = values * self.ngram_weights[rows, term.ngram_column + level - 1]
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
    """The weights as the bytes of an ``.npz`` file without pickles; ``about`` is kept beside them as JSON."""
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


def term_score(
    weights: TermWeights, shape: Iterable[float], parts: NDArray[np.float32], by_ngrams: NDArray[np.float32]
) -> NDArray[np.float32]:
    """A score a level, ``(3,)``; a theme's third is unused.

    ``parts`` are the weights of the words and nearby words found, ``(n_found, 3)``; ``by_ngrams`` is what
    ``ngram_scores`` gives.
    """
    score: NDArray[np.float32] = weights.bias + weights.shape @ np.fromiter(shape, np.float32, len(SHAPE))
    score += parts.sum(axis=0)
    if weights.ngram_column is not None:
        score += by_ngrams[weights.ngram_column : weights.ngram_column + N_LEVELS]
    return score


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _text(array: NDArray[np.uint8]) -> str:
    return array.tobytes().decode()
