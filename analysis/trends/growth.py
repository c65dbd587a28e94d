"""How fast shares grow, how sure that is, and when the growth changed.

Weekly counts are modelled as quasi-binomial (McCullagh and Nelder 1989, chapter 4). The log-odds that a paper matches
a term are a straight line over the weeks, plus the effect of how many papers the week has, because deadlines bring more
papers and a different mixture. The variance is the binomial's times a factor, the *dispersion*. The dispersion is
estimated from the residuals of the fitted lines, so that a change does not count as scatter, and moderated over all
terms, because one term has few weeks (Smyth 2004). A growth rate is tested by quasi-likelihood: the drop in deviance
over the dispersion, against Student's t (Lund and others 2012). Its interval is the profile of the same test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.trends.shares import wilson_interval
from domain.trend_calls import BEFORE_WEEKS, MIN_WEEKS, NOW_WEEKS, FittedChange
from domain.week import Week

MIN_PAPERS = 10
"""A term with fewer papers in the window has no fit, and one with fewer at the larger end of its line no movement."""
MIN_SEGMENT_WEEKS = 8
"""Two changes of growth are at least this far apart."""

_MAX_AUTOCORRELATION = 0.5  # a higher estimate is more likely a bend of the trend than lasting scatter
_MAX_ITERATIONS = 25
_MAX_LOGIT = 30.0  # beyond it, shares differ from 0 and 1 by rounding only

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GrowthFit:
    """Growth of many terms; arrays are float64 ``(n_terms,)``, NaN where a term has too few papers.

    ``slope`` is the change of log-odds per week. ``t_value`` is the signed root of the drop in deviance over the
    dispersion, ``df`` its degrees of freedom, ``p_value`` its two-sided p-value. ``dispersion``, at least 1, is that of
    single weeks.
    """

    slope: Floats
    t_value: Floats
    p_value: Floats
    dispersion: Floats
    df: Floats
    _middle: Floats  # log-odds in the middle of the weeks
    _lasting: Floats  # dispersion times the effect of scatter that lasts for weeks
    _k: Floats
    _n: Floats
    _at: Floats
    _weeks: tuple[Week, ...]

    def intervals(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Lower and upper ends of the slopes' profile intervals: all slopes that the same test would not reject."""
        from scipy.special import stdtrit

        fitted = ~np.isnan(self.slope)
        low, high = np.full(len(self.slope), np.nan), np.full(len(self.slope), np.nan)
        if fitted.any():
            bound = stdtrit(self.df[fitted], 0.5 + level / 2) * np.sqrt(self._lasting[fitted])
            at = _Profile(self._k[fitted], self._n, self._at)
            low[fitted] = at.end(self.slope[fitted], bound, side=-1)
            high[fitted] = at.end(self.slope[fitted], bound, side=1)
        return low, high

    def changes(self, level: float = 0.95) -> list[FittedChange | None]:
        """What each line says of the change of the share from the first week to the last; ``None`` without a fit.

        The ends of a slope's interval are turned into differences of the share with the line's middle held, so the
        difference's interval leaves out 0 exactly where the slope's does.

        No share goes beyond what the weeks held: neither above the highest upper limit of a week's share at 95 % nor
        below the lowest lower one. Where only small or only large weeks stand at one end, the line of a rare term says
        more of a week with a usual number of papers there than any week has shown.
        """
        if np.isnan(self.slope).all():
            return [None] * len(self.slope)
        to_first, to_last = (float(at - self._at.mean()) for at in (self._at[0], self._at[-1]))
        lowest_held, highest_held = self._limits_held()

        def shares(slope: Floats) -> tuple[Floats, Floats]:
            first, last = _expit(self._middle + slope * to_first), _expit(self._middle + slope * to_last)
            return np.clip(first, lowest_held, highest_held), np.clip(last, lowest_held, highest_held)

        first, last = shares(self.slope)
        low, high = (b - a for a, b in map(shares, self.intervals(level)))
        weeks = self._weeks[0], self._weeks[-1]
        columns = [column.tolist() for column in (first, last, last - first, low, high)]
        return [
            None if np.isnan(a) else FittedChange(*weeks, a, b, difference, lowest, highest, level)
            for a, b, difference, lowest, highest in zip(*columns, strict=True)
        ]

    def _limits_held(self) -> tuple[Floats, Floats]:
        """The lowest and the highest 95 % limit of any week's share; the line's middle always lies between."""
        low, high = wilson_interval(self._k, self._n)
        middle = _expit(self._middle)
        return np.fmin(low.min(axis=1), middle), np.fmax(high.max(axis=1), middle)


def fit_growth(k: NDArray[np.int64], n: NDArray[np.int64], weeks: Sequence[Week]) -> GrowthFit:
    """Growth of many terms over the same weeks.

    Parameters
    ----------
    k : int64 ``(n_terms, n_weeks)``, papers of each term.
    n : int64 ``(n_weeks,)``, all papers of each week; more than 0.
    weeks : the weeks, ascending; gaps are allowed.

    Raises
    ------
    ValueError
        If the shapes do not agree.
    """
    if k.ndim != 2 or k.shape[1] != len(n) or len(n) != len(weeks):
        raise ValueError(f"expected k of shape (n_terms, {len(weeks)}) and n of ({len(weeks)},), got {k.shape}")
    n_terms = len(k)
    nothing = np.full(n_terms, np.nan)
    counts, papers = k.astype(float), n.astype(float)
    at = np.array([weeks[-1].weeks_until(week) for week in weeks], dtype=float)
    total = counts.sum(axis=1)
    fitted = (total >= MIN_PAPERS) & (papers.sum() - total >= MIN_PAPERS)
    if len(weeks) < MIN_WEEKS or not fitted.any():
        return GrowthFit(
            nothing, nothing, nothing, nothing, nothing, nothing, nothing, counts, papers, at, tuple(weeks)
        )
    from scipy.special import stdtr  # the same as `scipy.stats.t.cdf`, whose import takes a second

    design = _design(papers, at)
    some = counts[fitted]
    coefficients, eta = _irls(some, papers, design)
    flat_eta = _irls(some, papers, np.delete(design, 1, axis=1))[1]
    dispersion, df = moderated_dispersion(some, papers, eta, n_parameters=design.shape[1])
    lasting = 1 + (dispersion - 1) * _persistence(some, papers, eta, design, dispersion)
    drop = np.maximum(_deviance(some, papers, flat_eta) - _deviance(some, papers, eta), 0.0)
    slope = coefficients[:, 1]
    t_value = np.sign(slope) * np.sqrt(drop / lasting)
    p_value = np.asarray(2 * stdtr(df, -np.abs(t_value)))

    def spread(values: Floats) -> Floats:
        wide = nothing.copy()
        wide[fitted] = values
        return wide

    return GrowthFit(
        slope=spread(slope),
        t_value=spread(t_value),
        p_value=spread(p_value),
        dispersion=spread(dispersion),
        df=spread(df),
        _middle=spread(coefficients[:, 0]),
        _lasting=spread(lasting),
        _k=counts,
        _n=papers,
        _at=at,
        _weeks=tuple(weeks),
    )


def weeks_before_move(n_weeks: int) -> int:
    """Of so many weeks of a line, how many first ones are the time before the move."""
    return min(BEFORE_WEEKS, n_weeks // 2)


def papers_at_larger_end(k: NDArray[np.int64], slope: Floats) -> NDArray[np.int64]:
    """The papers on which a movement rests: those of the newest weeks of a rise, and of the first weeks of a fall.

    The smaller end may be nothing: what begins was not there before, and what ends is not there now.

    Parameters
    ----------
    k : ``(n_terms, n_weeks)``, papers of each term.
    slope : ``(n_terms,)``; only its sign counts, and NaN counts as a fall.
    """
    before = k[:, : weeks_before_move(k.shape[1])].sum(axis=1)
    larger: NDArray[np.int64] = np.where(slope > 0, k[:, -NOW_WEEKS:].sum(axis=1), before)
    return larger


def moderated_dispersion(k: Floats, n: Floats, eta: Floats, *, n_parameters: int) -> tuple[Floats, Floats]:
    """Each term's dispersion and its degrees of freedom, shrunk towards what is expected at the term's size.

    Pearson's X² of the residuals over its degrees of freedom is shrunk towards ``1 + c m``, where ``m`` is the term's
    mean binomial variance of a week and ``c`` is common to all terms: extra scatter of the log-odds shows more in
    larger counts. The strength follows from how much the terms differ (empirical Bayes; Smyth 2004, section 6.2).

    Parameters
    ----------
    k : ``(n_terms, n_weeks)``, papers of each term.
    n : ``(n_weeks,)``, all papers.
    eta : ``(n_terms, n_weeks)``, fitted log-odds.
    n_parameters : fitted for each term.

    Returns
    -------
    Dispersion, at least 1, and degrees of freedom, each ``(n_terms,)``.
    """
    from scipy.special import digamma, polygamma

    share = _expit(eta)
    variance = n * share * (1 - share)
    df = k.shape[1] - n_parameters
    raw = np.sum((k - n * share) ** 2 / np.maximum(variance, 1e-9), axis=1) / df
    size = variance.mean(axis=1)
    is_large = size >= 2.0  # with a smaller variance, X² is hardly chi-squared
    if is_large.sum() < 3:
        return np.maximum(raw, 1.0), np.full(len(k), float(df))
    scatter = max(0.0, float(np.median((raw[is_large] - 1) / size[is_large])))
    expected = 1 + scatter * size
    log_ratio = np.log(np.maximum(raw[is_large] / expected[is_large], 1e-3)) - digamma(df / 2) + np.log(df / 2)
    between = float(np.var(log_ratio, ddof=1) - polygamma(1, df / 2))
    if between <= 0:  # the terms differ by no more than chance: one common factor
        df_prior = 1e6
        centre = float(np.exp(np.mean(log_ratio)))
    else:
        df_prior = 2 * _trigamma_inverse(between)
        centre = float(np.exp(np.mean(log_ratio) + digamma(df_prior / 2) - np.log(df_prior / 2)))
    moderated = (df_prior * centre * expected + df * raw) / (df_prior + df)
    # Nothing is known that would make papers come more evenly than chance.
    return np.maximum(moderated, 1.0), np.full(len(k), df_prior + df)


def _persistence(k: Floats, n: Floats, eta: Floats, design: Floats, dispersion: Floats) -> float:
    """The factor by which autocorrelated scatter inflates the variance of a slope, at least 1.

    Scatter beyond chance lasts for weeks: a conference's papers come for a month. Under first-order autocorrelation
    ``r``, the variance of a line over many weeks is ``(1 + r) / (1 - r)`` times as large. ``r`` is common to all terms:
    the products of neighbouring residuals, less what the fit itself contributes, over the variance beyond chance.
    """
    share = _expit(eta)
    residual = (k - n * share) / np.sqrt(np.maximum(n * share * (1 - share), 1e-9))
    n_weeks = k.shape[1]
    hat: Floats = design @ np.linalg.pinv(design)
    by_fit = -float(np.trace(hat, offset=1))
    beyond_chance = float(np.sum(dispersion - 1)) * (n_weeks - 1)
    if beyond_chance <= 0:
        return 1.0
    products: float = float(np.sum(residual[:, 1:] * residual[:, :-1]) - by_fit * np.sum(dispersion))
    r: float = min(max(products / beyond_chance, 0.0), _MAX_AUTOCORRELATION)
    return float(1 + r) / (1 - r)


@dataclass(frozen=True)
class ChangePoint:
    """The first week of a new course, with the fitted shares in the week before it and in it."""

    week: Week
    share_before: float
    share_after: float


def change_points(k: NDArray[np.int64], n: NDArray[np.int64], weeks: Sequence[Week]) -> list[ChangePoint]:
    """When a share's level or growth changed: the best division of its weeks into straight lines.

    Anscombe's arcsine (1948) stabilises the variance of the shares. The division with the least sum of squares, plus a
    penalty for each line, is found exactly by dynamic programming (optimal partitioning, Jackson and others 2005). A
    change adds three parameters: its week, a level and a slope. The penalty for each is ``2 log(n_weeks)`` times the
    scatter, twice that of the Bayesian information criterion, so a series without a change seldom gets one. The
    scatter is that of second differences, which neither a line nor a few changes affect (Gasser and others 1986).

    Parameters
    ----------
    k : int64 ``(n_weeks,)``, papers that match.
    n : int64 ``(n_weeks,)``, all papers; weeks with 0 are left out.
    weeks : the weeks, ascending.

    Returns
    -------
    Change points in ascending order; none if there are too few weeks or papers.
    """
    held = n > 0
    counts, papers = k[held].astype(np.float64), n[held].astype(np.float64)
    at = [week for week, is_held in zip(weeks, held.tolist(), strict=True) if is_held]
    n_weeks = len(at)
    if n_weeks < 2 * MIN_SEGMENT_WEEKS or counts.sum() < MIN_PAPERS:
        return []
    y = np.arcsin(np.sqrt((counts + 3 / 8) / (papers + 3 / 4)))
    weight = 4 * papers + 2
    x = np.array([at[0].weeks_until(week) for week in at], dtype=float)
    bend = (y[2:] - 2 * y[1:-1] + y[:-2]) / np.sqrt(1 / weight[2:] + 4 / weight[1:-1] + 1 / weight[:-2])
    scatter = max(1.0, float(np.mean(bend**2)))
    penalty = 2 * 3 * np.log(n_weeks) * scatter
    sums = [np.concatenate([[0.0], np.cumsum(weight * term)]) for term in (np.ones(n_weeks), x, x * x, y, x * y, y * y)]

    def costs(starts: NDArray[np.int64], end: int) -> Floats:
        w, wx, wxx, wy, wxy, wyy = (total[end] - total[starts] for total in sums)
        spread = np.maximum(wxx - wx**2 / w, 1e-12)
        left: Floats = np.maximum(wyy - wy**2 / w - (wxy - wx * wy / w) ** 2 / spread, 0.0)
        return left

    best = np.full(n_weeks + 1, np.inf)
    best[0] = -penalty
    previous = np.zeros(n_weeks + 1, dtype=np.int64)
    for end in range(MIN_SEGMENT_WEEKS, n_weeks + 1):
        starts = np.arange(0, end - MIN_SEGMENT_WEEKS + 1)
        total = best[starts] + costs(starts, end) + penalty
        chosen = int(np.argmin(total))
        best[end], previous[end] = total[chosen], starts[chosen]
    cuts = [n_weeks]
    while cuts[-1] > 0:
        cuts.append(int(previous[cuts[-1]]))
    cuts.reverse()

    def level(start: int, end: int, where: int) -> float:
        line = np.polyfit(x[start:end], y[start:end], 1, w=np.sqrt(weight[start:end]))
        return float(np.sin(np.clip(np.polyval(line, x[where]), 0, np.pi / 2)) ** 2)

    return [
        ChangePoint(at[cut], level(before, cut, cut - 1), level(cut, after, cut))
        for before, cut, after in zip(cuts, cuts[1:], cuts[2:], strict=False)
    ]


class _Profile:
    """The profile of many terms' deviance: least deviances with the slope held at given values."""

    def __init__(self, k: Floats, n: Floats, at: Floats) -> None:
        self._k, self._n, self._at = k, n, at
        design = _design(n, at)
        self._others = np.delete(design, 1, axis=1)
        self._time = design[:, 1]
        eta = _irls(k, n, design)[1]
        self._least = _deviance(k, n, eta)
        share = _expit(eta)
        information = np.einsum("jw,wp,wq->jpq", n * share * (1 - share), design, design)
        self._error = np.sqrt(np.linalg.inv(information + 1e-9 * np.eye(design.shape[1]))[:, 1, 1])

    def _root(self, slope: Floats) -> Floats:
        eta = _irls(self._k, self._n, self._others, slope[:, None] * self._time)[1]
        return np.sqrt(np.maximum(_deviance(self._k, self._n, eta) - self._least, 0.0))

    def end(self, slope: Floats, bound: Floats, *, side: int) -> Floats:
        """The slope, below (-1) or above (1) the best one, at which the root of the rise in deviance equals ``bound``.

        Found by the Illinois variant of regula falsi (Dowell and Jarratt 1971). The root is almost linear in the
        slope, so a few steps find what bisection needs two dozen for.
        """
        inside, step = slope.copy(), bound * self._error
        outside = slope + side * step
        below, above = -bound, self._root(outside) - bound
        for _ in range(12):  # an interval without an end on this side stops at the last of these
            short = above < 0
            if not short.any():
                break
            inside, below = np.where(short, outside, inside), np.where(short, above, below)
            step = np.where(short, 2 * step, step)
            outside = np.where(short, outside + side * step, outside)
            above = np.where(short, self._root(outside) - bound, above)
        found, stayed = outside, np.zeros(len(slope))
        is_open = above < 0
        for _ in range(24):
            gap = np.where(above > below, above - below, 1.0)
            met = outside - above * (outside - inside) / gap
            moved, found = np.abs(met - found), np.where(is_open, outside, met)
            if (is_open | (moved <= 1e-9 * np.abs(outside - slope))).all():
                break
            value = self._root(found) - bound
            short = value < 0
            inside, outside = np.where(short, found, inside), np.where(short, outside, found)
            # An end that stays twice counts half; otherwise it could stay for ever (the Illinois rule).
            below, above = (
                np.where(short, value, np.where(stayed < 0, below / 2, below)),
                np.where(short, np.where(stayed > 0, above / 2, above), value),
            )
            stayed = np.where(short, 1, -1)
        return found


def _design(n: Floats, at: Floats) -> Floats:
    """Columns of the model ``(n_weeks, 3)``: a constant, the week, and the log of its papers; the last two centred."""
    full = np.log(n)
    return np.stack([np.ones_like(at), at - at.mean(), full - full.mean()], axis=1)


def _expit(eta: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(eta, -_MAX_LOGIT, _MAX_LOGIT)))


def _irls(k: Floats, n: Floats, design: Floats, offset: Floats | float = 0.0) -> tuple[Floats, Floats]:
    """Coefficients and linear predictors of a binomial GLM for every row of ``k``, by reweighted least squares.

    A test compares it with ``statsmodels.api.GLM``. This one fits all terms at once: a digest has hundreds, a backtest
    a million.
    """
    share = (k + 0.5) / (n + 1)
    eta = np.log(share / (1 - share))
    coefficients: Floats = np.zeros((len(k), design.shape[1]))
    ridge = 1e-9 * np.eye(design.shape[1])
    for i in range(_MAX_ITERATIONS):
        p = share if i == 0 else _expit(eta)
        weight = np.maximum(n * p * (1 - p), 1e-10)
        working = eta + (k - n * p) / weight - offset
        crossed = design.T @ (weight[:, :, None] * design) + ridge
        solved = np.linalg.solve(crossed, ((weight * working) @ design)[..., None])
        new = np.asarray(solved[..., 0], dtype=np.float64)
        moved = float(np.max(np.abs(new - coefficients))) if len(k) else 0.0
        coefficients = new
        eta = np.clip(coefficients @ design.T + offset, -_MAX_LOGIT, _MAX_LOGIT)
        if moved < 1e-8:
            break
    return coefficients, eta


def _deviance(k: Floats, n: Floats, eta: Floats) -> Floats:
    """Twice the drop of log-likelihood from a perfect fit, less what does not depend on the fit."""
    softplus = np.logaddexp(0.0, eta)
    result: Floats = -2 * np.sum(k * eta - n * softplus, axis=1)
    return result


def _trigamma_inverse(value: float) -> float:
    """The argument whose trigamma is ``value``, by Newton's method (Smyth 2004, appendix)."""
    from scipy.special import polygamma

    if value > 1e7:
        return float(1 / np.sqrt(value))
    if value < 1e-6:
        return 1 / value
    y = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(polygamma(1, y))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, y))
        y += step
        if -step / y < 1e-8:
            break
    return y
