"""Application domains: where machine learning is put to use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ApplicationDomain:
    """A domain of the tree, with one sentence that says which papers count and the words that show it.

    ``parent`` is the key of the domain that it belongs to, empty for one at the top. ``weak`` words count only beside
    one of ``words``, and no word counts inside a phrase of ``exclude``.
    """

    key: str
    name: str
    definition: str
    words: tuple[str, ...]
    parent: str = ""
    weak: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
