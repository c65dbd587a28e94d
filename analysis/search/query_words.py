"""What a typed query says: the words that are looked for, and the text whose meaning is compared."""

from __future__ import annotations

import unicodedata

from domain.errors import UsageError
from domain.search_text import search_words
from domain.tex_as_text import plain_text, with_letters

_STOP_WORDS = frozenset(
    "a an and are as at be below by can do does for from how in into is it its of on or over s that the their this to"
    " under we what when where which why with".split()
)


def content_words(query: str) -> list[str]:
    """The words of a query, each once, without common ones unless it has no others.

    Raises
    ------
    UsageError
        If it holds no word.
    """
    every = list(dict.fromkeys(search_words(query)))
    if not every:
        raise UsageError("the query contains no word to search for")
    return [word for word in every if word not in _STOP_WORDS] or every


def described_text(query: str) -> str:
    """The text of a query as the embedding model reads it: TeX as text, ligatures and full-width letters as plain ones.

    Examples
    --------
    >>> described_text(r"ﬂow matching on $\\mathbb{R}^n$")
    'flow matching on ℝⁿ'
    """
    return plain_text(with_letters(unicodedata.normalize("NFKC", query)))
