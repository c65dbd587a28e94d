"""Compares the queries of several threads with all papers in one pass over the vectors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.paper_arrays import PaperIndex

MOST_TOGETHER = 8
"""How many queries share a pass; each needs four bytes a paper for its cosines."""


class SimilarityBatcher:
    """Vectors of queries, each from a thread of its own, compared in one pass over all papers' vectors.

    Queries that arrive during a pass wait, and the next pass compares them together. A pass takes for four queries
    about twice as long as for one, because much of its time goes into reading the vectors from memory.
    """

    def __init__(self, compare_all: Callable[[NDArray[np.float32], PaperIndex], NDArray[np.float32]]) -> None:
        self._compare_all = compare_all
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: list[WaitingQuery] = []

    def compare(self, query: NDArray[np.float32], index: PaperIndex) -> NDArray[np.float32]:
        """The cosine of a query's vector ``(n_dims,)`` with every paper, ``(n_papers,)``."""
        mine = WaitingQuery(query, index)
        with self._lock:
            self._waiting.append(mine)
        with self._turn:
            if mine.cosines is None:
                mine.cosines = self._compare_with_others(mine)
            return mine.cosines

    def _compare_with_others(self, mine: WaitingQuery) -> NDArray[np.float32]:
        with self._lock:
            others = [one for one in self._waiting if one is not mine and one.index is mine.index]
            now = [mine, *others[: MOST_TOGETHER - 1]]
            # If the pass fails, each of the others runs one of its own.
            self._waiting = [one for one in self._waiting if one not in now]
        all_cosines = self._compare_all(np.stack([one.query for one in now]), mine.index)
        for one, cosines in zip(now, all_cosines, strict=True):
            one.cosines = cosines
        first: NDArray[np.float32] = all_cosines[0]
        return first


@dataclass(eq=False)
class WaitingQuery:
    query: NDArray[np.float32]
    index: PaperIndex
    cosines: NDArray[np.float32] | None = None
