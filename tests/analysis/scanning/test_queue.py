"""Nothing decided comes twice, draws are random, and their share is the stated one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.scanning.progress import TARGET, scan_progress
from analysis.scanning.queue import (
    DRAWS_WHILE_CHECKING,
    DRAWS_WHILE_FINDING,
    DRY_AFTER,
    REST_EVERY,
    Decided,
    is_next_draw,
    next_papers,
    passed_over,
    random_order,
)
from analysis.scanning.relevance_ranking import background_rows, relevance_scores
from domain.reading import Verdict

VERDICTS = st.lists(st.sampled_from(["keep", "skip", "undecided"]), max_size=90)


def _scan(verdicts: list[Verdict], *, n_papers: int = 120, n_pool: int = 40, seed: int = 0) -> list[Decided]:
    """Decisions on the papers in the order in which they are shown."""
    in_pool = np.arange(n_papers) < n_pool
    scores = np.linspace(1, 0, n_papers, dtype=np.float32)
    order, decisions = random_order(in_pool, seed=seed), []
    for verdict in verdicts:
        [shown] = next_papers(scores, order, decisions, n=1)
        decisions.append(Decided(shown.row, shown.choice, verdict))
    return decisions


@given(VERDICTS, st.integers(1, 12), st.integers(0, 5))
def test_nothing_decided_comes_twice(verdicts: list[Verdict], n: int, seed: int) -> None:
    decisions = _scan(verdicts, seed=seed)
    in_pool = np.arange(120) < 40
    order = random_order(in_pool, seed=seed)
    shown = next_papers(np.linspace(1, 0, 120, dtype=np.float32), order, decisions, n=n)
    rows = [decided.row for decided in decisions] + [paper.row for paper in shown]
    assert len(set(rows)) == len(rows)
    assert len(shown) == min(n, 120 - len(decisions))
    for paper in shown:
        if paper.choice != "best":
            assert is_next_draw(paper.row, paper.choice, order, [d.row for d in decisions], within=n)
            assert in_pool[paper.row] == (paper.choice == "pool")


def test_the_share_of_draws_is_the_stated_one() -> None:
    finding = _scan(["keep"] * 100, n_papers=1000, n_pool=400)
    inside = [d for d in finding if d.choice != "rest"]
    assert sum(d.choice == "pool" for d in inside) / len(inside) == pytest.approx(DRAWS_WHILE_FINDING, abs=0.02)
    assert sum(d.choice == "rest" for d in finding) == 100 // REST_EVERY
    checking = _scan(["skip"] * 140, n_papers=1000, n_pool=400)[40:]
    inside = [d for d in checking if d.choice != "rest"]
    assert sum(d.choice == "pool" for d in inside) / len(inside) == pytest.approx(DRAWS_WHILE_CHECKING, abs=0.02)


def test_a_paper_kept_ends_checking() -> None:
    verdicts: list[Verdict] = ["skip"] * 30
    order = random_order(np.arange(120) < 40, seed=0)
    scores = np.linspace(1, 0, 120, dtype=np.float32)
    dry = _scan(verdicts)
    kept = [*dry[:-1], Decided(dry[-1].row, dry[-1].choice, "keep")]
    assert sum(p.choice == "pool" for p in next_papers(scores, order, dry, n=5)) >= 3
    assert sum(p.choice == "pool" for p in next_papers(scores, order, kept, n=5)) <= 2
    assert DRY_AFTER < 30


@given(VERDICTS)
def test_progress_agrees_with_the_decisions(verdicts: list[Verdict]) -> None:
    decisions, in_pool = _scan(verdicts), np.arange(120) < 40
    progress = scan_progress(decisions, in_pool)
    kept = sum(d.verdict == "keep" for d in decisions if d.row < 40)
    may_be_kept = sum(d.verdict != "skip" for d in decisions if d.row < 40)
    assert progress.pool.n_kept == kept <= progress.pool.low
    assert progress.pool.high >= may_be_kept
    assert progress.is_seen == (kept > 0 and progress.pool.recall_low >= TARGET)
    assert (progress.n_more_draws == 0) == progress.is_seen
    assert progress.n_rest == 80


def test_a_draw_that_was_passed_over_counts_as_left_undecided() -> None:
    order = random_order(np.arange(120) < 40, seed=0)
    first, second, third = (int(row) for row in order.pool[:3])
    assert passed_over(order, [Decided(first, "pool", "skip")]) == []
    assert passed_over(order, [Decided(third, "pool", "skip"), Decided(first, "best", "skip")]) == [
        Decided(second, "pool", "undecided")
    ]


def test_one_decision_a_paper() -> None:
    with pytest.raises(ValueError, match="one decision"):
        scan_progress([Decided(1, "best", "keep"), Decided(1, "best", "skip")], np.ones(3, dtype=bool))


def test_a_ranking_learns_from_what_is_kept_and_skipped() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(300, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    is_relevant = vectors[:, 0] > 0.35
    first = relevance_scores(
        vectors, wanted=vectors[is_relevant][:1], refused=vectors[:0], background=vectors[~is_relevant][:50]
    )
    learnt = relevance_scores(
        vectors,
        wanted=vectors[is_relevant][:15],
        refused=vectors[~is_relevant][50:90],
        background=vectors[~is_relevant][:50],
    )

    def found(scores: np.ndarray) -> int:
        return int(is_relevant[np.argsort(-scores)[: is_relevant.sum()]].sum())

    assert found(learnt) > found(first)
    assert found(learnt) / is_relevant.sum() > 0.6
    assert learnt.dtype == np.float32


def test_a_ranking_needs_something_wanted_and_something_else() -> None:
    one = np.ones((1, 4), dtype=np.float32) / 2
    with pytest.raises(ValueError, match="wanted"):
        relevance_scores(one, wanted=one[:0], refused=one, background=one)
    with pytest.raises(ValueError, match="not wanted"):
        relevance_scores(one, wanted=one, refused=one[:0], background=one[:0])


def test_the_background_is_spread_over_the_papers() -> None:
    rows = background_rows(10_000, among=np.arange(10_000) % 2 == 0)
    assert len(rows) == 400
    assert (rows % 2 == 0).all()
    assert rows[0] == 0
    assert rows[-1] == 9998
    assert background_rows(3, among=np.ones(3, dtype=bool)).tolist() == [0, 1, 2]
