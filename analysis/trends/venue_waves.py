"""Waves of a venue's papers: weeks in which many papers name a conference, and the moves that are theirs.

A conference's papers reach arXiv within a few weeks, and what it is about seems to rise, or to fall when they are over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from statistics import median

import numpy as np

from analysis.trends.trend_calls import TermCounts, TermKey, direction, growth_at, make_calls
from domain.digest import VenueWave
from domain.paper import ArxivId
from domain.trend_calls import CallVerdict, TrendCall
from domain.week import Week, weeks_before

MIN_WAVE_PAPERS = 8
"""Papers of a week that name a venue, below which they are no wave."""
TIMES_USUAL = 3
"""A wave has at least this many times the median of the weeks before."""
MIN_EXPLAINED = 0.25
"""A wave explains a move only if the slope loses this share of itself without the wave's papers. All terms are tested
together, so one paper of another term, or a single one of this, can take the verdict from a move that is barely called.
"""
N_USUAL_WEEKS = 8
"""Weeks before that tell how many papers are usual; at least half of them must be held."""


def venue_waves(named: Mapping[Week, Mapping[ArxivId, str]], week: Week) -> tuple[VenueWave, ...]:
    """The waves of a week, the largest first.

    Parameters
    ----------
    named : by week held, the venue of each paper that names one.
    """
    before = [named[w] for w in weeks_before(week, N_USUAL_WEEKS) if w in named]
    if week not in named or len(before) < N_USUAL_WEEKS // 2:
        return ()
    last_year = named.get(week.plus(-52))
    usual = [Counter(venues.values()) for venues in before]
    waves = []
    for venue, n_papers in Counter(named[week].values()).items():
        n_usual = float(median(counts[venue] for counts in usual))
        if n_papers >= MIN_WAVE_PAPERS and n_papers >= TIMES_USUAL * n_usual:
            n_last_year = None if last_year is None else sum(v == venue for v in last_year.values())
            waves.append(VenueWave(venue, n_papers, n_usual, n_last_year))
    return tuple(sorted(waves, key=lambda wave: (-wave.n_papers, wave.venue)))


def counts_without(counts: TermCounts, papers: Mapping[Week, Sequence[Collection[TermKey]]]) -> TermCounts:
    """The counts without some papers.

    Parameters
    ----------
    papers : by week, the terms of each paper that is left out.
    """
    row_of = {key: row for row, key in enumerate(counts.terms)}
    k, n = counts.k.copy(), counts.n.copy()
    for column, week in enumerate(counts.weeks):
        for terms in papers.get(week, ()):
            n[column] -= 1
            rows = [row_of[term] for term in terms if term in row_of]
            k[rows, column] -= 1
    return replace(counts, n=np.maximum(n, 0), usable=counts.usable & (n > 0), k=np.maximum(k, 0))


def moves_of_waves(
    counts: TermCounts,
    week: Week,
    calls: Sequence[TrendCall],
    papers: Mapping[str, Mapping[Week, Sequence[Collection[TermKey]]]],
    *,
    false_discovery_rate: float,
) -> dict[TermKey, tuple[str, CallVerdict]]:
    """The called moves that lose their direction, and much of their slope, without a venue's wave.

    Returns the venue and the verdict without it.

    Parameters
    ----------
    calls : of the week.
    papers : by venue and week, the terms of each paper of its waves.
    """
    found: dict[TermKey, tuple[str, CallVerdict]] = {}
    moving = {(call.kind, call.key): direction(call.verdict) for call in calls if call.is_movement}
    slopes = _slopes(counts, week)
    for venue, by_week in papers.items():
        touched = {term for of_week in by_week.values() for terms in of_week for term in terms}
        if not touched & moving.keys():
            continue
        left = counts_without(counts, by_week)
        without = make_calls(left, week, called_up=(), false_discovery_rate=false_discovery_rate, with_intervals=False)
        slopes_left = _slopes(left, week)
        for call in without:
            key = call.kind, call.key
            if key not in touched or key not in moving or direction(call.verdict) == moving[key]:
                continue
            # A slope that is NaN without the wave's papers had nothing else to rest on.
            if not slopes_left[key] / slopes[key] > 1 - MIN_EXPLAINED:
                found.setdefault(key, (venue, call.verdict))
    return found


def _slopes(counts: TermCounts, week: Week) -> dict[TermKey, float]:
    """The slope of each term's line up to a week."""
    return {
        term: slope
        for span in growth_at(counts, week)
        for term, slope in zip(span.window.terms, span.fit.slope.tolist(), strict=True)
    }
