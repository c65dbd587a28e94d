"""Boosted regression trees as arrays: fitted elsewhere, evaluated here without their library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class BoostedTrees:
    """A sum of regression trees (Friedman 2001, "Greedy function approximation: a gradient boosting machine").

    Every array but ``bias`` is ``(n_trees, n_nodes)``; node 0 is a tree's root. A row goes to ``left`` where its value
    of ``column`` is at most ``threshold``, else to ``right``. A leaf is its own left and right; ``value`` is what it
    adds. ``depth`` is the number of steps from a root to the farthest leaf.
    """

    column: NDArray[np.int16]
    threshold: NDArray[np.float32]
    left: NDArray[np.int16]
    right: NDArray[np.int16]
    value: NDArray[np.float32]
    bias: float
    depth: int

    def scores(self, table: NDArray[np.float32]) -> NDArray[np.float32]:
        """The sums for the rows of a table, float32 ``(n_rows,)``."""
        n_trees, n_nodes = self.column.shape
        starts = n_nodes * np.arange(n_trees)
        column, threshold = self.column.ravel(), self.threshold.ravel()
        left, right = self.left.ravel(), self.right.ravel()
        rows = np.arange(len(table))[:, None]
        nodes = np.zeros((len(table), n_trees), dtype=np.int64)
        for _ in range(self.depth):
            places = starts + nodes
            goes_left = table[rows, column[places]] <= threshold[places]
            nodes = np.where(goes_left, left[places], right[places])
        return np.asarray(self.value.ravel()[starts + nodes].sum(axis=1) + self.bias, dtype=np.float32)
