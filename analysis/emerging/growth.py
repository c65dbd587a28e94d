"""Which phrases grow, out of all that are counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.emerging.phrases import PhraseCounts
from domain.emerging import MAX_BEFORE_WEEKS, RECENT_WEEKS

MIN_PAPERS = 8
"""Papers of the recent weeks below which a phrase is not tested."""
MIN_ACTIVE_WEEKS = 4
"""In this many of the recent weeks at least one paper holds the phrase."""
MIN_TEAMS = 5
MAX_SHARE_BEFORE = 0.001
"""Share of the papers before above which a phrase is no longer new."""
MIN_GROWTH = 2.0
"""The lower bound of the growth of a phrase's share, as a factor."""
FALSE_DISCOVERY_RATE = 0.05
LOW_LEVEL = 0.95
"""One-sided level of the lower bound of growth."""
NESTED_SHARE = 0.6
"""Of two phrases, one in the other, the longer is kept if this share of the shorter one's papers hold it."""


@dataclass(frozen=True, eq=False)
class GrowthTests:
    """Every phrase tested at one week, with what was compared.

    All arrays are ``(n_tested,)``: ``phrase`` the place in ``PhraseCounts``; ``k`` the recent papers and ``k_before``
    those before, of ``n`` and ``n_before``; ``p_value`` of no growth; ``grows`` whether it is a discovery at
    ``FALSE_DISCOVERY_RATE``; ``low`` the lower bound of the ratio of the two shares.
    """

    phrase: NDArray[np.int64]
    k: NDArray[np.int64]
    k_before: NDArray[np.int64]
    n: int
    n_before: int
    p_value: NDArray[np.float64]
    grows: NDArray[np.bool_]
    low: NDArray[np.float64]


def growth_tests(counts: PhraseCounts, week: int) -> GrowthTests:
    """Test every phrase with enough recent papers at a week, a place of ``counts.source.weeks``.

    Given how many papers hold a phrase in both spans together, those in the recent span are binomial (Przyborowski and
    Wilenski 1940). The test is one-sided against equal shares; Benjamini and Hochberg's procedure (1995) is over all
    phrases with ``MIN_PAPERS`` recent papers. ``low`` is ``Compared.growth_low``.
    """
    from scipy.stats import binom

    recent, before = spans(week)
    k_all = counts.k[:, recent].sum(axis=1)
    phrase = np.flatnonzero(k_all >= MIN_PAPERS)
    k, k_before = k_all[phrase].astype(np.int64), counts.k[phrase, before].sum(axis=1).astype(np.int64)
    n, n_before = int(counts.n[recent].sum()), int(counts.n[before].sum())
    chance = n / max(1, n + n_before)
    p_value = np.ones(len(phrase))
    low = np.zeros(len(phrase))
    above = k * n_before > k_before * n  # the others have a p-value above any threshold
    p_value[above] = binom.sf(k[above] - 1, (k + k_before)[above], chance)
    grows = _discoveries(p_value)
    compared = [Compared(*of, n, n_before) for of in zip(k[grows].tolist(), k_before[grows].tolist(), strict=True)]
    low[grows] = [of.growth_low for of in compared]
    return GrowthTests(phrase, k, k_before, n, n_before, p_value, grows, low)


@dataclass(frozen=True)
class Compared:
    """``k`` of ``n`` recent papers and ``k_before`` of ``n_before`` papers before them hold a phrase.

    Examples
    --------
    >>> few, none = Compared(20, 4, 24_000, 75_000), Compared(20, 0, 24_000, 75_000)
    >>> round(few.growth or 0, 1), round(few.growth_low, 1), none.growth, round(none.growth_low, 1)
    (15.6, 6.0, None, 19.3)
    """

    k: int
    k_before: int
    n: int
    n_before: int

    @property
    def growth(self) -> float | None:
        """The ratio of the two shares; ``None`` where no paper before holds the phrase."""
        if not self.k_before or not self.n:
            return None
        return (self.k / self.n) / (self.k_before / self.n_before)

    @property
    def growth_low(self) -> float:
        """Clopper and Pearson's lower bound of that ratio, at ``LOW_LEVEL``; 0 without papers."""
        from scipy.special import betaincinv

        if not self.k or not self.n or not self.n_before:
            return 0.0
        bound = float(betaincinv(self.k, self.k_before + 1, 1 - LOW_LEVEL))
        return bound / (1 - bound) * self.n_before / self.n

    @property
    def is_new_and_grows(self) -> bool:
        """Whether the phrase is in enough recent papers, was rare before, and has surely grown by ``MIN_GROWTH``."""
        return (
            self.k >= MIN_PAPERS and self.k_before <= MAX_SHARE_BEFORE * self.n_before and self.growth_low >= MIN_GROWTH
        )


def spans(week: int) -> tuple[slice, slice]:
    """The recent weeks that end with ``week``, and those before."""
    first = max(0, week - RECENT_WEEKS + 1)
    return slice(first, week + 1), slice(max(0, first - MAX_BEFORE_WEEKS), first)


def _discoveries(p_value: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Benjamini and Hochberg's discoveries at ``FALSE_DISCOVERY_RATE``."""
    order = np.argsort(p_value, kind="stable")
    below = np.flatnonzero(
        p_value[order] <= FALSE_DISCOVERY_RATE * np.arange(1, len(p_value) + 1) / max(1, len(p_value))
    )
    found = np.zeros(len(p_value), dtype=bool)
    if len(below):
        found[order[: below[-1] + 1]] = True
    return found


def new_and_growing(
    counts: PhraseCounts, tests: GrowthTests, week: int, *, min_growth: float = MIN_GROWTH
) -> NDArray[np.int64]:
    """The phrases that grow, were rare before and are in enough of the recent weeks; places in ``tests``."""
    recent, _ = spans(week)
    active = (counts.k[tests.phrase][:, recent] > 0).sum(axis=1) >= MIN_ACTIVE_WEEKS
    rare = tests.k_before <= MAX_SHARE_BEFORE * tests.n_before
    return np.flatnonzero(tests.grows & (tests.low >= min_growth) & active & rare)


def without_nested(counts: PhraseCounts, candidates: Sequence[int], papers: Sequence[NDArray[np.int32]]) -> list[int]:
    """Places of the candidates that stay where one phrase is in another.

    The longer stays if it is in ``NESTED_SHARE`` of the shorter one's papers, and the shorter otherwise.

    Parameters
    ----------
    candidates : phrases, as places in ``counts``.
    papers : the papers of each candidate.
    """
    words = [counts.phrases[phrase] for phrase in candidates]
    place = {of: i for i, of in enumerate(words)}
    dropped: set[int] = set()
    for longer in sorted(range(len(words)), key=lambda i: len(words[i])):
        for inner in _parts(words[longer]):
            shorter = place.get(inner)
            if shorter is None:
                continue
            n_shared = len(np.intersect1d(papers[longer], papers[shorter], assume_unique=True))
            if n_shared >= NESTED_SHARE * len(papers[shorter]):
                dropped.add(shorter)
            else:
                dropped.add(longer)
    return [i for i in range(len(words)) if i not in dropped]


def _parts(words: tuple[int, ...]) -> Collection[tuple[int, ...]]:
    n = len(words)
    return {words[i:j] for i in range(n) for j in range(i + 1, n + 1)} - {words}
