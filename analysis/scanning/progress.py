"""How far a reader is with some weeks: what was seen of what matters in the pool, and what can be in the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.scanning.queue import Decided, draw_share, pool_draws
from analysis.scanning.relevant_total import (
    RelevantTotal,
    draws_for_share,
    draws_until_seen,
    greatest_share,
    relevant_total,
)
from domain.reading import Verdict

TARGET = 0.8
"""A pool counts as seen once at least this share of what the reader would keep in it was surely seen."""
REST_SHARES = (0.05, 0.02, 0.01)
"""Bounds for the rest that are worth telling, greatest first."""

_EITHER: tuple[Verdict, Verdict] = ("keep", "skip")


@dataclass(frozen=True)
class ScanProgress:
    """What is known of a scan.

    Attributes
    ----------
    pool : how many papers of the pool the reader would keep; a paper left undecided is one more at the upper end.
    is_seen : whether at least ``TARGET`` of them were surely seen.
    n_more_draws : further random draws from the pool, none of them kept, after which ``is_seen`` would hold; 0 if it
        does, ``None`` if no number of them would show it, as before the first keep.
    draw_share : the share of random draws among the next papers.
    n_rest : papers outside the pool.
    n_rest_kept : of them, kept so far.
    n_rest_draws : random draws among them.
    rest_share_at_most : the share of the undecided papers outside the pool that the reader would keep, at most; in
        (0, 1], 1 where it is not known.
    next_rest_bound, n_more_rest_draws : the next lower bound worth telling, and the further draws outside the pool,
        none of them kept, that show it; ``None`` at the lowest, and where a draw was kept.
    """

    pool: RelevantTotal
    is_seen: bool
    n_more_draws: int | None
    draw_share: float
    n_rest: int
    n_rest_kept: int
    n_rest_draws: int
    rest_share_at_most: float
    next_rest_bound: float | None
    n_more_rest_draws: int | None


def scan_progress(
    decisions: Sequence[Decided], in_pool: NDArray[np.bool_], *, passed: Sequence[int] = ()
) -> ScanProgress:
    """What is known after some decisions, in their order, on the papers of a scan.

    A paper left undecided says no more of the papers not seen than a skip does: one like it would be left undecided
    too. A draw that was passed over counts as kept at the upper end and as skipped at the lower. Else a reader who
    decides only the easy ones among several draws would make the sample one of easy papers.

    Parameters
    ----------
    decisions : each on another row of ``in_pool``.
    in_pool : whether each paper is in the pool, ``(n_papers,)``.
    passed : rows of random draws from the pool that the reader went past.
    """
    rows = [*(decided.row for decided in decisions), *passed]
    if len(set(rows)) != len(rows):
        raise ValueError("expected one decision a paper")
    n_pool, n_decided = int(in_pool.sum()), sum(bool(in_pool[row]) for row in rows)
    n_kept, n_undecided = (
        sum(bool(in_pool[d.row]) and d.verdict == verdict for d in decisions) for verdict in ("keep", "undecided")
    )
    counts = {"n_papers": n_pool, "n_decided": n_decided}
    as_kept, as_skipped = (
        pool_draws([*decisions, *(Decided(row, "pool", verdict) for row in passed)], in_pool) for verdict in _EITHER
    )
    most = relevant_total(as_kept, **counts, n_kept=n_kept + len(passed))
    least = relevant_total(as_skipped, **counts, n_kept=n_kept) if passed else most
    high = max(most.high, least.high) + n_undecided
    pool = RelevantTotal(n_pool, n_decided, n_kept, min(most.low, least.low), high)
    n_more = draws_until_seen(
        as_kept,
        **counts,
        n_kept=n_kept + len(passed),
        target=TARGET,
        n_passed=len(passed),
        n_undecided=n_undecided,
    )
    rest = [d for d in decisions if not in_pool[d.row]]
    drawn = [d.verdict == "keep" for d in rest if d.choice == "rest"]
    n_rest = len(in_pool) - n_pool
    # Each draw met at least what is left now, among at most all papers outside the pool.
    at_most = min(1.0, greatest_share(sum(drawn), len(drawn)) * n_rest / max(1, n_rest - len(rest)))
    bound = None if any(drawn) else next((share for share in REST_SHARES if share < at_most - 1e-9), None)
    return ScanProgress(
        pool=pool,
        is_seen=n_kept > 0 and pool.is_seen(TARGET),
        n_more_draws=n_more,
        draw_share=draw_share(decisions),
        n_rest=n_rest,
        n_rest_kept=sum(d.verdict == "keep" for d in rest),
        n_rest_draws=len(drawn),
        rest_share_at_most=at_most,
        next_rest_bound=bound,
        n_more_rest_draws=None if bound is None else max(1, draws_for_share(bound) - len(drawn)),
    )
