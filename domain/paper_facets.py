"""Facets of papers: what a paper adopts, uses, names or states, as one list of kinds and keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Self

import numpy as np
from numpy.typing import NDArray

from domain.facet import Facet

_ROW_BITS = 32


@dataclass(frozen=True, eq=False)
class PaperFacets:
    """The papers of every facet: ``rows[starts[i]:starts[i + 1]]`` are the ascending rows of ``keys[i]``.

    ``keys`` are sorted and none is without papers. ``starts`` is int64 ``(n_keys + 1,)`` and ``rows`` int32.
    """

    keys: tuple[Facet, ...] = ()
    starts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    rows: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32), repr=False)

    @classmethod
    def of(cls, rows_of: Mapping[Facet, Sequence[int]]) -> Self:
        """The facets with the rows of their papers, which may come in any order and more than once."""
        keys = tuple(sorted(key for key, found in rows_of.items() if len(found)))
        n_rows = np.fromiter((len(rows_of[key]) for key in keys), dtype=np.int64)
        rows = np.fromiter(chain.from_iterable(rows_of[key] for key in keys), dtype=np.int64)
        # One sort of all facets: sorting each of some ten thousands takes ten times as long.
        both = np.sort(np.repeat(np.arange(len(keys)), n_rows) << _ROW_BITS | rows)
        both = both[np.flatnonzero(np.diff(both, prepend=-1))]
        starts = np.searchsorted(both >> _ROW_BITS, np.arange(len(keys) + 1))
        return cls(keys, starts, (both & ((1 << _ROW_BITS) - 1)).astype(np.int32))

    @cached_property
    def place(self) -> dict[Facet, int]:
        """The number of each facet."""
        return {key: i for i, key in enumerate(self.keys)}

    def rows_of(self, facet: Facet) -> NDArray[np.int32]:
        """The rows of the papers of a facet; none for a facet that no paper has."""
        i = self.place.get(facet)
        return self.rows[:0] if i is None else self.rows[self.starts[i] : self.starts[i + 1]]

    def counts(self, among: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many of some papers have each facet, ``(n_keys,)``.

        Parameters
        ----------
        among : whether each paper is one of them, ``(n_papers,)``.
        """
        if not self.keys:
            return np.zeros(0, dtype=np.int64)
        return np.add.reduceat(among[self.rows].astype(np.int64), self.starts[:-1])
