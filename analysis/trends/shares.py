"""Shares of papers with their intervals, and series of shares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from domain.digest import Share, SharePoint
from domain.trend_periods import PERIODS, Period
from domain.week import Week
from domain.weekly_table_schemas import SHARES, WEEKLY_TOTALS

if TYPE_CHECKING:
    import pandas as pd

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
    low, high = wilson_interval(np.array([k]), np.array([n]))
    return Share(k, n, k / n, float(low[0]), float(high[0]))


def wilson_interval(k: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's intervals at ``INTERVAL_LEVEL`` of ``k`` of ``n``.

    A test compares them with ``proportion_confint(method="wilson")`` of ``statsmodels``.

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
    import pandas as pd

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
    low, high = wilson_interval(np.where(enough, k_array, 0), n_safe)
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
