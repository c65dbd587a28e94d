"""What a search over all papers can be asked, and the exact search in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.search.ranking import nearest_rows, similarities
from analysis.search.word_index import PARTS, WordIndex
from domain.author_name import AuthorName
from domain.paper import ArxivId
from domain.paper_arrays import PaperIndex
from domain.paper_query import ALL_PAPERS, PaperQuery
from domain.search_query import Field

_N_TEXTS_CACHED = 32
"""Half a megabyte each, for 139,000 papers."""


@dataclass(frozen=True)
class NearPaper:
    """A paper with its cosine to a text or to another paper."""

    arxiv_id: ArxivId
    similarity: float


class StoredText(Protocol):
    """Looks up what the index of papers does not hold: phrases, titles, and the authors' names."""

    def ids_holding(self, phrase: str, *, in_title: bool) -> Collection[ArxivId]:
        """Every stored paper with the phrase in title or abstract, or only in the title."""
        ...

    def titles(self, ids: Sequence[ArxivId]) -> Mapping[ArxivId, str]:
        """The titles of papers."""
        ...

    def author_lists(self, ids: Sequence[ArxivId]) -> Mapping[ArxivId, tuple[tuple[str, ...], tuple[AuthorName, ...]]]:
        """The authors of papers as shown, and in parts where arXiv gave them apart."""
        ...


class PaperSearch(Protocol):
    """Compares all papers of an index with a text.

    Callers hold one search for one answer, because another may be over a newer index, and take the index from it. The
    vectors may be elsewhere, but the index's other columns are arrays in memory. A paper without a vector has
    similarity 0. ``tests/analysis/search`` tests what every search must do.
    """

    @property
    def index(self) -> PaperIndex:
        """The papers, in the order of ``similarities``; its own ``vectors`` may be left empty."""
        ...

    @property
    def text(self) -> StoredText:
        """What is looked up elsewhere."""
        ...

    @property
    def has_vectors(self) -> bool:
        """Whether any paper is embedded; without, a text cannot be compared."""
        ...

    @property
    def distance_from_mean(self) -> NDArray[np.float32]:
        """How far each paper's vector is from the mean of all, ``(n_papers,)``; 0 for a paper without one."""
        ...

    def similarities(self, text: str) -> NDArray[np.float32]:
        """The cosine of the text with every paper, ``(n_papers,)``; the bound of a meaning depends on all of them."""
        ...

    def word_scores(self, stems: Collection[int]) -> tuple[NDArray[np.float32], float]:
        """BM25 of each paper for stems, ``(n_papers,)``, and the bound of these scores."""
        ...

    def nearest(
        self, text: str, among: PaperQuery = ALL_PAPERS, *, limit: int, min_similarity: float = -1.0
    ) -> list[NearPaper]:
        """The papers nearest to the text among those that match, nearest first."""
        ...

    def holding(self, stem: int, field: Field) -> NDArray[np.bool_]:
        """Whether each paper holds a stem in a field, ``(n_papers,)``."""
        ...

    def n_holding(self, stem: int, field: Field | None = None) -> int:
        """How many papers hold a stem in a field, or in any."""
        ...

    def parts_holding(self, stems: Sequence[int], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether papers at some rows hold each stem in each of ``PARTS``, ``(n_rows, n_stems, n_parts)``."""
        ...

    def nearest_to_paper(self, arxiv_id: ArxivId, *, limit: int) -> list[NearPaper] | None:
        """The other papers nearest to a paper, nearest first; ``None`` where it is not embedded."""
        ...


class IndexSearch(PaperSearch):
    """An exact search over the vectors of a paper index: the ``PaperSearch`` in memory.

    Parameters
    ----------
    index : the papers.
    compare : gives the cosine of a text with every paper of the index, ``(n_papers,)``; answers to the last few texts
        are kept.
    load_words : gives the words of the index's papers, in its order; it is asked when words are first searched for.
    text : looks up phrases, titles and authors; queries of fewer than three words without such conditions need none.
    """

    def __init__(
        self,
        index: PaperIndex,
        compare: Callable[[str], NDArray[np.float32]],
        load_words: Callable[[], WordIndex],
        text: StoredText | None = None,
    ) -> None:
        self._index = index
        self._compare = lru_cache(maxsize=_N_TEXTS_CACHED)(compare)
        self._load_words = load_words
        self._text = text

    @property
    def text(self) -> StoredText:
        if self._text is None:
            raise ValueError("this search cannot look up phrases, titles and authors")
        return self._text

    @property
    def index(self) -> PaperIndex:
        return self._index

    @property
    def has_vectors(self) -> bool:
        return bool(self._index.vectors.shape[1])

    @property
    def distance_from_mean(self) -> NDArray[np.float32]:
        return self._index.distance_from_mean

    def similarities(self, text: str) -> NDArray[np.float32]:
        return self._compare(text)

    def word_scores(self, stems: Collection[int]) -> tuple[NDArray[np.float32], float]:
        words = self._load_words()
        return words.scores(stems), words.greatest_score(stems)

    def holding(self, stem: int, field: Field) -> NDArray[np.bool_]:
        return self._load_words().holding(stem, field)

    def n_holding(self, stem: int, field: Field | None = None) -> int:
        return self._load_words().n_holding(stem, field)

    def parts_holding(self, stems: Sequence[int], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        return self._load_words().parts_holding(stems, rows) if stems else np.zeros((len(rows), 0, len(PARTS)), bool)

    def nearest(
        self, text: str, among: PaperQuery = ALL_PAPERS, *, limit: int, min_similarity: float = -1.0
    ) -> list[NearPaper]:
        matching = None if among.is_open else self._index.matching(among)
        return near_papers(
            self.similarities(text), self._index.ids, limit=limit, min_similarity=min_similarity, among=matching
        )

    def nearest_to_paper(self, arxiv_id: ArxivId, *, limit: int) -> list[NearPaper] | None:
        row = self._index.row_of.get(arxiv_id)
        if row is None or not self._index.vectors[row].any():
            return None
        [cosines] = similarities(self._index.vectors[[row]], self._index.vectors)
        near = near_papers(cosines, self._index.ids, limit=limit + 1)
        return [paper for paper in near if paper.arxiv_id != arxiv_id][:limit]


def near_papers(
    cosines: NDArray[np.float32],
    ids: tuple[ArxivId, ...],
    *,
    limit: int,
    min_similarity: float = -1.0,
    among: NDArray[np.bool_] | None = None,
) -> list[NearPaper]:
    """The papers of the highest cosines, highest first, those of rows ``among`` where they are given."""
    rows = nearest_rows(cosines, ids, limit=limit, among=among)
    return [NearPaper(ids[row], float(cosines[row])) for row in rows if cosines[row] >= min_similarity]
