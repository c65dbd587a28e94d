"""The interval holds whatever is shown between draws, narrows with draws, and never claims what is not known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.scanning.relevant_total import (
    LEVEL,
    Draw,
    RelevantTotal,
    draws_for_share,
    draws_until_seen,
    greatest_share,
    relevant_total,
)


@st.composite
def _readings(draw: st.DrawFn) -> tuple[list[Draw], int, int, int, int]:
    """A set that is read in some order, partly by random draws: draws, papers, decided, kept, truth."""
    relevant = draw(st.lists(st.booleans(), min_size=1, max_size=40))
    n_decided = draw(st.integers(0, len(relevant)))
    is_draw = draw(st.lists(st.booleans(), min_size=n_decided, max_size=n_decided))
    draws, n_kept = [], 0
    for at in range(n_decided):
        if is_draw[at]:
            draws.append(Draw(len(relevant) - at, n_kept, relevant[at]))
        n_kept += relevant[at]
    return draws, len(relevant), n_decided, n_kept, sum(relevant)


@given(_readings())
def test_what_was_kept_is_in_it_and_what_was_skipped_is_not(reading: tuple[list[Draw], int, int, int, int]) -> None:
    draws, n_papers, n_decided, n_kept, truth = reading
    total = relevant_total(draws, n_papers=n_papers, n_decided=n_decided, n_kept=n_kept)
    assert n_kept <= total.low <= total.high <= n_kept + n_papers - n_decided
    assert 0 <= total.recall_low <= total.recall_high <= 1
    if n_decided == n_papers:
        assert total.low == total.high == truth


@given(_readings(), st.integers(1, 10))
def test_papers_that_are_not_relevant_never_widen_it(reading: tuple[list[Draw], int, int, int, int], n: int) -> None:
    draws, n_papers, n_decided, n_kept, _ = reading
    before = relevant_total(draws, n_papers=n_papers, n_decided=n_decided, n_kept=n_kept)
    n = min(n, n_papers - n_decided)
    more = [Draw(n_papers - n_decided - at, n_kept, is_kept=False) for at in range(n)]
    after = relevant_total([*draws, *more], n_papers=n_papers, n_decided=n_decided + n, n_kept=n_kept)
    assert after.high <= before.high


@given(_readings(), st.sampled_from([0.5, 0.8, 0.95]))
def test_so_many_more_draws_show_the_target_and_one_fewer_does_not(
    reading: tuple[list[Draw], int, int, int, int], target: float
) -> None:
    draws, n_papers, n_decided, n_kept, _ = reading
    n = draws_until_seen(draws, n_papers=n_papers, n_decided=n_decided, n_kept=n_kept, target=target)
    if not n_kept:
        assert n is None
        return
    assert n is not None

    def seen(n_more: int) -> bool:
        more = [Draw(n_papers - n_decided - at, n_kept, is_kept=False) for at in range(n_more)]
        after = relevant_total([*draws, *more], n_papers=n_papers, n_decided=n_decided + n_more, n_kept=n_kept)
        return after.is_seen(target)

    assert seen(n)
    assert n == 0 or not seen(n - 1)


@pytest.mark.parametrize(("n_relevant", "quality"), [(3, 0.9), (20, 0.9), (20, 0.0), (60, 0.5)])
def test_it_holds_the_truth_at_every_step_at_once(n_relevant: int, quality: float) -> None:
    """Best-first choices of any quality between the draws: the worst moment of a run counts."""
    rng, n_papers, n_runs, n_wrong = np.random.default_rng(1), 150, 120, 0
    for _ in range(n_runs):
        relevant = np.zeros(n_papers, dtype=bool)
        relevant[rng.choice(n_papers, n_relevant, replace=False)] = True
        score = np.where(relevant, rng.random(n_papers) + quality, rng.random(n_papers))
        left, draws, n_kept, is_wrong = list(range(n_papers)), [], 0, False
        for at in range(120):
            is_draw = at % 3 == 0
            row = left[rng.integers(len(left))] if is_draw else max(left, key=lambda i: score[i])
            if is_draw:
                draws.append(Draw(len(left), n_kept, bool(relevant[row])))
            left.remove(row)
            n_kept += relevant[row]
            if at % 10 == 9:
                total = relevant_total(draws, n_papers=n_papers, n_decided=at + 1, n_kept=int(n_kept))
                is_wrong |= not total.low <= n_relevant <= total.high
        n_wrong += is_wrong
    assert n_wrong / n_runs <= 1 - LEVEL + 0.04  # two standard errors


def test_without_a_draw_nothing_is_known_of_the_rest() -> None:
    total = relevant_total([], n_papers=300, n_decided=200, n_kept=30)
    assert (total.low, total.high) == (30, 130)
    assert not total.is_seen(0.8)


def test_with_nothing_to_keep_no_share_of_it_is_unseen() -> None:
    assert RelevantTotal(100, 100, 0, 0, 0).recall_low == 1


@given(st.integers(0, 30), st.integers(0, 200))
def test_the_binomial_bound_is_exact(n_kept: int, n_skipped: int) -> None:
    from scipy.stats import binom

    bound = greatest_share(n_kept, n_kept + n_skipped)
    if n_skipped:
        assert binom.cdf(n_kept, n_kept + n_skipped, bound) == pytest.approx(1 - LEVEL)
    else:
        assert bound == 1


@given(st.floats(0.005, 0.5))
def test_so_many_draws_without_a_keep_bound_a_share(share: float) -> None:
    n = draws_for_share(share)
    assert greatest_share(0, n) <= share + 1e-12
    assert n == 1 or greatest_share(0, n - 1) > share - 1e-12


def test_counts_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="kept <= decided"):
        relevant_total([], n_papers=10, n_decided=2, n_kept=3)
    with pytest.raises(ValueError, match="no such draw"):
        relevant_total([Draw(11, 0, is_kept=False)], n_papers=10, n_decided=1, n_kept=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        draws_for_share(0)
    with pytest.raises(ValueError, match="kept <= draws"):
        greatest_share(2, 1)
