"""Rankings are exact, complete and steady."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.search.ranking import (
    WORD_WEIGHT,
    combined_scores,
    fused_ranks,
    nearest_rows,
    similarities,
    unusually_near,
)
from domain.paper import ArxivId


def _papers(n: int, seed: int) -> tuple[list[ArxivId], NDArray[np.float32]]:
    rows = np.random.default_rng(seed).normal(size=(n, 5)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return [ArxivId(f"2606.{i:05d}") for i in range(n)], rows


@given(n=st.integers(0, 40), limit=st.integers(1, 50), seed=st.integers(0, 99), some=st.booleans())
def test_the_nearest_are_those_of_a_full_sort(n: int, limit: int, seed: int, some: bool) -> None:
    ids, vectors = _papers(n, seed)
    cosines = similarities(_papers(1, seed + 1000)[1], vectors)[0]
    among = np.arange(n) % 3 == 0 if some else None
    expected = [row for row in np.argsort(-cosines, kind="stable").tolist() if not some or row % 3 == 0]
    assert nearest_rows(cosines, ids, limit=limit, among=among) == expected[:limit]


def test_a_query_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected shape \(n_queries, 5\), got \(1, 4\)"):
        similarities(np.zeros((1, 4), np.float32), _papers(2, 0)[1])


@pytest.mark.parametrize("n_papers", [0, 9, 128, 1203])
@pytest.mark.parametrize("n_queries", [0, 1, 2, 8, 9])
def test_however_many_queries_and_papers_each_cosine_is_that_of_the_two_vectors(n_papers: int, n_queries: int) -> None:
    _, vectors = _papers(n_papers, 0)
    _, queries = _papers(n_queries, 1)
    cosines = similarities(queries, vectors)
    assert cosines.flags.c_contiguous
    assert (cosines.dtype, cosines.shape) == (np.float32, (n_queries, n_papers))
    np.testing.assert_allclose(cosines, queries @ vectors.T, atol=1e-6)


def test_vectors_of_no_dimension_and_rows_apart_are_compared_too() -> None:
    _, vectors = _papers(1203, 0)
    assert similarities(np.zeros((2, 0), np.float32), np.zeros((7, 0), np.float32)).tolist() == [[0.0] * 7] * 2
    np.testing.assert_allclose(similarities(vectors[:2], vectors[::2]), vectors[:2] @ vectors[::2].T, atol=1e-6)


@given(st.lists(st.permutations([ArxivId(c) for c in "abcdef"]), min_size=1, max_size=3))
def test_fusing_keeps_every_paper_with_a_score_in_0_to_1(rankings: list[list[ArxivId]]) -> None:
    fused = fused_ranks(rankings)
    assert set(fused) == set("abcdef")
    assert all(0 < score <= 1 + 1e-12 for score in fused.values())
    assert list(fused.values()) == sorted(fused.values(), reverse=True)


def test_first_in_every_ranking_scores_1_and_an_absent_paper_gains_nothing() -> None:
    a, b = ArxivId("a"), ArxivId("b")
    fused = fused_ranks([[a, b], [a]])
    assert fused[a] == pytest.approx(1)
    assert fused[b] == pytest.approx(61 / 62 / 2)
    assert fused_ranks([[], []]) == {}


def test_only_papers_far_above_the_rest_are_unusually_near_and_those_without_a_vector_never() -> None:
    rng = np.random.default_rng(1)
    cosines = np.concatenate([rng.normal(0.3, 0.05, 2000), [0.7, 0.8], [0.0]]).astype(np.float32)
    near = unusually_near(cosines)
    assert near[-3:].tolist() == [True, True, False]
    assert near[:2000].mean() < 0.03
    assert not unusually_near(np.zeros(4, dtype=np.float32)).any()


def _combined(cosines: NDArray[np.float32], words: NDArray[np.float32], *, greatest: float) -> NDArray[np.float32]:
    """The combined scores of papers that are all as far from their mean."""
    return combined_scores(
        cosines, words, greatest_word_score=greatest, distance_from_mean=np.full(len(cosines), 0.9, dtype=np.float32)
    )


def test_meaning_is_compared_without_what_all_papers_have_in_common() -> None:
    vectors = _papers(200, 0)[1] + np.float32(0.7)  # all of them point one way
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    apart = vectors - vectors.mean(axis=0)
    distances = np.linalg.norm(apart, axis=1)
    query, nothing = _papers(1, 1)[1][0], np.zeros(201, dtype=np.float32)
    expected = (apart / distances[:, None]) @ query
    scores = combined_scores(
        np.append(vectors @ query, np.float32(0)),  # the last has no vector
        nothing,
        greatest_word_score=1.0,
        distance_from_mean=np.append(distances, np.float32(0)),
    )
    assert scores[:-1] * (1 + WORD_WEIGHT) == pytest.approx(expected / expected.max(), abs=1e-4)
    assert scores[-1] == 0


def test_a_paper_at_the_mean_of_all_is_near_to_nothing() -> None:
    cosines = np.array([0.1, 0.3001, 0.5], dtype=np.float32)
    distances, nothing = np.array([0.9, 0.0, 0.9], dtype=np.float32), np.zeros(3, dtype=np.float32)
    scores = combined_scores(cosines, nothing, greatest_word_score=1.0, distance_from_mean=distances)
    assert scores.argmax() == 2
    assert scores[1] == pytest.approx(0, abs=0.01)


def test_all_words_outrank_meaning_and_one_incidental_word_does_not() -> None:
    cosines = np.array([0.1, 0.2, 0.6, 0.0], dtype=np.float32)
    words = np.array([0.0, 1.0, 0.0, 8.0], dtype=np.float32)
    scores = _combined(cosines, words, greatest=10.0)
    assert np.argsort(-scores).tolist() == [3, 2, 1, 0], "all words without a vector, meaning, one word, nothing"
    assert scores.max() <= 1


def test_without_vectors_or_words_the_other_ranks() -> None:
    nothing, some = np.zeros(3, dtype=np.float32), np.array([0.2, 0.5, 0.1], dtype=np.float32)
    assert _combined(nothing, some, greatest=1.0).argmax() == 1
    assert _combined(some, nothing, greatest=0.0).argmax() == 1
    with pytest.raises(ValueError, match="expected word scores of shape"):
        _combined(some, np.zeros(2, dtype=np.float32), greatest=1.0)


def test_few_of_the_words_do_not_outrank_a_paper_nearer_in_meaning() -> None:
    cosines = np.array([0.0001, 0.3, 0.5, 0.6], dtype=np.float32)
    words = np.array([0.0, 3.0, 0.0, 0.0], dtype=np.float32)
    scores = _combined(cosines, words, greatest=10.0)
    assert scores[1] < scores[2], "three tenths of the greatest word score count nine hundredths of it"
