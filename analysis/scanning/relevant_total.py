"""How many papers of a set a reader would keep, from the papers decided so far and random draws among the rest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
"""Of every interval here."""


@dataclass(frozen=True)
class Draw:
    """A paper that was drawn at random among the papers of a set that were not decided yet.

    ``n_undecided`` is how many those were, with the paper drawn, at least 1. ``n_kept`` is how many papers of the set
    had been kept by then.
    """

    n_undecided: int
    n_kept: int
    is_kept: bool


@dataclass(frozen=True)
class RelevantTotal:
    """How many papers of a set a reader would keep: those kept so far, and an interval for all.

    Attributes
    ----------
    n_papers : of the set.
    n_decided : of them.
    n_kept : papers kept so far, the part that is known.
    low, high : the interval, with both ends. It holds at all times together, so a reader may stop when it pleases.
    """

    n_papers: int
    n_decided: int
    n_kept: int
    low: int
    high: int

    @property
    def recall_low(self) -> float:
        """The share of what the reader would keep that was seen, at least; 1 where nothing more can be there."""
        return self.n_kept / self.high if self.high else 1.0

    @property
    def recall_high(self) -> float:
        """The share of what the reader would keep that was seen, at most."""
        return self.n_kept / self.low if self.low else 1.0

    def is_seen(self, target: float) -> bool:
        """Whether the share ``target`` of what the reader would keep was surely seen."""
        return self.recall_low >= target


def relevant_total(draws: Sequence[Draw], *, n_papers: int, n_decided: int, n_kept: int) -> RelevantTotal:
    """The interval for how many of a set's papers a reader would keep, at ``LEVEL``.

    The papers that are not drawn may be chosen in any way, such as best first, and draws and choices may take turns as
    earlier decisions suggest. All that is used is that each draw was uniform among what was undecided: if ``K`` papers
    of the set would be kept and ``n_kept`` of them are, the next draw is one with probability ``(K - n_kept) /
    n_undecided``. A prediction made before each draw, divided by that probability and multiplied up, is a martingale
    for the true ``K``; by Ville's inequality it ever reaches ``1 / (1 - LEVEL)`` with at most that probability, and a
    ``K`` for which it did is left out (Waudby-Smith and Ramdas 2020, "Confidence sequences for sampling without
    replacement").

    Parameters
    ----------
    draws : in the order in which they were decided.
    n_papers, n_decided, n_kept : of the set, now.

    Raises
    ------
    ValueError
        If the counts contradict each other.

    Examples
    --------
    >>> total = relevant_total([], n_papers=300, n_decided=40, n_kept=12)
    >>> total.low, total.high
    (12, 272)
    """
    _Evidence.require(n_papers, n_decided, n_kept)
    evidence = _Evidence(n_papers)
    for draw in draws:
        evidence.add(draw)
    return evidence.total(n_decided, n_kept)


def draws_until_seen(
    draws: Sequence[Draw],
    *,
    n_papers: int,
    n_decided: int,
    n_kept: int,
    target: float,
    n_passed: int = 0,
    n_undecided: int = 0,
) -> int | None:
    """How many more random draws, none of them kept, show that the share ``target`` was seen; 0 if it is shown already.

    Of the kept papers ``n_passed`` were not decided, and ``n_undecided`` others may be kept; both count only in the
    total. ``None`` where no number of draws would show it: nothing was kept yet, or too many are unsure.
    """
    _Evidence.require(n_papers, n_decided, n_kept)
    evidence = _Evidence(n_papers)
    for draw in draws:
        evidence.add(draw)
    n_left = n_papers - n_decided
    for n_more in range(n_left + 1):
        high = evidence.total(n_decided + n_more, n_kept).high + n_undecided
        if n_kept > n_passed and (n_kept - n_passed) / high >= target:
            return n_more
        if n_more < n_left:
            evidence.add(Draw(n_left - n_more, n_kept, is_kept=False))
    return None


class _Evidence:
    """What draws say against each total of a set, from 0 to ``n_papers``: a likelihood and a martingale."""

    def __init__(self, n_papers: int) -> None:
        self._total = np.arange(n_papers + 1, dtype=np.float64)
        self._log_likelihood = np.zeros(n_papers + 1)
        self._log_predicted = 0.0
        self._greatest = np.full(n_papers + 1, -np.inf)  # of each total's martingale, over time

    @staticmethod
    def require(n_papers: int, n_decided: int, n_kept: int) -> None:
        if not 0 <= n_kept <= n_decided <= n_papers:
            raise ValueError(f"expected 0 <= kept <= decided <= papers, got {n_kept}, {n_decided} and {n_papers}")

    def add(self, draw: Draw) -> None:
        if not 0 < draw.n_undecided <= len(self._total) - 1 or draw.n_kept < 0:
            raise ValueError(f"no such draw from {len(self._total) - 1} papers: {draw}")
        rest = self._total - draw.n_kept
        share = rest / draw.n_undecided
        possible = (share >= 0) & (share <= 1)
        predicted = self._prediction(rest, share, possible)
        with np.errstate(divide="ignore"):
            self._log_likelihood += np.log(np.where(possible, share if draw.is_kept else 1 - share, 0.0))
        self._log_predicted += math.log(predicted if draw.is_kept else 1 - predicted)
        self._greatest = np.maximum(self._greatest, self._log_predicted - self._log_likelihood)

    def _prediction(self, rest: NDArray[np.float64], share: NDArray[np.float64], possible: NDArray[np.bool_]) -> float:
        """The probability, in (0, 1), that the next draw is kept: few papers remain, as far as no draw says otherwise.

        Any prediction from the past keeps the interval true; a good one makes it narrow.
        """
        weight = np.where(possible, self._log_likelihood - _PRIOR_POWER * np.log1p(np.maximum(rest, 0)), -np.inf)
        if not np.isfinite(weight.max()):
            return 0.5
        shares = np.exp(weight - weight.max())
        mean = float((shares * np.where(possible, share, 0)).sum() / shares.sum())
        return min(max(mean, 1e-4), 1 - 1e-4)

    def total(self, n_decided: int, n_kept: int) -> RelevantTotal:
        n_papers = len(self._total) - 1
        candidates = np.arange(n_kept, n_kept + n_papers - n_decided + 1)
        held = candidates[self._greatest[candidates] < -math.log(1 - LEVEL)]
        if not len(held):  # as seldom as the interval is wrong; then only what was counted is known
            held = candidates
        return RelevantTotal(n_papers, n_decided, n_kept, int(held[0]), int(held[-1]))


_PRIOR_POWER = 1.5


def greatest_share(n_kept: int, n_draws: int) -> float:
    """The upper bound, at ``LEVEL``, of the share of papers that a reader would keep, after random draws among them.

    The exact binomial bound (Clopper and Pearson 1934). Drawn without replacement from finitely many papers, the share
    of those not drawn yet is smaller still. Every draw must have been made beforehand or their number be fixed.

    Examples
    --------
    >>> round(greatest_share(0, 149), 3), greatest_share(0, 0)
    (0.02, 1.0)
    """
    if not 0 <= n_kept <= n_draws:
        raise ValueError(f"expected 0 <= kept <= draws, got {n_kept} and {n_draws}")
    from scipy.special import betaincinv  # the same as `scipy.stats.beta.ppf`, whose import takes a second

    return 1.0 if n_kept == n_draws else float(betaincinv(n_kept + 1, n_draws - n_kept, LEVEL))


def draws_for_share(share: float) -> int:
    """How many random draws, none of them kept, show that at most ``share`` of the papers would be.

    Examples
    --------
    >>> draws_for_share(0.02)
    149
    """
    if not 0 < share < 1:
        raise ValueError(f"expected a share between 0 and 1, got {share}")
    return math.ceil(math.log(1 - LEVEL) / math.log1p(-share))
