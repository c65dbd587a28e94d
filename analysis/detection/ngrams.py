"""N-grams of titles and abstracts: splitting, counting, indexing and scoring."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.detection.term_matcher import plain


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
        """The n-grams of texts, each given as title and abstract after ``analysis.detection.term_matcher.plain``."""
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


class NgramVectors(NamedTuple):
    """The n-grams of several texts: ``starts`` and ``rows`` as in ``NgramCounts``.

    ``values``, ``(n_found,)``, are tf-idf values of Euclidean length 1 in each text; ``scores`` is
    ``(n_texts, n_columns)``.
    """

    starts: list[int]
    rows: NDArray[np.intp]
    values: NDArray[np.float32]
    scores: NDArray[np.float32]
