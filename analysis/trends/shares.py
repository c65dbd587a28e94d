"""Shares of papers with their intervals, series of shares, and tests of whether a change is more than noise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from domain.digest import Change, Share, SharePoint, Verdict
from domain.trend_periods import PERIODS, Period
from domain.week import Week
from domain.weekly_table_schemas import SHARES, WEEKLY_TOTALS

INTERVAL_LEVEL = 0.95


def share_of(k: int, n: int, *, min_papers: int = 1) -> Share:
    """``k`` of ``n`` with its 95 % Wilson interval; NaN where ``n`` is below ``min_papers``.

    The score interval of Wilson (1927) stays inside [0, 1], unlike the normal one, and keeps its coverage for rare
    techniques (Brown, Cai and DasGupta 2001). It covers sampling, not the detector's error.

    Raises
    ------
    ValueError
        If ``k`` is negative or greater than ``n``.
    """
    if not 0 <= k <= n:
        raise ValueError(f"expected 0 <= k <= n, got k={k}, n={n}")
    if n < max(1, min_papers):
        return Share(k, n, math.nan, math.nan, math.nan)
    low, high = _wilson(np.array([k]), np.array([n]))
    return Share(k, n, k / n, float(low[0]), float(high[0]))


def _wilson(k: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's intervals; a test compares them with ``proportion_confint(method="wilson")`` of ``statsmodels``.

    Written out because importing ``statsmodels`` takes most of a second, which is all that `papertide trends` may take.
    """
    z = NormalDist().inv_cdf(0.5 + INTERVAL_LEVEL / 2)
    share = k / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # Exactly 0 and 1 at the ends; the formula is off by a rounding error there.
    return np.where(k == 0, 0.0, centre - half), np.where(k == n, 1.0, centre + half)


def share_series(
    totals: pd.DataFrame, k_by_week: Mapping[Week, int], *, by: Period = "week", min_papers: int = 1
) -> pd.DataFrame:
    """The share of papers that match, by week or a longer period.

    A week belongs to the period that contains its Thursday, so every week is in exactly one period.

    Parameters
    ----------
    totals : a table of schema ``WEEKLY_TOTALS``.
    k_by_week : matching papers of each week; an absent week has none.
    by : the period.
    min_papers : papers below which a period's share is not reported.

    Returns
    -------
    A table of schema ``SHARES``: one row for every period from the first week to the last, without gaps. A period
    without papers has ``n`` 0 and a NaN share. A period is ``complete`` if ``totals`` has all its weeks and each of
    them is complete.
    """
    WEEKLY_TOTALS.check(totals)
    k = [k_by_week.get(Week(at.date()), 0) for at in totals["week_start"]]
    weekly = totals.assign(k=pd.Series(k, index=totals.index, dtype="int64"), start=totals["week_start"])
    weekly["end"] = weekly["start"] + pd.Timedelta(days=6)
    n_months = PERIODS[by].n_months
    if n_months:
        thursday = (weekly["start"] + pd.Timedelta(days=3)).to_numpy()
        period = thursday.astype("datetime64[M]").astype("int64") // n_months  # counted from January 1970
        weekly = (
            weekly.assign(period=period)
            .groupby("period", as_index=False)
            .agg(
                start=("start", "min"),
                end=("end", "max"),
                k=("k", "sum"),
                n=("n", "sum"),
                complete=("complete", "all"),
                n_weeks=("n", "size"),
            )
        )
        # The table may begin or end in the middle of a period.
        first, after = (
            (number * n_months).to_numpy().astype("datetime64[M]").astype("datetime64[D]")
            for number in (weekly["period"], weekly["period"] + 1)
        )
        weekly["complete"] &= weekly["n_weeks"] == np.busday_count(first, after, weekmask="Thu")
    enough = (weekly["n"] >= max(1, min_papers)).to_numpy()
    k_array, n_array = weekly["k"].to_numpy(), weekly["n"].to_numpy()
    n_safe = np.where(enough, n_array, 1)
    low, high = _wilson(np.where(enough, k_array, 0), n_safe)
    table = pd.DataFrame(
        {
            "start": weekly["start"].astype("datetime64[us]"),
            "end": weekly["end"].astype("datetime64[us]"),
            "k": weekly["k"].astype("int64"),
            "n": weekly["n"].astype("int64"),
            "share": np.where(enough, k_array / n_safe, np.nan),
            "low": np.where(enough, low, np.nan),
            "high": np.where(enough, high, np.nan),
            "complete": weekly["complete"].astype("bool"),
        }
    )
    return SHARES.check(table.reset_index(drop=True))


def papers_by_week(day: NDArray[np.int32]) -> dict[Week, int]:
    """How many papers each week has, from their days as ``PaperIndex.day`` counts them; weeks without one are absent.

    Examples
    --------
    >>> papers_by_week(np.array([20_619, 20_625, 20_626], dtype=np.int32))
    {Week(monday=datetime.date(2026, 6, 15)): 2, Week(monday=datetime.date(2026, 6, 22)): 1}
    """
    # Day 0 was a Thursday: three days more, and whole weeks begin on Mondays.
    numbers, counts = np.unique((day + 3) // 7, return_counts=True)
    first = Week(date(1969, 12, 29))
    return {first.plus(number): k for number, k in zip(numbers.tolist(), counts.tolist(), strict=True)}


def share_points(series: pd.DataFrame) -> tuple[SharePoint, ...]:
    """The rows of a ``SHARES`` table as records."""
    SHARES.check(series)
    columns = [series[column.name].tolist() for column in SHARES.columns]
    return tuple(SharePoint(start.date(), end.date(), *numbers) for start, end, *numbers in zip(*columns, strict=True))


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
