"""The sentence of an abstract that answers a query best, with the query's words marked."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from analysis.claims.sentences import sentence_spans
from domain.packed_stems import stem_number, stem_numbers

MAX_LENGTH = 420
"""Characters of a passage; a longer sentence is cut at a word, outside of formulas."""
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Passage:
    """A part of an abstract, word for word, and where words of the query stand in it, as characters of ``text``."""

    text: str
    marks: tuple[tuple[int, int], ...]


class PassageFinder:
    """Finds the passage of each of several abstracts for one query.

    Parameters
    ----------
    weights : how much each stem of the query weighs, such as its rarity; each counts once in a sentence.

    Examples
    --------
    >>> from domain.packed_stems import stem_number
    >>> PassageFinder({stem_number("pruned"): 2.0}).best_passage("We study graphs. Pruning makes them sparse.")
    Passage(text='Pruning makes them sparse.', marks=((0, 7),))
    """

    def __init__(self, weights: Mapping[int, float]) -> None:
        self._weights = weights
        self._seen: set[str] = set()  # abstracts share most of their words
        self._wanted: dict[str, frozenset[int]] = {}

    def best_passage(self, abstract: str) -> Passage:
        """The sentence whose words weigh most, the first of several; the first sentence where it holds no word."""
        words = set(_WORD.findall(abstract))
        for word in words - self._seen:
            if wanted := _stems_of(word) & self._weights.keys():
                self._wanted[word] = wanted
        self._seen |= words
        held = words & self._wanted.keys()
        places = sorted((place, word) for word in held for place in _places_of(word, abstract))
        best: tuple[float, int, int, list[tuple[int, str]]] | None = None
        for start, end in sentence_spans(abstract):
            inside = places[bisect_left(places, (start,)) : bisect_left(places, (end,))]
            found = {stem: self._weights[stem] for _, word in inside for stem in self._wanted[word]}
            weight = sum(found.values())
            if best is None or weight > best[0]:
                best = weight, start, end, inside
        if best is None:
            return Passage("", ())
        _, start, end, inside = best
        marks_found = [(place, place + len(word)) for place, word in inside]
        first = start
        if end - start > MAX_LENGTH and marks_found and marks_found[0][0] > start + MAX_LENGTH // 2:
            first = _word_after(abstract, start, marks_found[0][0] - MAX_LENGTH // 4)
        last = end if end - first <= MAX_LENGTH else _word_before(abstract, first, first + MAX_LENGTH)
        marks = tuple((low - first, high - first) for low, high in marks_found if first <= low and high <= last)
        return Passage(abstract[first:last], marks)


@lru_cache(maxsize=100_000)
def _stems_of(word: str) -> frozenset[int]:
    """The stems of a word as written, several where it folds into several words."""
    return frozenset([stem_number(word.lower())] if word.isascii() else stem_numbers(word))


def _places_of(word: str, text: str) -> Iterator[int]:
    """Where a word stands in a text."""
    place = text.find(word)
    while place >= 0:
        end = place + len(word)
        if not text[place - 1 : place].isalnum() and not text[end : end + 1].isalnum():
            yield place
        place = text.find(word, end)


def _word_after(text: str, start: int, at: int) -> int:
    """The first word from a place on that is outside of a formula."""
    for match in re.compile(r"\s+").finditer(text, at):
        if text.count("$", start, match.end()) % 2 == 0:
            return match.end()
    return at


def _word_before(text: str, start: int, at: int) -> int:
    """The end of the last word before a place that is outside of a formula."""
    for place in range(at, start, -1):
        if text[place].isspace() and text.count("$", start, place) % 2 == 0:
            return place
    return at
