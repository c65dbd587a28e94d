"""Places that say nothing new of a term: they are named for it, or most of their papers adopt it anyway."""

from __future__ import annotations

from collections.abc import Collection

from analysis.detection.term_matcher import WordFinder

MAX_SHARE = 2 / 3
"""Share of a place's papers that adopt the term, from which on the place is the term's own."""


def is_own_place(name: str, k: int, n: int, words: Collection[str]) -> bool:
    """Whether a place is a term's own, so that the term is common there by what the place is.

    Parameters
    ----------
    name : the name of the place.
    k, n : the papers of the place that adopt the term, and all papers of the place.
    words : what shows the term wherever it occurs, written as for ``WordFinder``.

    Examples
    --------
    >>> is_own_place("federated learning", 120, 300, ["federated learning"])
    True
    >>> is_own_place("Medicine and health", 120, 300, ["federated learning"])
    False
    """
    return k >= MAX_SHARE * n or bool(WordFinder(list(words)).find(name))
