"""Every watched paper as a row of arrays, so that queries need no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from domain.detections import TermKind
from domain.paper import ArxivId
from domain.paper_facets import PaperFacets
from domain.paper_query import PaperQuery

_EPOCH = date(1970, 1, 1).toordinal()


def day_number(day: date) -> int:
    """Days since 1970-01-01, as ``PaperIndex.day`` counts them."""
    return day.toordinal() - _EPOCH


def day_of(number: int) -> date:
    """The day of a number of ``PaperIndex.day``."""
    return date.fromordinal(number + _EPOCH)


@dataclass(frozen=True, eq=False)
class PaperIndex:
    """One row a paper, oldest submission first; all arrays have ``n_papers`` rows.

    ``day`` is the first version's submission, int32 days since 1970-01-01 UTC. ``listed`` is bool, a column for each
    of ``categories``; ``primary`` int16, the number of the primary category in ``categories``, -1 where it is not
    watched. ``topic_id`` is int32, -1 for none, and ``similarity`` float32, the cosine to the nearest centroid.
    ``level`` is int8, a column for each of ``terms``, 0 where nothing was found. ``vectors`` is float32
    ``(n_papers, n_dims)``, rows of unit length, zero for a paper that is not embedded.
    ``facets`` holds the rows of every facet.
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
    facets: PaperFacets = field(default_factory=PaperFacets, repr=False)

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

    @cached_property
    def has_vector(self) -> NDArray[np.bool_]:
        """Whether each paper is embedded, ``(n_papers,)``; the first time it reads all vectors."""
        found: NDArray[np.bool_] = np.asarray(self.vectors.any(axis=1))
        return found

    @cached_property
    def distance_from_mean(self) -> NDArray[np.float32]:
        """How far each paper's vector is from the mean of all, ``(n_papers,)``; the first time it reads all vectors.

        0 for a paper that is not embedded.
        """
        total = np.ones(len(self), dtype=np.float32) @ self.vectors
        products = self.vectors @ total
        n_embedded = max(int(np.count_nonzero(products)), 1)
        squares = 1 - products * (2 / n_embedded) + (total @ total) / n_embedded**2  # rows are of unit length
        distances: NDArray[np.float32] = np.where(products == 0, 0, np.sqrt(np.maximum(squares, 0))).astype(np.float32)
        return distances

    def matching(self, query: PaperQuery) -> NDArray[np.bool_]:
        """Whether each paper matches a query, ``(n_papers,)``; ``store.paper_query.matches`` is the same in SQL."""
        found = np.ones(len(self), dtype=bool)
        if query.since is not None:
            found &= self.day >= day_number(query.since)
        if query.until is not None:
            found &= self.day <= day_number(query.until)
        if query.categories:
            numbers = [self.categories.index(c) for c in query.categories if c in self.categories]
            found &= np.isin(self.primary, numbers) if query.primary else self.listed[:, numbers].any(axis=1)
        if query.topic_id is not None:
            found &= self.topic_id == query.topic_id
        if query.term is not None:
            if query.term not in self.terms:
                return np.zeros(len(self), dtype=bool)
            found &= np.isin(self.level[:, self.terms.index(query.term)], query.levels)
        for facet in query.has:
            of_facet = np.zeros(len(self), dtype=bool)
            of_facet[self.facets.rows_of(facet)] = True
            found &= of_facet
        return found
