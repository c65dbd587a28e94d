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
from analysis.scanning.relevance_ranking import background_rows, relevance_scores, with_search_scores
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


def test_without_a_share_of_draws_the_best_come_first() -> None:
    order, scores = random_order(np.arange(120) < 40, seed=0), np.linspace(1, 0, 120, dtype=np.float32)
    shown = next_papers(scores, order, _scan(["skip"] * 30), n=20, share=0)
    assert {paper.choice for paper in shown} == {"best"}
    assert [paper.row for paper in shown] == sorted(paper.row for paper in shown)


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
    decisions = [Decided(third, "pool", "skip"), Decided(first, "best", "skip")]
    assert passed_over(order, decisions) == [second]
    in_pool = np.arange(120) < 40
    pool = scan_progress(decisions, in_pool, passed=[second]).pool
    as_kept = scan_progress([*decisions, Decided(second, "pool", "keep")], in_pool).pool
    as_skipped = scan_progress([*decisions, Decided(second, "pool", "skip")], in_pool).pool
    assert (pool.low, pool.high) == (as_skipped.low, max(as_kept.high, as_skipped.high))


@given(VERDICTS, st.integers(0, 5))
def test_a_paper_left_undecided_widens_the_range_by_one(verdicts: list[Verdict], seed: int) -> None:
    in_pool = np.arange(120) < 40
    with_it, without = (
        scan_progress(_scan([*verdicts[:80], verdict], seed=seed), in_pool) for verdict in ("undecided", "skip")
    )
    n_more = len([d for d in _scan([*verdicts[:80], "skip"], seed=seed)[-1:] if d.row < 40])
    assert with_it.pool.high == without.pool.high + n_more
    assert with_it.pool.low == without.pool.low
    assert with_it.rest_share_at_most == without.rest_share_at_most


def test_one_paper_left_undecided_does_not_put_off_a_stop() -> None:
    verdicts: list[Verdict] = ["keep"] * 12 + ["skip"] * 31
    before = scan_progress(_scan(verdicts, n_papers=200, n_pool=60), np.arange(200) < 60)
    after = scan_progress(_scan([*verdicts, "undecided"], n_papers=200, n_pool=60), np.arange(200) < 60)
    kept = scan_progress(_scan([*verdicts, "keep"], n_papers=200, n_pool=60), np.arange(200) < 60)
    assert before.n_more_draws is not None
    assert after.n_more_draws is not None
    assert kept.n_more_draws is not None
    assert after.n_more_draws <= before.n_more_draws + 3 < kept.n_more_draws + 3


def test_the_range_holds_with_papers_left_undecided() -> None:
    n_runs, n_pool, n_papers, n_wrong, in_pool = 150, 60, 90, 0, np.arange(90) < 60
    for run in range(n_runs):
        rng = np.random.default_rng(run)
        is_relevant = rng.random(n_papers) < 0.2
        is_unsure = rng.random(n_papers) < np.where(is_relevant, 0.25, 0.1)
        scores = (is_relevant * rng.random() + rng.random(n_papers)).astype(np.float32)
        order, decisions, is_wrong = random_order(in_pool, seed=run), list[Decided](), False
        while len(decisions) < 70:
            for shown in next_papers(scores, order, decisions, n=10):
                verdict: Verdict = "keep" if is_relevant[shown.row] else "skip"
                decisions.append(Decided(shown.row, shown.choice, "undecided" if is_unsure[shown.row] else verdict))
            pool = scan_progress(decisions, in_pool).pool
            n_would_keep = int((is_relevant & ~is_unsure)[:n_pool].sum())
            n_left_open = sum(d.verdict == "undecided" and d.row < n_pool for d in decisions)
            is_wrong |= not (pool.low <= n_would_keep and n_would_keep + n_left_open <= pool.high)
        n_wrong += is_wrong
    assert n_wrong / n_runs <= 0.07


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


def test_words_rank_where_vectors_do_not_tell() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(300, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    searched = np.where(np.arange(300) < 12, rng.uniform(0.6, 1, 300), rng.uniform(0, 0.3, 300)).astype(np.float32)
    words = with_search_scores(rng.normal(size=(1, 16)).astype(np.float32) / 4, np.ones(1, dtype=np.float32))
    background = with_search_scores(vectors[100:], searched[100:])
    with_words = relevance_scores(vectors, wanted=words, refused=words[:0], background=background, searched=searched)
    vectors_alone = relevance_scores(vectors, wanted=words[:, :-1], refused=vectors[:0], background=background[:, :-1])
    found, found_alone = ((np.argsort(-scores)[:24] < 12).sum() for scores in (with_words, vectors_alone))
    assert found >= 9
    assert found > 2 * found_alone
    assert with_words.dtype == np.float32


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
