"""Shares of a card's papers compared with those of all papers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from domain.cards import MIN_SHARE_PAPERS, Comparison

FALSE_DISCOVERY_RATE = 0.05
MIN_PAPERS = 5
"""Papers among all below which nothing is compared."""


def compared(k: Sequence[int], n: int, k_all: Sequence[int], n_all: int) -> tuple[Comparison, ...]:
    """Whether a card's papers have each thing more or less often than papers drawn at random from all.

    The two-sided test of the hypergeometric distribution (Fisher 1935), because the card's papers are among all papers,
    with the false-discovery rate of Benjamini and Hochberg (1995) over everything compared together.

    Parameters
    ----------
    k, k_all : papers of the card and of all that have each thing.
    n, n_all : papers of the card, and all papers.
    """
    from scipy.stats import false_discovery_control, hypergeom

    own, of_all = np.array(k, dtype=np.int64), np.array(k_all, dtype=np.int64)
    testable = (of_all >= MIN_PAPERS) & (MIN_SHARE_PAPERS <= n < n_all)
    found: list[Comparison] = ["few"] * len(own)
    if not testable.any():
        return tuple(found)
    at = own[testable], n_all, of_all[testable], n
    tails = np.minimum(hypergeom.cdf(*at), hypergeom.sf(at[0] - 1, *at[1:]))
    q_values = false_discovery_control(np.minimum(2 * tails, 1))
    for i, q in zip(np.flatnonzero(testable).tolist(), q_values.tolist(), strict=True):
        if q >= FALSE_DISCOVERY_RATE:
            found[i] = "same"
        else:
            found[i] = "more" if own[i] / n > of_all[i] / n_all else "less"
    return tuple(found)
