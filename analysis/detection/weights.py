"""The detector's fitted weights: their file, and the scores of n-grams."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.detection.term_features import SHAPE
from analysis.detection.word_finder import plain

N_LEVELS = 3
FORMAT = 2


def ngrams(title: str, abstract: str) -> list[str]:
    """Every word and every pair of neighbouring words, in lower case and with repetitions.

    The title counts twice, because it states what the paper is about. Numbers are left out. An empty word stands
    between title and abstract, so that no pair spans both; a pair with it marks the first or last word of a text.
    """
    words = [word for word in _words(plain(title), plain(abstract)) if not word[:1].isdigit()]
    return [*filter(None, words), *map(" ".join, pairwise(words))]


def _words(plain_title: str, plain_abstract: str) -> list[str]:
    heading = plain_title.split()
    return [*heading, "", *heading, "", *plain_abstract.split()]


_UNKNOWN = 0
_LEFT_OUT = -1


class _WordNumbers(dict[str, int]):
    """The words of the n-grams, numbered from 1; any other word is unknown or, if it is a number, left out."""

    def __missing__(self, word: str) -> int:
        return _LEFT_OUT if word[:1].isdigit() else _UNKNOWN


class NgramCounts(NamedTuple):
    """The n-grams in several texts, and how often each occurs; those of text i are ``starts[i]`` to ``starts[i + 1]``.

    ``starts`` is ``(n_texts + 1,)``. ``rows``, the numbers of the n-grams, ascending within a text, and ``counts`` are
    ``(n_found,)``.
    """

    starts: NDArray[np.intp]
    rows: NDArray[np.intp]
    counts: NDArray[np.intp]


class NgramIndex:
    """Counts given n-grams in texts: the same counts as from ``ngrams``, without a string for each pair.

    Examples
    --------
    >>> index = NgramIndex(("graph", "graph neural", "neural network"))
    >>> found = index.count([("graph neural nets", "a graph")])
    >>> found.rows.tolist(), found.counts.tolist()
    ([0, 1], [3, 2])
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        words = sorted({word for name in names for word in name.split(" ")})
        # An unknown word is in no pair, so one also separates the texts.
        self._numbers = _WordNumbers((word, number) for number, word in enumerate(words, start=1))
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
        # One more key at the end, which no pair has, so that every search finds a place.
        self._pair_keys = np.append(keys[:, 0], np.iinfo(np.int64).max)
        self._row_of_pair = np.append(keys[:, 1], -1)

    def count(self, plain_texts: Sequence[tuple[str, str]]) -> NgramCounts:
        """The n-grams of texts, each given as title and abstract after ``analysis.detection.word_finder.plain``."""
        words: list[str] = []
        ends = []
        for plain_title, plain_abstract in plain_texts:
            words += _words(plain_title, plain_abstract)
            words.append("\n")  # an unknown word: plain texts hold no line break
            ends.append(len(words))
        numbers = np.fromiter(map(self._numbers.__getitem__, words), np.int64, len(words))
        text = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
        kept = numbers != _LEFT_OUT
        numbers, text = numbers[kept], text[kept]
        known = numbers != _UNKNOWN
        together = np.flatnonzero(known[:-1] & known[1:])
        pairs = numbers[together] * len(self._row_of_word) + numbers[together + 1]
        places = np.searchsorted(self._pair_keys, pairs)
        found = self._pair_keys[places] == pairs
        of_words = self._row_of_word[numbers]
        is_word = of_words >= 0
        # One number for each pair of text and n-gram, so that sorting groups equal pairs.
        n_names = max(1, len(self.names))
        both = np.concatenate(
            [
                text[is_word] * n_names + of_words[is_word],
                text[together[found]] * n_names + self._row_of_pair[places[found]],
            ]
        )
        both.sort()
        is_first = np.append(True, both[1:] != both[:-1])[: len(both)]
        firsts = np.flatnonzero(is_first)
        of_text, rows = np.divmod(both[firsts], n_names)
        starts = np.searchsorted(of_text, np.arange(len(ends) + 1))
        return NgramCounts(starts, rows, np.diff(firsts, append=len(both)))


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


class NgramVectors(NamedTuple):
    """The n-grams of several texts: ``starts`` and ``rows`` as in ``NgramCounts``.

    ``values``, ``(n_found,)``, are tf-idf values of Euclidean length 1 in each text; ``scores`` is
    ``(n_texts, n_columns)``.
    """

    starts: list[int]
    rows: NDArray[np.intp]
    values: NDArray[np.float32]
    scores: NDArray[np.float32]


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
