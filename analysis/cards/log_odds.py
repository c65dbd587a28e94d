"""Log odds ratios of two things that papers have, shrunk towards no association.

Each table of two by two has the log odds ratio with a half added to every cell (Haldane 1956, Anscombe 1956) and the
variance of Woolf (1955). The true log odds ratios are taken as normal around 0, with the variance under which the
tables of one family are likeliest, and each is replaced by its posterior mean (Efron and Morris 1975). So a ratio of a
few papers is drawn to 1, and one of many stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_Z = 1.959964
_MAX_SPREAD = 6.0
"""Largest standard deviation of log odds ratios that is tried."""


@dataclass(frozen=True, eq=False)
class ShrunkRatios:
    """How many times as large a share is in a place as elsewhere, with 95 % intervals; float64 ``(n_tables,)``."""

    ratio: Floats
    low: Floats
    high: Floats


def shrunk_ratios(k: Floats, n: Floats, k_elsewhere: Floats, n_elsewhere: Floats) -> ShrunkRatios:
    """The ratio of each table's two shares, shrunk together with the others.

    Parameters
    ----------
    k, n : papers of the place that have the term, and all papers of the place.
    k_elsewhere, n_elsewhere : the same of all other papers.
    """
    cells = np.stack([k, n - k, k_elsewhere, n_elsewhere - k_elsewhere]).astype(float) + 0.5
    log_odds = np.log(cells[0]) - np.log(cells[1]) - np.log(cells[2]) + np.log(cells[3])
    variance = (1 / cells).sum(axis=0)
    spread = _likeliest_spread(log_odds, variance)
    weight = spread**2 / (spread**2 + variance)
    middle, half = weight * log_odds, _Z * np.sqrt(weight * variance)
    elsewhere = cells[2] / (cells[2] + cells[3])

    def ratio(of: Floats) -> Floats:
        odds = np.exp(of) * elsewhere / (1 - elsewhere)
        shares: Floats = odds / (1 + odds) / elsewhere
        return shares

    return ShrunkRatios(ratio(middle), ratio(middle - half), ratio(middle + half))


def _likeliest_spread(log_odds: Floats, variance: Floats) -> float:
    """The standard deviation of the true log odds ratios, by maximum likelihood; 1 where a single table tells none."""
    if len(log_odds) < 2:
        return 1.0
    tried = np.geomspace(0.01, _MAX_SPREAD, 200)
    total = tried[:, None] ** 2 + variance
    likelihood = -(np.log(total) + log_odds**2 / total).sum(axis=1)
    return float(tried[likelihood.argmax()])
