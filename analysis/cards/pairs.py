"""Pairs of facets that papers have together more often than chance: where a technique is more common.

Two facets of different kinds are tested against independence within every week, so that a common course over the weeks
makes no pair. Given the week's margins, the number of papers with both is a sum of independent binary variables with a
known mean (the probability generating function of the hypergeometric distribution has real roots only), so the upper
tail of the binomial with as many trials as the smaller margin bounds it (Hoeffding 1956). The false-discovery rate over
all pairs tested is controlled by Benjamini and Hochberg (1995), and in the same way over the changes of called pairs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.cards.log_odds import shrunk_ratios
from analysis.trends.growth import MIN_PAPERS, change_points, fit_growth, papers_at_larger_end
from domain.facet import Facet, FacetKind
from domain.paper_facets import PaperFacets
from domain.trend_calls import WINDOW_WEEKS
from domain.week import Week

PAIRED_KINDS: tuple[FacetKind, ...] = ("technique", "theme", "domain", "topic")
FALSE_DISCOVERY_RATE = 0.05
MIN_FACET_PAPERS = 30
"""Papers below which a facet is not tested with others."""
MIN_BOTH = 5
"""Papers with both facets below which no pair is called."""
MIN_RATIO = 1.2
"""A called pair has at least this ratio at the lower end of its interval."""


@dataclass(frozen=True, eq=False)
class PairCounts:
    """Weekly counts of facets and of every two of them.

    ``weeks`` are ascending; ``n``, int64 ``(n_weeks,)``, counts their papers. ``k``, int64 ``(n_weeks, n_facets)``,
    counts those of each facet, and ``both``, int32 ``(n_weeks, n_facets, n_facets)``, those of two.
    """

    weeks: tuple[Week, ...]
    facets: tuple[Facet, ...]
    n: NDArray[np.int64]
    k: NDArray[np.int64]
    both: NDArray[np.int32]

    def until(self, week: Week) -> PairCounts:
        """The counts up to ``week``, which is included."""
        end = sum(w <= week for w in self.weeks)
        return PairCounts(self.weeks[:end], self.facets, self.n[:end], self.k[:end], self.both[:end])


@dataclass(frozen=True)
class CalledPair:
    """Two facets that papers have together more often than chance.

    ``k_both`` of ``n`` papers have both, ``k`` of them the first and the second. ``ratios`` are, for the first facet in
    the papers of the second and then the other way round, the shrunk ratio of its share there to that elsewhere, with
    the ends of its interval. ``changes`` are, in the same order, whether the share there is called to have moved and
    since which week, ``None`` where no point of change tells that.
    """

    facets: tuple[Facet, Facet]
    k: tuple[int, int]
    k_both: int
    n: int
    q_value: float
    ratios: tuple[tuple[float, float, float], tuple[float, float, float]]
    changes: tuple[tuple[Literal["rising", "falling"] | None, Week | None], ...]
    first_week: Week
    last_week: Week


@dataclass(frozen=True)
class Pairs:
    """The called pairs, surest first, and how many were tested."""

    n_tested: int
    called: tuple[CalledPair, ...]


def pair_counts(
    facets: PaperFacets, columns: Sequence[Facet], week_of: NDArray[np.int64], weeks: Sequence[Week]
) -> PairCounts:
    """Weekly counts of facets and their pairs.

    Parameters
    ----------
    week_of : the number of each paper's week in ``weeks``, ``(n_papers,)``; -1 for a paper that is not counted.
    """
    from scipy.sparse import csr_array

    place = [facets.rows_of(facet) for facet in columns]
    rows = np.concatenate(place) if place else np.zeros(0, dtype=np.int32)
    column = np.repeat(np.arange(len(place)), [len(of) for of in place])
    has = csr_array((np.ones(len(rows), dtype=np.int64), (rows, column)), shape=(len(week_of), len(columns)))
    shape = (len(weeks), len(columns))
    n, k = np.zeros(len(weeks), dtype=np.int64), np.zeros(shape, dtype=np.int64)
    both = np.zeros((*shape, len(columns)), dtype=np.int32)
    for number in range(len(weeks)):
        of_week = has[np.flatnonzero(week_of == number)]
        n[number] = of_week.shape[0]
        both[number] = (of_week.T @ of_week).toarray()
        k[number] = np.diagonal(both[number])
    return PairCounts(tuple(weeks), tuple(columns), n, k, both)


def called_pairs(counts: PairCounts, *, lacking: Collection[Week] = (), corrected: bool = True) -> Pairs:
    """The pairs of the counted weeks.

    A pair with a topic is tested over the weeks in which papers have topics. Weeks that lack papers are used for pairs,
    which compare papers of one week, but not for changes. Only a benchmark sets ``corrected`` false, to test every pair
    alone.
    """
    from scipy.stats import binom, false_discovery_control

    kinds = [kind for kind, _ in counts.facets]
    is_topic = np.array([kind == "topic" for kind in kinds], dtype=bool)
    with_topics = counts.k[:, is_topic].sum(axis=1) > 0
    spans: Mapping[bool, NDArray[np.bool_]] = {False: counts.n > 0, True: with_topics}
    found: list[tuple[int, int, bool, int, int, int, int]] = []
    p_values: list[NDArray[np.float64]] = []
    order = {kind: i for i, kind in enumerate(PAIRED_KINDS)}
    first, second = np.triu_indices(len(kinds), 1)
    number = np.array([order[kind] for kind in kinds])
    first, second = first[number[first] != number[second]], second[number[first] != number[second]]
    for topical, span in spans.items():
        if not span.any():
            continue
        k_all = counts.k[span].sum(axis=0)
        use = (is_topic[first] | is_topic[second]) == topical
        use &= (k_all[first] >= MIN_FACET_PAPERS) & (k_all[second] >= MIN_FACET_PAPERS)
        a, b = first[use], second[use]
        k, n, both = counts.k[span], counts.n[span], counts.both[span]
        observed = both[:, a, b].sum(axis=0)
        expected = (k[:, a] * (k[:, b] / n[:, None])).sum(axis=0)
        trials = np.minimum(k[:, a], k[:, b]).sum(axis=0)
        rate = np.divide(expected, trials, out=np.zeros(len(a)), where=trials > 0)
        p_values.append(binom.sf(observed - 1, trials, np.minimum(rate, 1)))
        n_all = int(n.sum())
        columns = zip(a.tolist(), b.tolist(), k_all[a].tolist(), k_all[b].tolist(), observed.tolist(), strict=True)
        found += [(i, j, topical, k_a, k_b, o, n_all) for i, j, k_a, k_b, o in columns]
    if not found:
        return Pairs(0, ())
    p = np.clip(np.concatenate(p_values), 0, 1)
    q_values = false_discovery_control(p) if corrected else p
    ratios = _ratios(counts.facets, found)
    kept = [
        (row, float(q), of)
        for row, q, of in zip(found, q_values, ratios, strict=True)
        if q < FALSE_DISCOVERY_RATE and row[5] >= MIN_BOTH and min(of[0][1], of[1][1]) >= MIN_RATIO
    ]
    moves = _changes(counts, [(i, j, spans[topical]) for (i, j, topical, *_), _, _ in kept], lacking)
    called = []
    for ((i, j, topical, k_a, k_b, both_ab, n_all), q, of), changes in zip(kept, moves, strict=True):
        held = [week for week, use in zip(counts.weeks, spans[topical].tolist(), strict=True) if use]
        pair = counts.facets[i], counts.facets[j]
        called.append(CalledPair(pair, (k_a, k_b), both_ab, n_all, q, of, changes, held[0], held[-1]))
    return Pairs(len(found), tuple(sorted(called, key=lambda one: (one.q_value, -one.k_both, one.facets))))


def _ratios(
    facets: Sequence[Facet], found: Sequence[tuple[int, int, bool, int, int, int, int]]
) -> list[tuple[tuple[float, float, float], tuple[float, float, float]]]:
    """The shrunk ratios of each pair in both directions; pairs of the same two kinds are shrunk together."""
    table = np.array([row[3:] for row in found], dtype=float)
    families = [(facets[i][0], facets[j][0]) for i, j, *_ in found]
    values = np.zeros((len(found), 2, 3))
    for family in set(families):
        at = np.array([one == family for one in families], dtype=bool)
        k_a, k_b, both, n = table[at].T
        for side, (own, of) in enumerate(((k_a, k_b), (k_b, k_a))):
            shrunk = shrunk_ratios(both, of, own - both, n - of)
            values[at, side] = np.stack([shrunk.ratio, shrunk.low, shrunk.high], axis=1)
    return [((a[0], a[1], a[2]), (b[0], b[1], b[2])) for a, b in values.tolist()]


def _changes(
    counts: PairCounts, pairs: Sequence[tuple[int, int, NDArray[np.bool_]]], lacking: Collection[Week]
) -> list[tuple[tuple[Literal["rising", "falling"] | None, Week | None], ...]]:
    """Whether each facet's share of the other's papers has moved, in both directions, and since when."""
    from scipy.stats import false_discovery_control

    usable = np.array([week not in lacking for week in counts.weeks], dtype=bool)
    recent = np.array([week > counts.weeks[-1].plus(-WINDOW_WEEKS) for week in counts.weeks], dtype=bool)
    slopes, p_values, series = [], [], []
    for i, j, span in pairs:
        for of in (j, i):
            k, n = counts.both[:, i, j].astype(np.int64), np.where(span & usable, counts.k[:, of], 0)
            held = (n > 0) & recent
            weeks = [week for week, use in zip(counts.weeks, held.tolist(), strict=True) if use]
            fit = fit_growth(k[None, held], n[held], weeks) if weeks else None
            slopes.append(float("nan") if fit is None else float(fit.slope[0]))
            p_values.append(float("nan") if fit is None else float(fit.p_value[0]))
            # As in calls: what too few papers show is tested, and counts as no movement.
            if fit is not None and papers_at_larger_end(k[None, held], fit.slope)[0] < MIN_PAPERS:
                p_values[-1] = max(p_values[-1], 1.0)
            series.append((k, n))
    p = np.array(p_values)
    tested = ~np.isnan(p)
    moved = np.zeros(len(p), dtype=bool)
    if tested.any():
        moved[tested] = false_discovery_control(np.clip(p[tested], 0, 1)) < FALSE_DISCOVERY_RATE
    sides: list[tuple[Literal["rising", "falling"] | None, Week | None]] = []
    for slope, has_moved, (k, n) in zip(slopes, moved.tolist(), series, strict=True):
        if not has_moved:
            sides.append((None, None))
            continue
        turns = change_points(k, n, counts.weeks)
        same = [t.week for t in turns if (t.share_after > t.share_before) == (slope > 0)]
        sides.append(("rising" if slope > 0 else "falling", same[-1] if same else None))
    return [tuple(sides[at : at + 2]) for at in range(0, len(sides), 2)]
