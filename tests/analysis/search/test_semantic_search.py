"""A search finds the nearest papers among those that are meant, whatever stands behind it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.search.semantic_search import EmbeddingSearch, IndexSearch, NearestPapers, NearPaper
from domain.embeddings import Embeddings
from domain.paper import ArxivId
from domain.paper_arrays import PaperIndex, day_number
from domain.paper_query import ALL_PAPERS, PaperQuery

FIRST = date(2026, 6, 15)
N = 60
CATEGORIES = ("cs.LG", "cs.CL", "cs.CV")
EVERY_DAY = PaperQuery(since=FIRST, until=FIRST + timedelta(days=N))
TEXTS = ("graphs", "images", "agents")
QUERIES = (ALL_PAPERS, PaperQuery(since=FIRST + timedelta(days=20)), PaperQuery(categories=("cs.CL",)))


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _index(*, embedded: bool = True) -> PaperIndex:
    """A paper a day; each third in one category, and the last without a vector."""
    vectors = _unit(np.random.default_rng(5).normal(size=(N, 8)))
    vectors[-1] = 0
    return PaperIndex(
        ids=tuple(ArxivId(f"2606.{n:05d}") for n in range(N)),
        day=np.arange(N, dtype=np.int32) + day_number(FIRST),
        categories=CATEGORIES,
        listed=np.arange(N)[:, None] % 3 == np.arange(3),
        primary=(np.arange(N) % 3).astype(np.int16),
        topic_id=np.full(N, -1, dtype=np.int32),
        similarity=np.zeros(N, dtype=np.float32),
        terms=(),
        level=np.zeros((N, 0), dtype=np.int8),
        vectors=vectors if embedded else np.zeros((N, 0), dtype=np.float32),
    )


def _vector_of(text: str) -> NDArray[np.float32] | None:
    return _unit(np.random.default_rng(len(text)).normal(size=(1, 8)))[0] if text in TEXTS else None


@pytest.fixture
def compared() -> list[str]:
    """The texts that were compared with all papers."""
    return []


@pytest.fixture
def search(compared: list[str]) -> IndexSearch:
    index = _index()

    def compare(text: str) -> NDArray[np.float32]:
        compared.append(text)
        vector = _vector_of(text)
        assert vector is not None
        return index.vectors @ vector

    return IndexSearch(index, compare)


def _by_hand(index: PaperIndex, text: str, query: PaperQuery) -> list[NearPaper]:
    vector = _vector_of(text)
    assert vector is not None
    rows = np.flatnonzero(index.matching(query))
    near = [NearPaper(index.ids[row], float(index.vectors[row] @ vector)) for row in rows]
    return sorted(near, key=lambda paper: (-paper.similarity, paper.arxiv_id))


def _assert_same(found: list[NearPaper], expected: list[NearPaper]) -> None:
    assert [paper.arxiv_id for paper in found] == [paper.arxiv_id for paper in expected]
    assert [p.similarity for p in found] == pytest.approx([p.similarity for p in expected], abs=1e-6)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("limit", [1, 7, 2 * N])
def test_the_nearest_papers_are_those_of_the_highest_cosines(
    search: IndexSearch, text: str, query: PaperQuery, limit: int
) -> None:
    expected = _by_hand(search.index, text, query)
    _assert_same(search.nearest(text, query, limit=limit), expected[:limit])
    near = search.nearest(text, query, limit=limit, min_similarity=0.2)
    _assert_same(near, [paper for paper in expected[:limit] if paper.similarity >= 0.2])


@pytest.mark.parametrize("text", TEXTS)
def test_an_issue_is_searched_like_the_index(search: IndexSearch, text: str) -> None:
    index = search.index
    embeddings = Embeddings(index.ids[:-1], index.vectors[:-1], "m")
    few: NearestPapers = EmbeddingSearch(embeddings, EVERY_DAY, _vector_of)
    _assert_same(
        few.nearest(text, EVERY_DAY, limit=9, min_similarity=0.1), search.nearest(text, limit=9, min_similarity=0.1)
    )


def test_a_search_of_few_papers_says_which(search: IndexSearch) -> None:
    few = EmbeddingSearch(Embeddings(search.index.ids, search.index.vectors, "m"), EVERY_DAY, _vector_of)
    with pytest.raises(ValueError, match="this search covers PaperQuery"):
        few.nearest("graphs", limit=1)
    assert few.nearest("a text without a vector", EVERY_DAY, limit=1) == []
    nothing = EmbeddingSearch(Embeddings((), np.zeros((0, 0), np.float32), "none"), EVERY_DAY, _vector_of)
    assert nothing.nearest("graphs", EVERY_DAY, limit=1) == []


def test_a_text_is_compared_once(search: IndexSearch, compared: list[str]) -> None:
    search.nearest("graphs", limit=3)
    everything = search.similarities("graphs")
    some = search.similarities_of("graphs", [search.index.ids[4], ArxivId("2606.99999"), search.index.ids[2]])
    assert compared == ["graphs"]
    assert list(some.items()) == [(search.index.ids[row], float(everything[row])) for row in (4, 2)]


def test_papers_like_a_paper_leave_it_out(search: IndexSearch) -> None:
    index = search.index
    for row in range(N - 1):
        near = search.nearest_to_paper(index.ids[row], limit=5)
        cosines = index.vectors @ index.vectors[row]
        expected = [r for r in np.argsort(-cosines).tolist() if r != row][:5]
        assert near is not None
        _assert_same(near, [NearPaper(index.ids[r], float(cosines[r])) for r in expected])


def test_a_paper_without_a_vector_has_no_similar_papers(search: IndexSearch) -> None:
    assert search.has_vectors
    assert search.nearest_to_paper(search.index.ids[-1], limit=5) is None
    assert search.nearest_to_paper(ArxivId("2606.99999"), limit=5) is None
    nothing = IndexSearch(_index(embedded=False), lambda _: np.zeros(N, np.float32))
    assert not nothing.has_vectors
    assert nothing.nearest_to_paper(nothing.index.ids[0], limit=5) is None
