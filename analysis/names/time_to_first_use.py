"""How long it takes until another team uses a named thing, with what has not happened yet counted as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from domain.nullable_numbers import FloatOrNaN
from domain.week import Week


@dataclass(frozen=True)
class Introduction:
    """The week in which a thing was introduced, and the week of the first use by another team, ``None`` without one."""

    week: Week
    used_elsewhere: Week | None


@dataclass(frozen=True)
class FirstUseShare:
    """The share of things that another team used within some weeks.

    ``n`` things were introduced, ``n_used`` of them have been used by another team within ``within_weeks`` as yet, and
    ``n_watched`` were introduced at least that long ago. ``share``, with its 95 % interval, is what Kaplan and Meier
    estimate for all of them; NaN if none was watched for as long.
    """

    within_weeks: int
    n: int
    n_used: int
    n_watched: int
    share: FloatOrNaN
    low: FloatOrNaN
    high: FloatOrNaN


def first_use_share(introductions: Sequence[Introduction], *, until: Week, within_weeks: int) -> FirstUseShare:
    """The share that is used by another team within some weeks of the introduction (Kaplan and Meier 1958).

    A thing that nobody else has used is censored in week ``until``. The interval is that of the complementary log-log
    of survival (Kalbfleisch and Prentice 2002, section 1.4), which stays inside [0, 1]; without any use its upper end
    is that of Clopper and Pearson for the things watched long enough.

    Parameters
    ----------
    introductions : of the things; those after ``until`` are left out.
    until : the newest week whose papers are all counted.
    """
    known = [one for one in introductions if one.week <= until]
    uses = [one.used_elsewhere if one.used_elsewhere and one.used_elsewhere <= until else None for one in known]
    # A use in the week of the introduction counts after half a week.
    weeks = np.array(
        [one.week.weeks_until(use or until) or (0.5 if use else 0.0) for one, use in zip(known, uses, strict=True)]
    )
    used = np.array([use is not None for use in uses], dtype=bool)
    n_used = int((used & (weeks <= within_weeks)).sum())
    n_watched = sum(one.week.weeks_until(until) >= within_weeks for one in known)
    if not n_watched:
        return FirstUseShare(within_weeks, len(known), n_used, 0, np.nan, np.nan, np.nan)
    if not n_used:
        from scipy.special import betaincinv

        return FirstUseShare(within_weeks, len(known), 0, n_watched, 0.0, 0.0, float(betaincinv(1, n_watched, 0.975)))
    from scipy.special import ndtri
    from statsmodels.duration.survfunc import SurvfuncRight

    curve = SurvfuncRight(weeks, used.astype(float))
    at = int(np.searchsorted(curve.surv_times, within_weeks, side="right")) - 1
    survival, error = float(curve.surv_prob[at]), float(curve.surv_prob_se[at])
    if survival >= 1 or survival <= 0:
        return FirstUseShare(within_weeks, len(known), n_used, n_watched, 1 - survival, 1 - survival, 1 - survival)
    spread = float(ndtri(0.975)) * error / (survival * abs(np.log(survival)))
    low, high = (1 - survival ** np.exp(sign * spread) for sign in (-1, 1))
    return FirstUseShare(within_weeks, len(known), n_used, n_watched, 1 - survival, float(low), float(high))
