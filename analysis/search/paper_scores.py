"""The one ranking: what pages, API, feeds, mails, the command line and Python list for a query, and in which order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.search.described_text import described_text
from analysis.search.ranking import combined_scores, top_rows, with_all_words
from analysis.search.semantic_search import PaperSearch
from domain.errors import UsageError
from domain.packed_stems import stem_number
from domain.paper import ArxivId
from domain.search_query import content_words
from domain.search_text import search_words

CANDIDATES = 300
"""Most papers found by meaning, and most found by words."""
MIN_COVERAGE = 0.2
"""The share of the greatest word score that a paper needs if it is not near in meaning."""

MIN_TITLE_WORDS = 3
"""Words of a query from which on it may be a part of a title, typed word for word."""

CLOSE_SHARE = 0.5
"""The share of the best score from which on a paper counts as close to a query.

Chosen on the 653 papers pooled for the first 20 queries of ``benchmarks.search_judged``; bounds on the score or the
cosine alone did no better. ``docs/searching.md`` has the figures of all queries.
"""


@dataclass(frozen=True, eq=False)
class PaperScores:
    """How well each paper of an index answers one query; all arrays have a row for each paper, in its order.

    Attributes
    ----------
    ids : the papers.
    scores : meaning and words combined, at most 1.
    is_named : whether the paper's title holds all words of the query.
    is_titled : whether it holds the query, of three or more words, word for word.
    ranked_by : the scores, but with all words for titled papers; at most 1.
    cosines : of the query with each paper, 0 for a paper without a vector.
    is_near : whether the paper is near enough in meaning to be found by it.
    word_scores : BM25 of the query's words.
    has_words : whether the paper holds enough of the words to be found by them.
    """

    ids: tuple[ArxivId, ...]
    scores: NDArray[np.float32]
    is_named: NDArray[np.bool_]
    is_titled: NDArray[np.bool_]
    ranked_by: NDArray[np.float32]
    cosines: NDArray[np.float32]
    is_near: NDArray[np.bool_]
    word_scores: NDArray[np.float32]
    has_words: NDArray[np.bool_]

    @property
    def is_close(self) -> NDArray[np.bool_]:
        """Whether each paper is titled, or is found and scores at least ``CLOSE_SHARE`` of the best score.

        Words alone bring only a paper without a vector close, and one with all of them in its title: beside a meaning
        that is far, they are incidental.
        """
        least = CLOSE_SHARE * float(self.scores.max(initial=0.0))
        may_be_close = self.is_near | self.is_named | (self.has_words & (self.cosines == 0))
        is_close: NDArray[np.bool_] = self.is_titled | (may_be_close & (self.scores >= least))
        return is_close

    def is_found(self, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether each paper is found ``among`` some: the nearest of them are, and those with most words."""
        found = np.zeros(len(self.ids), dtype=bool)
        found[top_rows(self.cosines, limit=CANDIDATES, among=among & self.is_near)] = True
        found[top_rows(self.word_scores, limit=CANDIDATES, among=among & self.has_words)] = True
        return found

    def found(self, among: NDArray[np.bool_]) -> list[int]:
        """The rows of the papers that are found ``among`` some, best first."""
        rows = np.flatnonzero(self.is_found(among)).tolist()
        return sorted(rows, key=lambda row: (-self.ranked_by[row], self.ids[row]))


def score_papers(search: PaperSearch, query: str, *, min_similarity: float) -> PaperScores:
    """The score of each paper of a search's index for a query as it was typed.

    Parameters
    ----------
    search : compares the papers with a text and with words.
    query : as typed.
    min_similarity : the least cosine of a paper that is found by its meaning.

    Raises
    ------
    UsageError
        If the query holds no word.
    """
    words, index = content_words(query), search.index
    if not words:
        raise UsageError("the query contains no word to search for")
    cosines = (
        search.similarities(described_text(query)) if search.has_vectors else np.zeros(len(index), dtype=np.float32)
    )
    word_scores, greatest = search.word_scores([stem_number(word) for word in words])
    scores = combined_scores(
        cosines, word_scores, greatest_word_score=greatest, distance_from_mean=search.distance_from_mean
    )
    is_named = np.logical_and.reduce([search.holding(stem_number(word), "title") for word in words])
    is_titled = np.zeros(len(index), dtype=bool)
    is_titled[_rows_titled(search, query, top_rows(scores, limit=CANDIDATES, among=is_named))] = True
    lifted = with_all_words(scores, word_scores, greatest_word_score=greatest) if is_titled.any() else scores
    return PaperScores(
        ids=index.ids,
        scores=scores,
        is_named=is_named,
        is_titled=is_titled,
        ranked_by=np.where(is_titled, lifted, scores),
        cosines=cosines,
        is_near=(cosines >= min_similarity) & (cosines != 0),
        word_scores=word_scores,
        has_words=(word_scores > 0) & (word_scores >= MIN_COVERAGE * greatest),
    )


def _rows_titled(search: PaperSearch, query: str, rows: NDArray[np.int64]) -> list[int]:
    """The papers at some rows whose title holds the query, of ``MIN_TITLE_WORDS`` or more, word for word."""
    words = search_words(query)
    if len(words) < MIN_TITLE_WORDS or not len(rows):
        return []
    ids = {row: search.index.ids[row] for row in rows.tolist()}
    titles = search.text.titles([*ids.values()])
    wanted = f" {' '.join(words)} "
    return [row for row, arxiv_id in ids.items() if wanted in f" {' '.join(search_words(titles.get(arxiv_id, '')))} "]
