"""Answers concurrent similarity queries in one pass over the vectors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.paper_arrays import PaperIndex

MOST_TOGETHER = 8
"""How many queries share a pass; each needs four bytes a paper for its cosines."""


class SimilarityBatcher:
    """Queries of several threads, answered in one pass over all vectors.

    Queries that arrive during a pass wait, and the next pass answers them together. A pass takes about as long for
    eight queries as for one, because its time goes into reading the vectors from memory. One pass at a time also
    keeps the encoder's tokenizer to one thread, since it is not thread-safe.
    """

    def __init__(self, answer_all: Callable[[Sequence[str], PaperIndex], NDArray[np.float32]]) -> None:
        self._answer_all = answer_all
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: list[WaitingQuery] = []

    def answer(self, query: str, index: PaperIndex) -> NDArray[np.float32]:
        """The cosine of the query with every paper, ``(n_papers,)``."""
        mine = WaitingQuery(query, index)
        with self._lock:
            self._waiting.append(mine)
        with self._turn:
            if mine.cosines is None:
                mine.cosines = self._answer_with_others(mine)
            return mine.cosines

    def _answer_with_others(self, mine: WaitingQuery) -> NDArray[np.float32]:
        with self._lock:
            others = [one for one in self._waiting if one is not mine and one.index is mine.index]
            now = [mine, *others[: MOST_TOGETHER - 1]]
            # If the pass fails, each of the others runs one of its own.
            self._waiting = [one for one in self._waiting if one not in now]
        all_cosines = self._answer_all([one.query for one in now], mine.index)
        for one, cosines in zip(now, all_cosines, strict=True):
            one.cosines = cosines
        first: NDArray[np.float32] = all_cosines[0]
        return first


@dataclass(eq=False)
class WaitingQuery:
    query: str
    index: PaperIndex
    cosines: NDArray[np.float32] | None = None
