"""Calls: which terms rise, fall, emerge, cool or stay steady in a closed week, and whether a call held.

Each term's growth over the last half year is tested against no growth (``analysis.trends.growth``). False discoveries
are controlled (Benjamini and Hochberg 1995) over all terms that are tested that week: techniques, themes, topics and
watched terms together. If the same weeks of the year before are held, a term must also have moved away from its share
in them, because half a year's slope may be seasonal.

A movement must also rest on enough papers where the share is larger: in the newest weeks of a rise, in the first ones
of a fall. There must be ``MIN_PAPERS`` of them, and the interval of the share corrected for the detector's measured
error must lie above 0, because otherwise wrong detections alone could be all of it. A term that fails counts as tested
with a p-value of 1, which keeps the control of false discoveries.

The intervals are those of Benjamini and Yekutieli (2005): of ``m`` terms tested at a false-discovery rate ``q``, of
which ``r`` move, each has an interval at the level ``1 - q max(r, 1) / m``. Such an interval leaves out no change
exactly where Benjamini and Hochberg's procedure finds a movement, so word and interval cannot disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.trends.detector_error import MeasuredError, corrected_shares
from analysis.trends.growth import MIN_PAPERS, GrowthFit, fit_growth, papers_at_larger_end, weeks_before_move
from domain.detections import ADOPTS
from domain.trend_calls import (
    DOWNWARD,
    MIN_WEEKS,
    NOW_WEEKS,
    UPWARD,
    WINDOW_WEEKS,
    CallKind,
    CallScore,
    CallVerdict,
    TrendCall,
)
from domain.week import Week
from domain.weekly_table_schemas import WEEKLY_COUNTS, WEEKLY_TOTALS

EMERGING_BELOW = 0.01
"""A rise is called emerging if the share before it was below this and has at least doubled."""
YEAR_WEEKS = 8
"""This many weeks are compared with the same weeks of the year before."""
YEAR_LEVEL = 0.05
"""Significance level of that comparison, one-sided."""
COOLING_WITHIN_WEEKS = 52
"""A fall is called cooling if a rise was called within this many weeks before it."""

METHOD = "growth-4"
"""Name of the method, stored with every call; it must change whenever the same counts would give other calls."""

TermKey = tuple[CallKind, str]


@dataclass(frozen=True, eq=False)
class TermCounts:
    """Weekly counts of many terms.

    ``weeks`` are ascending. ``n``, int64 ``(n_weeks,)``, counts their papers. ``usable``, bool ``(n_weeks,)``, says
    which weeks may be fitted: those with enough papers that are not known to lack some. ``k``, int64
    ``(n_terms, n_weeks)``, counts each term's papers. ``topics_since`` is the first week whose papers are embedded, so
    that topics can be counted; ``None`` if all are. ``errors`` are the detector's, of the terms where they are
    measured.
    """

    weeks: tuple[Week, ...]
    n: NDArray[np.int64]
    usable: NDArray[np.bool_]
    terms: tuple[TermKey, ...]
    k: NDArray[np.int64]
    topics_since: Week | None = None
    errors: Mapping[TermKey, MeasuredError] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n_weeks = len(self.weeks)
        if self.n.shape != (n_weeks,) or self.usable.shape != (n_weeks,) or self.k.shape != (len(self.terms), n_weeks):
            raise ValueError(
                f"expected n and usable of ({n_weeks},) and k of ({len(self.terms)}, {n_weeks}), "
                f"got {self.n.shape}, {self.usable.shape} and {self.k.shape}"
            )

    def until(self, week: Week) -> TermCounts:
        """The counts up to ``week``, which is included."""
        return self._of_weeks(np.array([w <= week for w in self.weeks], dtype=bool))

    def last(self, n_weeks: int) -> TermCounts:
        """The usable weeks among the newest ``n_weeks``."""
        keep = np.zeros(len(self.weeks), dtype=bool)
        keep[-n_weeks:] = True
        return self._of_weeks(keep & self.usable)

    def by_span(self) -> list[tuple[NDArray[np.intp], TermCounts]]:
        """The terms in groups that are counted over the same weeks, each with its rows here: all others, and topics."""
        if self.topics_since is None or not self.weeks or self.topics_since <= self.weeks[0]:
            return [(np.arange(len(self.terms)), self)]
        is_topic = np.array([kind == "topic" for kind, _ in self.terms], dtype=bool)
        embedded = np.array([week >= self.topics_since for week in self.weeks], dtype=bool)
        groups = [(np.flatnonzero(~is_topic), self), (np.flatnonzero(is_topic), self._of_weeks(embedded))]
        return [
            (rows, replace(of, terms=tuple(self.terms[row] for row in rows.tolist()), k=of.k[rows]))
            for rows, of in groups
            if len(rows)
        ]

    def _of_weeks(self, keep: NDArray[np.bool_]) -> TermCounts:
        weeks = tuple(w for w, kept in zip(self.weeks, keep.tolist(), strict=True) if kept)
        return replace(self, weeks=weeks, n=self.n[keep], usable=self.usable[keep], k=self.k[:, keep])


def term_counts(
    totals: pd.DataFrame,
    counts: pd.DataFrame,
    terms: Sequence[TermKey],
    *,
    watched: Mapping[str, Mapping[Week, int]],
    known_incomplete: Collection[Week],
    min_papers: int,
    topics_since: Week | None = None,
    errors: Mapping[TermKey, MeasuredError] | None = None,
) -> TermCounts:
    """Weekly counts of the papers that adopt each term, or hold each watched term's words, as arrays.

    Parameters
    ----------
    totals, counts : tables of schemas ``WEEKLY_TOTALS`` and ``WEEKLY_COUNTS``.
    watched : papers by week of each watched term.
    known_incomplete : weeks that are known to lack papers. An imported week is not proven complete, but not known to
        lack papers either, so it is used.
    min_papers : papers below which a week is not used.
    topics_since : the first week whose papers are embedded; ``None`` if all are.
    errors : the detector's measured error, by term.

    Returns
    -------
    Counts of all weeks in ``totals``: ``terms`` in their order, then the watched terms as kind "query".
    """
    WEEKLY_TOTALS.check(totals)
    WEEKLY_COUNTS.check(counts)
    weeks = tuple(Week(at.date()) for at in totals["week_start"])
    place = {week: i for i, week in enumerate(weeks)}
    keys: list[TermKey] = [*terms, *(("query", words) for words in watched)]
    row_of = {key: i for i, key in enumerate(keys)}
    k = np.zeros((len(keys), len(weeks)), dtype=np.int64)
    columns = (counts[name].tolist() for name in ("kind", "key", "week_start", "level", "k"))
    for kind, key, at, level, n_papers in zip(*columns, strict=True):
        row, column = row_of.get((kind, key)), place.get(Week(at.date()))
        if row is not None and column is not None and level >= ADOPTS:
            k[row, column] += n_papers
    for words, by_week in watched.items():
        for week, n_papers in by_week.items():
            if week in place:
                k[row_of["query", words], place[week]] = n_papers
    n = totals["n"].to_numpy(dtype=np.int64)
    usable = (n >= max(1, min_papers)) & np.array([week not in known_incomplete for week in weeks], dtype=bool)
    return TermCounts(weeks, n, usable, tuple(keys), k, topics_since, errors or {})


@dataclass(frozen=True, eq=False)
class TestedSpan:
    """Terms that are counted over the same weeks, in one week.

    ``rows`` are their rows among all terms, ``past`` their counts up to the week, ``window`` those of the usable weeks
    of the half year that ends with it, and ``fit`` the growth fitted to these.
    """

    rows: NDArray[np.intp]
    past: TermCounts
    window: TermCounts
    fit: GrowthFit


def growth_at(counts: TermCounts, week: Week) -> list[TestedSpan]:
    """The growth of every term up to a week, by the weeks over which it is counted."""
    spans = []
    for rows, past in counts.until(week).by_span():
        window = past.last(WINDOW_WEEKS)
        spans.append(TestedSpan(rows, past, window, fit_growth(window.k, window.n, window.weeks)))
    return spans


def make_calls(
    counts: TermCounts,
    week: Week,
    *,
    called_up: Collection[tuple[str, str]],
    false_discovery_rate: float,
    with_intervals: bool = True,
) -> list[TrendCall]:
    """A call for every term in one week, from that week and those before it.

    Parameters
    ----------
    called_up : terms called rising or emerging in the ``COOLING_WITHIN_WEEKS`` before.
    false_discovery_rate : the share of the week's called moves that may be noise. If no term truly moves, it is also
        the chance that any is called.
    with_intervals : if false, calls have no ``change``. Its interval takes most of the time, and a simulation of many
        years can do without it.

    Returns
    -------
    One call for each term, in the order of ``counts.terms``. The verdict is "unknown" if the week is not usable, if
    fewer than ``MIN_WEEKS`` weeks are, if the term has too few papers, or if it would move and its movement rests on
    too few.
    """
    from statsmodels.stats.multitest import multipletests

    spans = growth_at(counts, week)
    p_values = np.full(len(counts.terms), np.nan)
    is_enough = np.zeros(len(counts.terms), dtype=bool)
    for span in spans:
        weeks = span.window.weeks
        if weeks and weeks[-1] == week and len(weeks) >= MIN_WEEKS:
            p_values[span.rows] = span.fit.p_value
            is_enough[span.rows] = _rests_on_enough(span)
    tested = ~np.isnan(p_values)
    q_values = np.full(len(counts.terms), np.nan)
    if tested.any():
        q_values[tested] = multipletests(np.where(is_enough, p_values, 1.0)[tested], method="fdr_bh")[1]
    moves = q_values < false_discovery_rate
    n_tested, n_moves = int(tested.sum()), int(moves.sum())
    level = 1 - false_discovery_rate * max(n_moves, 1) / max(n_tested, 1)
    q_values[tested & ~is_enough & (p_values < 1 - level)] = np.nan  # its interval leaves out 0, but on too few papers
    calls: dict[int, TrendCall] = {}
    for span in spans:
        calls |= _calls_of_span(
            span, week, q_values, moves, called_up=called_up, level=level if with_intervals else None
        )
    return [calls[row] for row in range(len(counts.terms))]


def _calls_of_span(
    span: TestedSpan,
    week: Week,
    q_values: NDArray[np.float64],
    moves: NDArray[np.bool_],
    *,
    called_up: Collection[tuple[str, str]],
    level: float | None,
) -> dict[int, TrendCall]:
    """The calls of the terms of one span, by row; ``q_values`` and ``moves`` are of all terms, the former NaN where
    nothing is known of a term. Without a level no interval is computed."""
    window, fit = span.window, span.fit
    changes = fit.changes(level) if level is not None else [None] * len(span.rows)
    beyond_year = _beyond_last_year(span.past, window, fit)
    n_before = weeks_before_move(len(window.weeks))
    calls = {}
    for i, row in enumerate(span.rows.tolist()):
        kind, key = window.terms[i]
        is_tested = not np.isnan(q_values[row])
        k_now, n_now = int(window.k[i, -NOW_WEEKS:].sum()), int(window.n[-NOW_WEEKS:].sum())
        k_before, n_papers_before = int(window.k[i, :n_before].sum()), int(window.n[:n_before].sum())
        share = k_now / n_now if n_now else float("nan")
        share_before = k_before / n_papers_before if n_papers_before else float("nan")
        verdict: CallVerdict = "unknown"
        if is_tested:
            if not moves[row]:
                verdict = "steady"
            elif not beyond_year[i]:
                verdict = "seasonal"
            elif fit.slope[i] > 0:
                is_small = share_before < EMERGING_BELOW and share >= 2 * share_before
                verdict = "emerging" if is_small else "rising"
            else:
                verdict = "cooling" if (kind, key) in called_up else "falling"
        calls[row] = TrendCall(
            week=week,
            kind=kind,
            key=key,
            verdict=verdict,
            q_value=float(q_values[row]) if is_tested else None,
            share=share,
            share_before=share_before,
            n=n_now,
            change=changes[i] if is_tested else None,
        )
    return calls


def _rests_on_enough(span: TestedSpan) -> NDArray[np.bool_]:
    """Whether a term has enough papers at the larger end of its line, and surely some that the detector is right about.

    Where the detector's error is not measured, the papers are taken as they are.
    """
    window, slope = span.window, span.fit.slope
    k = papers_at_larger_end(window.k, slope)
    n = papers_at_larger_end(np.broadcast_to(window.n, window.k.shape), slope)
    is_enough = k >= MIN_PAPERS
    for row, term in enumerate(window.terms):
        error = window.errors.get(term)
        if is_enough[row] and error is not None and error.is_informative:
            is_enough[row] = corrected_shares([int(k[row])], [int(n[row])], error)[1][0] > 0
    return is_enough


def _beyond_last_year(past: TermCounts, window: TermCounts, fit: GrowthFit) -> NDArray[np.bool_]:
    """Whether a term's newest weeks differ from the same weeks of the year before in the direction of its slope.

    A one-sided test of two shares at ``YEAR_LEVEL``, with their pooled variance times the dispersion. True if fewer
    than half of the weeks of last year are usable.
    """
    from scipy.special import ndtr

    all_true = np.ones(len(past.terms), dtype=bool)
    now = window.weeks[-YEAR_WEEKS:]
    wanted = {week.plus(-52) for week in now}
    then = np.array([w in wanted for w in past.weeks], dtype=bool) & past.usable
    if not now or then.sum() < max(1, len(now) // 2):
        return all_true
    k_now, n_now = window.k[:, -YEAR_WEEKS:].sum(axis=1), float(window.n[-YEAR_WEEKS:].sum())
    k_then, n_then = past.k[:, then].sum(axis=1), float(past.n[then].sum())
    pooled = (k_now + k_then) / (n_now + n_then)
    error = np.sqrt(np.maximum(pooled * (1 - pooled), 1e-12) * (1 / n_now + 1 / n_then) * fit.dispersion)
    z = (k_now / n_now - k_then / n_then) / error * np.sign(fit.slope)
    return np.where(np.isnan(z), True, ndtr(-z) < YEAR_LEVEL)


def score_call(call: TrendCall, counts: TermCounts, *, horizon_weeks: int) -> CallScore | None:
    """Whether a called move held ``horizon_weeks`` later; ``None`` while the weeks that decide are not all usable.

    The weeks that decide are the ``NOW_WEEKS`` that end then. A move held if their share is past the middle between
    the share before the move and the share when it was called; a call that was noise falls back. The score is unknown
    for a term that is no longer counted, such as a topic that the newest fit does not have.

    Raises
    ------
    ValueError
        If the call is not of a move.
    """
    if not direction(call.called):
        raise ValueError(f"expected a call of a move, got {call.called!r} for {call.kind} {call.key}")
    then = {call.week.plus(horizon_weeks - i) for i in range(NOW_WEEKS)}
    is_counted = counts.usable & np.array([_is_counted(call.kind, week, counts) for week in counts.weeks], dtype=bool)
    columns = [i for i, week in enumerate(counts.weeks) if week in then and is_counted[i]]
    if len(columns) < NOW_WEEKS:
        return None
    if (call.kind, call.key) not in counts.terms:
        return CallScore(horizon_weeks, None, None)
    row = counts.terms.index((call.kind, call.key))
    share = float(counts.k[row, columns].sum() / counts.n[columns].sum())
    halfway = (call.share + call.share_before) / 2
    is_up = call.called in UPWARD
    # The fitted line may rise although the last weeks lie below the first; such a call cannot be scored.
    if (call.share > call.share_before) != is_up:
        return CallScore(horizon_weeks, None, share)
    return CallScore(horizon_weeks, bool(share > halfway) if is_up else bool(share < halfway), share)


def _is_counted(kind: CallKind, week: Week, counts: TermCounts) -> bool:
    return kind != "topic" or counts.topics_since is None or week >= counts.topics_since


def direction(verdict: CallVerdict) -> int:
    """1 for a rise, -1 for a fall, 0 for neither."""
    return (verdict in UPWARD) - (verdict in DOWNWARD)
