"""Every watched paper as a row of arrays, so that thousands of questions need no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from domain.detections import TermKind
from domain.paper import ArxivId

_EPOCH = date(1970, 1, 1).toordinal()


def day_number(day: date) -> int:
    """Days since 1970-01-01, as ``PaperIndex.day`` counts them."""
    return day.toordinal() - _EPOCH


@dataclass(frozen=True, eq=False)
class PaperIndex:
    """One row a paper, oldest submission first; all arrays have ``n_papers`` rows.

    ``day`` is the first version's submission, int32 days since 1970-01-01 UTC. ``listed`` is bool, a column for each
    of ``categories``; ``primary`` int16, the number of the primary category in ``categories``, -1 where it is not
    watched. ``topic_id`` is int32, -1 for none, and ``similarity`` float32, the cosine to the nearest centroid.
    ``level`` is int8, a column for each of ``terms``, 0 where nothing was found. ``vectors`` is float32
    ``(n_papers, n_dims)``, rows of unit length, zero for a paper that is not embedded.
    """

    ids: tuple[ArxivId, ...]
    day: NDArray[np.int32]
    categories: tuple[str, ...]
    listed: NDArray[np.bool_]
    primary: NDArray[np.int16]
    topic_id: NDArray[np.int32]
    similarity: NDArray[np.float32]
    terms: tuple[tuple[TermKind, str], ...]
    level: NDArray[np.int8]
    vectors: NDArray[np.float32] = field(repr=False)

    def __post_init__(self) -> None:
        for name in ("day", "listed", "primary", "topic_id", "similarity", "level", "vectors"):
            found = getattr(self, name).shape[0]
            if found != len(self.ids):
                raise ValueError(f"{name}: expected {len(self.ids)} rows, got {found}")

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def row_of(self) -> dict[ArxivId, int]:
        """The row of each paper."""
        return {arxiv_id: row for row, arxiv_id in enumerate(self.ids)}


@dataclass(frozen=True)
class PaperFilter:
    """Which papers of an index are meant; every condition that is given must hold.

    ``since`` and ``until`` are days of submission, both included. A paper is in ``categories`` if any of them lists
    it, with ``primary`` if one of them is its primary category. ``term`` with ``levels`` asks for a detection at one
    of these levels.
    """

    since: date | None = None
    until: date | None = None
    categories: tuple[str, ...] = ()
    primary: bool = False
    topic_id: int | None = None
    term: tuple[TermKind, str] | None = None
    levels: tuple[int, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it lets every paper through."""
        return self == PaperFilter()

    def rows(self, index: PaperIndex) -> NDArray[np.bool_]:
        """Whether each paper of the index is meant; ``(n_papers,)``."""
        kept = np.ones(len(index), dtype=bool)
        if self.since is not None:
            kept &= index.day >= day_number(self.since)
        if self.until is not None:
            kept &= index.day <= day_number(self.until)
        if self.categories:
            numbers = [index.categories.index(c) for c in self.categories if c in index.categories]
            kept &= np.isin(index.primary, numbers) if self.primary else index.listed[:, numbers].any(axis=1)
        if self.topic_id is not None:
            kept &= index.topic_id == self.topic_id
        if self.term is not None:
            if self.term not in index.terms:
                return np.zeros(len(index), dtype=bool)
            kept &= np.isin(index.level[:, index.terms.index(self.term)], self.levels)
        return kept
