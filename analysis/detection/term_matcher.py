"""Finds a taxonomy's words in text, in one Aho-Corasick pass (1975) for all words of all terms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import ahocorasick


class _Plain(dict[int, int]):
    """A ``str.translate`` table: letters and digits in lower case, everything else a space, one for one."""

    def __missing__(self, code: int) -> int:
        char = chr(code)
        lower = char.lower()
        self[code] = ord(lower) if char.isalnum() and len(lower) == 1 else 32
        return self[code]


_PLAIN = _Plain()
_PAUSES = frozenset(".,;:!?()[]")


def plain(text: str) -> str:
    """The text in lower case with a space for every character but letters and digits; its length stays the same.

    Examples
    --------
    >>> plain("State-Space (S4)")
    'state space  s4 '
    """
    return text.translate(_PLAIN)


class Hit(NamedTuple):
    """An occurrence of a word: its number, and where it starts and ends in the text."""

    word: int
    start: int
    end: int


class WordFinder:
    """Finds many words at once; a word is named by its number, which is its place in ``words``.

    Words match at word boundaries, with or without a plural s. A hyphen and a space are the same. A word in lower case
    matches in any case; a word with a capital letter matches only as written. ``*`` at an end matches any further
    characters of the same word. A word of several parts does not match across a comma or the end of a sentence.

    Parameters
    ----------
    words : what to find.
    groups : a number for each word, by which ``places`` groups what it finds; ``None`` puts all words in group 0.

    Examples
    --------
    >>> finder = WordFinder(["state space model", "ViT", "quantiz*"])
    >>> [(hit.word, hit.start, hit.end) for hit in finder.find("Quantized State-Space Models; a vit.")]
    [(2, 0, 9), (0, 10, 28)]
    """

    def __init__(self, words: Sequence[str], groups: Sequence[int] | None = None) -> None:
        # By pattern: the words that every occurrence of it matches, and those that have further conditions.
        simple: dict[str, list[tuple[int, int]]] = {}
        others: dict[str, list[tuple[int, int, str | None, bool, bool, bool]]] = {}
        length_of: dict[str, int] = {}
        for number, (word, group) in enumerate(zip(words, groups or [0] * len(words), strict=True)):
            core = word.strip("*")
            open_start, open_end = word.startswith("*"), word.endswith("*")
            cased = "".join(c if c.isalnum() else " " for c in core) if core != core.lower() else None
            middle = plain(core)
            # Word boundaries are part of the pattern, so most wrong places are never reported.
            for plural in ("",) if open_end else ("", "s"):
                pattern = ("" if open_start else " ") + middle + plural + ("" if open_end else " ")
                length_of[pattern] = len(middle) + len(plural)
                if cased is None and not open_start and not open_end and " " not in middle:
                    simple.setdefault(pattern, []).append((group, number))
                else:
                    conditions = (group, number, cased, open_start, open_end, " " in middle)
                    others.setdefault(pattern, []).append(conditions)
        self._automaton = ahocorasick.Automaton()
        for pattern, length in length_of.items():
            payload = (length, tuple(simple.get(pattern, ())), tuple(others.get(pattern, ())))
            self._automaton.add_word(pattern, payload)
        self._empty = not length_of
        self._automaton.make_automaton()

    def find(self, text: str) -> list[Hit]:
        """Every occurrence of every word, in the order of their starts."""
        places = [hit for of_group in self.places(text, plain(text)).values() for hit in of_group]
        return sorted((Hit(*hit) for hit in places), key=lambda hit: (hit.start, -hit.end))

    def places(self, text: str, plain_text: str) -> Mapping[int, list[tuple[int, int, int]]]:
        """Number, start and end of every occurrence, by the group of the word, in no particular order.

        Faster than ``find`` for a caller who has ``plain_text``, which is ``plain(text)``, already.
        """
        hits: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
        if self._empty or not text:
            return hits
        padded = f" {plain_text} "
        for last, (length, simple, others) in self._automaton.iter(padded):
            # Position p of the padded text is position p - 1 of the text itself.
            for group, number in simple:
                hits[group].append((number, last - 1 - length, last - 1))
            for group, number, cased, open_start, open_end, has_parts in others:
                end = last if open_end else last - 1
                start = end - length
                if cased is not None and not _is_spelled(text[start : start + len(cased)], cased):
                    continue
                if open_start:
                    while start > 0 and padded[start] != " ":
                        start -= 1
                if open_end:
                    while padded[end + 1] != " ":
                        end += 1
                if has_parts and not _PAUSES.isdisjoint(text[start : end - 1]):
                    continue
                hits[group].append((number, start, end))
        return hits


def _is_spelled(given: str, wanted: str) -> bool:
    """Whether the characters are as written; a space in ``wanted`` matches any separator."""
    return given == wanted or (" " in wanted and all(w in (" ", g) for g, w in zip(given, wanted, strict=True)))
