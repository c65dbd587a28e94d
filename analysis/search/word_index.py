"""Papers by the words of a query, ranked by BM25 over arrays in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.packed_stems import STEM_DTYPE
from domain.search_query import Field

K1 = 1.2
"""How soon a word that is repeated counts no more."""
B = 0.75
"""How much long texts are discounted."""
TITLE_WEIGHT = 2.0
"""A word in the title counts as two in the abstract; so does one among the authors' names."""
_IN = {"title": 1, "abstract": 2, "authors": 4}
_FIELDS: dict[Field, int] = {"text": _IN["title"] | _IN["abstract"], "title": _IN["title"], "author": _IN["authors"]}
PARTS = tuple(_IN)
"""The parts of a paper that hold words, in the order of ``WordIndex.parts_holding``."""

_PLACE_BITS = 32
"""Of a place among the stems of all papers; the rest of 64 bits are a stem's number."""


class WordIndex:
    """The papers that hold each stem, with what each adds to a paper's score.

    The scores are BM25 (Robertson and Zaragoza 2009) with a weight for each field, computed ahead, so that a query only
    adds them up (Lù 2024, "BM25S"). A hundred thousand abstracts take some 90 MB.

    Parameters
    ----------
    stems : the stems of all papers, paper after paper; an array of ``STEM_DTYPE``.
    n_stems : how many of them are each paper's, int ``(n_papers,)``.
    """

    def __init__(self, stems: NDArray[np.void], n_stems: NDArray[np.int64]) -> None:
        if stems.dtype != STEM_DTYPE:
            raise ValueError(f"expected {STEM_DTYPE}, got {stems.dtype}")
        if int(n_stems.sum()) != len(stems):
            raise ValueError(f"expected {int(n_stems.sum())} stems, got {len(stems)}")
        self.n_papers = len(n_stems)
        rows = np.repeat(np.arange(self.n_papers, dtype=np.int32), n_stems)
        frequency = stems["abstract"] + np.float32(TITLE_WEIGHT) * (
            stems["title"] + stems["authors"].astype(np.float32)
        )
        lengths = np.bincount(
            rows, weights=stems["abstract"] + stems["title"].astype(np.float32), minlength=self.n_papers
        )
        relative = (lengths / max(float(lengths.mean()), 1.0) if self.n_papers else lengths).astype(np.float32)
        saturated = frequency * (K1 + 1) / (frequency + K1 * (1 - B + B * relative[rows]))
        # Sorting numbers takes a tenth of the time of sorting places by them, so each number holds its place.
        ordered = np.sort(stems["stem"].astype(np.uint64) << _PLACE_BITS | np.arange(len(stems), dtype=np.uint64))
        order = (ordered & ((1 << _PLACE_BITS) - 1)).astype(np.int64)
        ordered >>= _PLACE_BITS
        is_first = np.ones(len(ordered), dtype=bool)
        np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
        self._starts = np.flatnonzero(is_first)
        self._stems = ordered[self._starts].astype(np.uint32)
        del ordered, is_first  # nine bytes a stem, and what follows is the peak
        self._ends = np.append(self._starts[1:], len(stems))
        self._rows = rows[order]
        n_holding = (self._ends - self._starts).astype(np.float32)
        self._rarity = np.log1p((self.n_papers - n_holding + 0.5) / (n_holding + 0.5)).astype(np.float32)
        self._saturated = saturated[order].astype(np.float16)
        in_fields = (stems["title"] > 0) * _IN["title"] | (stems["abstract"] > 0) * _IN["abstract"]
        self._in_fields = (in_fields | (stems["authors"] > 0) * _IN["authors"]).astype(np.uint8)[order]

    def scores(self, stems: Iterable[int]) -> NDArray[np.float32]:
        """The BM25 of each paper for the stems, each counted once, float32 ``(n_papers,)``; 0 without any of them."""
        scores = np.zeros(self.n_papers, dtype=np.float32)
        for at in self._places(stems):
            held = slice(self._starts[at], self._ends[at])
            scores[self._rows[held]] += self._rarity[at] * self._saturated[held]
        return scores

    def greatest_score(self, stems: Iterable[int]) -> float:
        """The bound of a score: that of a paper which repeats each of the stems without end.

        A stem that no paper holds counts too, so that a paper with the rest of a query's words has not all of them.
        """
        each = list(dict.fromkeys(stems))
        places = self._places(each)
        n_absent = len(each) - len(places)
        held = sum(float(self._rarity[at]) for at in places)
        return (K1 + 1) * (held + n_absent * float(np.log1p((self.n_papers + 0.5) / 0.5)))

    def holding(self, stem: int, field: Field) -> NDArray[np.bool_]:
        """Whether each paper holds a stem in a field, ``(n_papers,)``."""
        holds = np.zeros(self.n_papers, dtype=bool)
        for at in self._places([stem]):
            held = slice(self._starts[at], self._ends[at])
            holds[self._rows[held][self._in_fields[held] & _FIELDS[field] > 0]] = True
        return holds

    def n_holding(self, stem: int, field: Field | None = None) -> int:
        """How many papers hold a stem in a field, or in any."""
        n = 0
        for at in self._places([stem]):
            held = self._in_fields[self._starts[at] : self._ends[at]]
            n = len(held) if field is None else int(np.count_nonzero(held & _FIELDS[field]))
        return n

    def parts_holding(self, stems: Sequence[int], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether papers at some rows hold each stem in each of ``PARTS``, ``(n_rows, n_stems, n_parts)``."""
        flags = np.zeros((len(rows), len(stems)), dtype=np.uint8)
        for column, stem in enumerate(stems):
            for at in self._places([stem]):
                held = slice(self._starts[at], self._ends[at])
                holding = self._rows[held]  # ascending, as the papers were given
                places = np.minimum(np.searchsorted(holding, rows.astype(holding.dtype)), len(holding) - 1)
                flags[:, column] = np.where(holding[places] == rows, self._in_fields[held][places], 0)
        found: NDArray[np.bool_] = (flags[:, :, None] & np.array([*_IN.values()], dtype=np.uint8)) > 0
        return found

    def _places(self, stems: Iterable[int]) -> list[int]:
        # Of the type of the stems: comparing with plain integers would convert all of them for each look-up.
        wanted = np.fromiter(dict.fromkeys(stems), dtype=self._stems.dtype)
        places = np.searchsorted(self._stems, wanted)
        is_held = places < len(self._stems)
        is_held[is_held] = self._stems[places[is_held]] == wanted[is_held]
        found: list[int] = places[is_held].tolist()
        return found
