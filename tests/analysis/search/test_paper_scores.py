"""One ranking for every surface: which papers a query finds, and in which order."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.search.paper_scores import PaperScores, score_papers
from analysis.search.semantic_search import IndexSearch
from analysis.search.word_index import WordIndex
from domain.errors import UsageError
from domain.packed_stems import packed_stems, unpacked_stems
from domain.paper import ArxivId
from domain.paper_arrays import PaperIndex

TITLES = ("Graph networks", "Graph theory", "Flow matching", "Networks of graphs")
COSINES = np.array([0.9, 0.1, 0.5, 0.0], dtype=np.float32)


def _search(cosines: NDArray[np.float32]) -> IndexSearch:
    n = len(TITLES)
    index = PaperIndex(
        ids=tuple(ArxivId(f"2606.{n:05d}") for n in range(n)),
        day=np.zeros(n, dtype=np.int32),
        categories=("cs.LG",),
        listed=np.ones((n, 1), dtype=bool),
        primary=np.zeros(n, dtype=np.int16),
        topic_id=np.full(n, -1, dtype=np.int32),
        similarity=np.zeros(n, dtype=np.float32),
        terms=(),
        level=np.zeros((n, 0), dtype=np.int8),
        vectors=np.ones((n, 2), dtype=np.float32),
    )
    blobs = [packed_stems(title, "", ()) for title in TITLES]
    counts = np.array([len(unpacked_stems([blob])) for blob in blobs], dtype=np.int64)
    return IndexSearch(index, lambda _: cosines, lambda: WordIndex(unpacked_stems(blobs), counts))


def _scores(query: str) -> PaperScores:
    return score_papers(_search(COSINES), query, min_similarity=0.4)


def test_papers_near_in_meaning_and_papers_with_the_words_are_found_best_first() -> None:
    scored = _scores("graph networks")
    assert scored.found(np.ones(4, dtype=bool)) == [0, 3, 2, 1]
    assert scored.is_near.tolist() == [True, False, True, False]
    assert scored.has_words.tolist() == [True, True, False, True]


def test_only_papers_among_those_asked_for_are_found() -> None:
    assert _scores("graph networks").found(np.array([False, True, True, False])) == [2, 1]


def test_the_papers_found_are_the_rows_listed() -> None:
    scored = _scores("graph networks")
    for among in ([True, True, True, True], [False, True, True, False], [False] * 4):
        assert np.flatnonzero(scored.is_found(np.array(among))).tolist() == sorted(scored.found(np.array(among)))


def test_a_paper_without_a_vector_is_found_by_its_words() -> None:
    assert 3 in _scores("networks").found(np.ones(4, dtype=bool))


def test_a_query_without_a_word_is_refused() -> None:
    with pytest.raises(UsageError, match="no word"):
        _scores("?!")


def test_a_paper_far_in_meaning_is_close_only_with_all_words_in_its_title() -> None:
    assert _scores("theory").is_close[1]
    assert not _scores("theory matching").is_close[1]
