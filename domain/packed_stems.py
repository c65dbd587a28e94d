"""The word stems of a paper that searches look for, packed as they are stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
import Stemmer
from numpy.typing import NDArray

from domain.search_text import search_words

STEM_DTYPE = np.dtype([("stem", "<u4"), ("title", "u1"), ("abstract", "u1"), ("authors", "u1")])
"""A stem of a paper, as its number, with how often title, abstract and authors hold it, at most 255 each."""

_STEMMER = Stemmer.Stemmer("english")  # in C: snowballstemmer finds the same stems in sixteen times the time
_MOST = 255


@lru_cache(maxsize=500_000)
def stem_number(word: str) -> int:
    """The number of a word's stem: the CRC-32 of what the English Snowball stemmer (Porter 2001) leaves of it.

    Two of some 300,000 stems share a number in about ten cases, which a ranking does not notice.

    Examples
    --------
    >>> stem_number("quantized") == stem_number("quantization"), stem_number("model") == stem_number("mode")
    (True, False)
    """
    return crc32(_STEMMER.stemWord(word).encode())


def stem_numbers(text: str) -> list[int]:
    """The number of each word's stem, in order."""
    return [stem_number(word) for word in search_words(text)]


def packed_stems(title: str, abstract: str, authors: Iterable[str]) -> bytes:
    """The stems of a paper, each once, as an array of ``STEM_DTYPE``."""
    return packed_words(search_words(title), search_words(abstract), search_words(" ".join(authors)))


def packed_words(title: Sequence[str], abstract: Sequence[str], authors: Sequence[str]) -> bytes:
    """As ``packed_stems``, from the words of each field, as ``search_words`` gives them."""
    of_field = {
        name: np.fromiter(map(stem_number, words), dtype=np.uint32, count=len(words))
        for name, words in (("title", title), ("abstract", abstract), ("authors", authors))
    }
    stems = np.unique(np.concatenate([*of_field.values()]))
    packed = np.zeros(len(stems), dtype=STEM_DTYPE)
    packed["stem"] = stems
    for name, numbers in of_field.items():
        n_of = np.bincount(np.searchsorted(stems, numbers), minlength=len(stems))
        packed[name] = np.minimum(n_of, _MOST)
    return packed.tobytes()


def unpacked_stems(blobs: Iterable[bytes]) -> NDArray[np.void]:
    """The stems of several papers in a row, an array of ``STEM_DTYPE``."""
    return np.frombuffer(b"".join(blobs), dtype=STEM_DTYPE)
