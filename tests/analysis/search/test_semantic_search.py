"""What every search by meaning must do, whatever stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.search.ranking import unusually_near
from analysis.search.semantic_search import IndexSearch, NearPaper, PaperSearch, StoredText
from analysis.search.word_index import WordIndex
from domain.packed_stems import STEM_DTYPE, packed_stems, stem_number, unpacked_stems
from domain.paper import ArxivId
from domain.paper_arrays import PaperIndex, day_number
from domain.paper_query import ALL_PAPERS, PaperQuery

FIRST = date(2026, 6, 15)
N = 60
CATEGORIES = ("cs.LG", "cs.CL", "cs.CV")
EVERY_DAY = PaperQuery(since=FIRST, until=FIRST + timedelta(days=N))
TEXTS = ("graphs", "images", "agents")
QUERIES = (ALL_PAPERS, PaperQuery(since=FIRST + timedelta(days=20)), PaperQuery(categories=("cs.CL",)))
UNKNOWN = ArxivId("2606.99999")


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _index() -> PaperIndex:
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
        vectors=vectors,
    )


INDEX = _index()
NOTHING_EMBEDDED = replace(INDEX, vectors=np.zeros((N, 0), dtype=np.float32))


def _vector_of(text: str) -> NDArray[np.float32]:
    return _unit(np.random.default_rng(len(text)).normal(size=(1, 8)))[0]


def _word_index() -> WordIndex:
    blobs = [packed_stems(f"Paper number {row}", "", ()) for row in range(N)]
    return WordIndex(unpacked_stems(blobs), np.array([len(blob) // STEM_DTYPE.itemsize for blob in blobs]))


class RemoteSearch(PaperSearch):
    """A search whose vectors are elsewhere, as in a database: its index has none."""

    def __init__(self, index: PaperIndex) -> None:
        self._index = replace(index, vectors=np.zeros((len(index), 0), dtype=np.float32))
        stored = index.vectors if index.vectors.shape[1] else ()
        self._vectors = {i: vector for i, vector in zip(index.ids, stored, strict=False) if vector.any()}

    @property
    def index(self) -> PaperIndex:
        return self._index

    @property
    def text(self) -> StoredText:
        raise ValueError("this search cannot look up phrases and authors")

    @property
    def has_vectors(self) -> bool:
        return bool(self._vectors)

    @property
    def distance_from_mean(self) -> NDArray[np.float32]:
        mean = np.mean([*self._vectors.values()], axis=0) if self._vectors else np.zeros(8, dtype=np.float32)
        distances = [np.linalg.norm(self._vectors[i] - mean) if i in self._vectors else 0 for i in self._index.ids]
        return np.array(distances, dtype=np.float32)

    def similarities(self, text: str) -> NDArray[np.float32]:
        nowhere, to = np.zeros(8, dtype=np.float32), _vector_of(text)
        return np.array([self._vectors.get(i, nowhere) @ to for i in self._index.ids], dtype=np.float32)

    def word_scores(self, stems: Collection[int]) -> tuple[NDArray[np.float32], float]:
        words = _word_index()
        return words.scores(stems), words.greatest_score(stems)

    def nearest(
        self, text: str, among: PaperQuery = ALL_PAPERS, *, limit: int, min_similarity: float = -1.0
    ) -> list[NearPaper]:
        cosines = self.similarities(text)
        rows = np.flatnonzero(self._index.matching(among) & (cosines >= min_similarity))
        near = [NearPaper(self._index.ids[row], float(cosines[row])) for row in rows]
        return sorted(near, key=lambda paper: (-paper.similarity, paper.arxiv_id))[:limit]

    def nearest_to_paper(self, arxiv_id: ArxivId, *, limit: int) -> list[NearPaper] | None:
        if (to := self._vectors.get(arxiv_id)) is None:
            return None
        near = [NearPaper(i, float(v @ to)) for i, v in self._vectors.items() if i != arxiv_id]
        return sorted(near, key=lambda paper: (-paper.similarity, paper.arxiv_id))[:limit]


def _in_memory(index: PaperIndex) -> PaperSearch:
    return IndexSearch(
        index,
        lambda text: index.vectors @ _vector_of(text) if index.vectors.shape[1] else np.zeros(N, np.float32),
        _word_index,
    )


SEARCHES: dict[str, Callable[[PaperIndex], PaperSearch]] = {"memory": _in_memory, "remote": RemoteSearch}


@pytest.fixture(params=SEARCHES)
def make_search(request: pytest.FixtureRequest) -> Callable[[PaperIndex], PaperSearch]:
    return SEARCHES[request.param]


@pytest.fixture
def search(make_search: Callable[[PaperIndex], PaperSearch]) -> PaperSearch:
    return make_search(INDEX)


def _near(query: PaperQuery, to: NDArray[np.float32]) -> list[NearPaper]:
    """All papers that match, nearest first."""
    rows = np.flatnonzero(INDEX.matching(query))
    near = [NearPaper(INDEX.ids[row], float(INDEX.vectors[row] @ to)) for row in rows]
    return sorted(near, key=lambda paper: (-paper.similarity, paper.arxiv_id))


def _assert_same(found: list[NearPaper] | None, expected: list[NearPaper]) -> None:
    assert found is not None
    assert [paper.arxiv_id for paper in found] == [paper.arxiv_id for paper in expected]
    assert [p.similarity for p in found] == pytest.approx([p.similarity for p in expected], abs=1e-6)


# -- any NearestPapers


# -- any PaperSearch


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("limit", [1, 7, 2 * N])
def test_the_nearest_papers_are_among_those_that_match(
    search: PaperSearch, text: str, query: PaperQuery, limit: int
) -> None:
    expected = _near(query, _vector_of(text))
    _assert_same(search.nearest(text, query, limit=limit), expected[:limit])
    near = search.nearest(text, query, limit=limit, min_similarity=0.2)
    _assert_same(near, [paper for paper in expected[:limit] if paper.similarity >= 0.2])


def test_the_index_has_every_paper_in_the_order_of_the_similarities(search: PaperSearch) -> None:
    assert search.index.ids == INDEX.ids
    assert (search.index.matching(QUERIES[1]) == INDEX.matching(QUERIES[1])).all()
    cosines = search.similarities("images")
    assert cosines.shape == (N,)
    assert cosines == pytest.approx(INDEX.vectors @ _vector_of("images"), abs=1e-6)
    assert cosines[-1] == 0
    assert (unusually_near(cosines) == unusually_near(INDEX.vectors @ _vector_of("images"))).all()


def test_how_far_a_paper_is_from_the_mean_counts_only_papers_with_a_vector(search: PaperSearch) -> None:
    embedded = INDEX.vectors[:-1]
    expected = [*np.linalg.norm(embedded - embedded.mean(axis=0), axis=1), 0]
    assert search.distance_from_mean.dtype == np.float32
    assert search.distance_from_mean == pytest.approx(expected, abs=1e-6)


def test_papers_are_scored_by_their_words(search: PaperSearch) -> None:
    scores, greatest = search.word_scores([stem_number("number"), stem_number("nowhere")])
    assert scores.shape == (N,)
    assert (scores > 0).all()
    assert greatest > 0
    nothing, least = search.word_scores([])
    assert (nothing == 0).all()
    assert least == 0


def test_papers_like_a_paper_leave_it_out(search: PaperSearch) -> None:
    for row in range(N - 1):
        near = search.nearest_to_paper(INDEX.ids[row], limit=5)
        others = [paper for paper in _near(ALL_PAPERS, INDEX.vectors[row]) if paper.arxiv_id != INDEX.ids[row]]
        _assert_same(near, others[:5])


def test_a_paper_without_a_vector_has_no_similar_papers(search: PaperSearch) -> None:
    assert search.has_vectors
    assert search.nearest_to_paper(INDEX.ids[-1], limit=5) is None
    assert search.nearest_to_paper(UNKNOWN, limit=5) is None


def test_where_nothing_is_embedded_there_are_no_vectors(make_search: Callable[[PaperIndex], PaperSearch]) -> None:
    search = make_search(NOTHING_EMBEDDED)
    assert not search.has_vectors
    assert search.nearest_to_paper(INDEX.ids[0], limit=5) is None
    assert search.distance_from_mean.tolist() == [0] * N


# -- what one of them does beyond that


def test_a_text_is_compared_once() -> None:
    compared: list[str] = []

    def compare(text: str) -> NDArray[np.float32]:
        compared.append(text)
        return INDEX.vectors @ _vector_of(text)

    search = IndexSearch(INDEX, compare, _word_index)
    search.nearest("graphs", limit=3)
    search.similarities("graphs")
    assert compared == ["graphs"]
