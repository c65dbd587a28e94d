"""Text as search and counts read it: what readers see, without accents, case and ligatures.

Index and queries go through the same function, so that "Erdos", "Erdős" and ``Erd\\H{o}s`` are one word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from domain.tex_as_text import plain_text, with_letters

_WORD = re.compile(r"[^\W_]+")
_ACCENTS = re.compile("[\u0300-\u036f]")
_UNFOLDED = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "ȷ": "j",
        "ħ": "h",
        "ŋ": "ng",
        "ŧ": "t",
        "ς": "σ",
        "’": "'",
    }
)
"""Letters that Unicode does not take apart into a letter and an accent."""


def search_text(raw: str) -> str:
    r"""The text in lower case as search reads it.

    TeX reads as on a page, letters lose their accents, and ligatures, full-width and mathematical letters become plain
    ones.

    Examples
    --------
    >>> search_text(r"Erd\H{o}s–Rényi, $\mathcal{O}(n^2)$ and the Ｋurdyka-Łojasiewicz \emph{inequality}")
    'erdos–renyi, o(n2) and the kurdyka-lojasiewicz inequality'
    """
    if raw.isascii() and not any(character in raw for character in "\\$~{"):
        return raw.lower()
    apart = unicodedata.normalize("NFKD", plain_text(with_letters(raw)))
    folded = _ACCENTS.sub("", apart).lower().translate(_UNFOLDED)
    return unicodedata.normalize("NFC", folded)


def search_words(raw: str) -> list[str]:
    """The words of a text or query, in order: runs of letters and digits.

    Examples
    --------
    >>> search_words("Test-time scaling of d_model, Erdős")
    ['test', 'time', 'scaling', 'of', 'd', 'model', 'erdos']
    """
    return _WORD.findall(search_text(raw))


def indexed_text(raw: str) -> str | None:
    """What the index holds instead of a stored text; ``None`` if both have the same words."""
    return indexed_words(raw, search_words(raw))


def indexed_words(raw: str, words: Sequence[str]) -> str | None:
    """As ``indexed_text``, for a text whose words, as ``search_words`` gives them, are known."""
    return None if raw.isascii() and words == _WORD.findall(raw.lower()) else " ".join(words)
