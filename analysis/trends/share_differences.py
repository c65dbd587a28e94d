"""Differences between two shares, and tests of whether a change is more than noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from analysis.trends.shares import INTERVAL_LEVEL
from domain.digest import Change, Share, Verdict


def difference_of(current: Share, baseline: Share, *, dispersion: float) -> tuple[float, float]:
    """``current`` minus ``baseline`` by Agresti and Caffo (2000), and its standard error.

    Their interval of the difference, from ``statsmodels``, adds a success and a failure to each sample; its centre and
    standard error give a test, too, so an interval and a test of the same level cannot disagree. The variance is
    multiplied by ``dispersion``, as in a quasi-binomial model.

    Returns
    -------
    The centre of the intervals, which is a little nearer to 0 than the difference, and the standard error.
    """
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = confint_proportions_2indep(
        current.k, current.n, baseline.k, baseline.n, method="agresti-caffo", alpha=1 - INTERVAL_LEVEL
    )
    half = NormalDist().inv_cdf(0.5 + INTERVAL_LEVEL / 2)
    return float(low + high) / 2, float(high - low) / (2 * half) * math.sqrt(dispersion)


def are_unusual(
    k: Sequence[int], k_before: Sequence[int], *, n: int, n_before: int, false_discovery_rate: float
) -> list[bool]:
    """Whether each of many counts is higher than its earlier count leads one to expect.

    The conditional test of two rates (Przyborowski and Wilenski 1940): given the sum of both counts, the newer one is
    binomial if nothing changed. One-sided, with the false-discovery control of Benjamini and Hochberg (1995) over all
    counts of the call.

    Parameters
    ----------
    k : counts among ``n`` papers.
    k_before : the earlier counts, in the same order, among ``n_before`` papers.
    false_discovery_rate : share of the unusual counts that may be noise.
    """
    from scipy.stats import binom
    from statsmodels.stats.multitest import multipletests

    if not k:
        return []
    both = np.asarray(k) + np.asarray(k_before)
    p_values = binom.sf(np.asarray(k) - 1, both, n / (n + n_before))
    return [bool(q < false_discovery_rate) for q in multipletests(p_values, method="fdr_bh")[1]]


def with_verdicts(compared: Sequence[tuple[Change, float, float]], *, false_discovery_rate: float) -> list[Change]:
    """Changes with intervals, q-values and verdicts, all from one test.

    The false-discovery control of Benjamini and Hochberg (1995), from ``statsmodels``, covers everything in one call.
    So one call must hold everything that a digest tests against the same kind of baseline. The intervals are those of
    Benjamini and Yekutieli (2005), at the level ``1 - q max(r, 1) / m`` where ``r`` of ``m`` changes are found: they
    leave out 0 exactly where the verdict is "up" or "down".

    Parameters
    ----------
    compared : each change with the centre and standard error of its difference, NaN where nothing was compared.
    """
    from scipy.stats import norm
    from statsmodels.stats.multitest import multipletests

    centre, error = (np.array([row[i] for row in compared], dtype=float) for i in (1, 2))
    tested = ~np.isnan(error)
    z = np.where(error > 0, centre / np.where(error > 0, error, 1.0), 0.0)
    q_values = np.full(len(compared), np.nan)
    if tested.any():
        q_values[tested] = multipletests(2 * norm.sf(np.abs(z[tested])), method="fdr_bh")[1]
    n_found = int((q_values < false_discovery_rate).sum())
    level = 1 - false_discovery_rate * max(n_found, 1) / max(int(tested.sum()), 1)
    half = float(norm.ppf(0.5 + level / 2)) * error
    changes = []
    for i, (change, *_) in enumerate(compared):
        q = float(q_values[i])
        if np.isnan(q):
            changes.append(replace(change, q_value=q, verdict="unknown"))
            continue
        moved: Verdict = "steady" if q >= false_discovery_rate else "up" if centre[i] > 0 else "down"
        # The interval is centred a little nearer to 0 than the difference; widen it where it would not hold that.
        low = min(float(centre[i] - half[i]), change.difference)
        high = max(float(centre[i] + half[i]), change.difference)
        changes.append(replace(change, low=low, high=high, level=level, q_value=q, verdict=moved))
    return changes
