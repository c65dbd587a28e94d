"""The sentence of an abstract that answers a query best, with the query's words marked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

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


def best_passage(abstract: str, weights: Mapping[int, float]) -> Passage:
    """The sentence whose words weigh most, the first of several; the first sentence where no word is in the abstract.

    Parameters
    ----------
    abstract : as stored.
    weights : how much each stem of the query weighs, such as its rarity; each counts once in a sentence.

    Examples
    --------
    >>> from domain.packed_stems import stem_number
    >>> best_passage("We study graphs. Pruning makes them sparse.", {stem_number("pruned"): 2.0})
    Passage(text='Pruning makes them sparse.', marks=((0, 7),))
    """
    best: tuple[float, int, int, tuple[tuple[int, int], ...]] | None = None
    held_by = {word: held for word in set(_WORD.findall(abstract)) if (held := _weights_in(word, weights))}
    for start, end in sentence_spans(abstract):
        found: dict[int, float] = {}
        marks = []
        for match in _WORD.finditer(abstract, start, end) if held_by else ():
            if match[0] in held_by:
                marks.append(match.span())
                found.update(held_by[match[0]])
        weight = sum(found.values())
        if best is None or weight > best[0]:
            best = weight, start, end, tuple(marks)
    if best is None:
        return Passage("", ())
    _, start, end, marks_found = best
    first = start
    if end - start > MAX_LENGTH and marks_found and marks_found[0][0] > start + MAX_LENGTH // 2:
        first = _word_after(abstract, start, marks_found[0][0] - MAX_LENGTH // 4)
    last = end if end - first <= MAX_LENGTH else _word_before(abstract, first, first + MAX_LENGTH)
    inside = tuple((low - first, high - first) for low, high in marks_found if first <= low and high <= last)
    return Passage(abstract[first:last], inside)


def _weights_in(word: str, weights: Mapping[int, float]) -> dict[int, float]:
    """The stems of a word that weigh, which are several where it folds into several words."""
    stems = [stem_number(word.lower())] if word.isascii() else stem_numbers(word)
    return {stem: weights[stem] for stem in stems if stem in weights}


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
