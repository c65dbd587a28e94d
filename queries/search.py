"""Papers for a query, by meaning and by words together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.search.paper_scores import score_papers
from analysis.search.passages import PassageFinder
from analysis.search.search_conditions import AppliedQuery, applied
from analysis.search.search_query import parsed_query, with_times_as_bounds
from analysis.search.semantic_search import PaperSearch
from analysis.search.word_index import PARTS
from domain.code_link import code_link
from domain.errors import UsageError
from domain.packed_stems import stem_number
from domain.paper import ArxivId, Paper
from domain.paper_arrays import PaperIndex, day_number
from domain.paper_query import PaperQuery
from domain.search_query import SearchQuery
from domain.search_text import search_words
from domain.venue_mention import venue_mention
from domain.week import Week
from queries.paper_rows import paper_lines
from queries.parameters import MAX_QUERY, PaperRequest
from queries.resolve_paper_query import resolved_query
from queries.results import Facet, FoundPaper, PaperLine, SearchResult
from queries.search_facets import facets
from queries.search_suggestions import suggested
from runtime.context import AppContext
from store.papers import ids_named, papers_in_order
from templates.search_wording import NAMED_IN_QUERY, query_reading, reasons_found


@dataclass(frozen=True, eq=False)
class _Found:
    """The papers found, best first, as rows of the index, which are in the order of submission.

    ``scores`` and ``similarities`` are of these rows; a similarity of 0 is that of a paper without a vector.
    """

    ids: tuple[ArxivId, ...]
    rows: NDArray[np.int64]
    scores: NDArray[np.float32]
    similarities: NDArray[np.float32]
    words: tuple[str, ...]
    held: NDArray[np.bool_]
    """Whether each of these papers holds each of the words in each of ``PARTS``."""
    read: tuple[SearchQuery, dict[str, tuple[str, ...]], tuple[str, ...]]
    """The query as read, the names of its authors, and words that were replaced."""
    has_other_reading: bool
    meant: str | None
    is_corrected: bool
    is_close: NDArray[np.bool_]
    n_some_words: int
    words_in_no_paper: tuple[str, ...]
    facets: tuple[Facet, ...]
    words_only_before: Week | None
    weights: dict[int, float]

    def in_order(self, sort: str) -> NDArray[np.int64]:
        """The places of the papers in the order asked for."""
        if sort == "relevance":
            return np.arange(len(self.rows))
        by_day = np.argsort(self.rows)
        return by_day[::-1] if sort == "newest" else by_day


def search(
    context: AppContext, question: PaperRequest, *, limit: int, offset: int = 0
) -> tuple[SearchResult, list[Paper]]:
    """One page of the papers found, and these papers themselves.

    Papers that the query names come first; no filter applies to them.

    Raises
    ------
    UsageError
        If the query is empty or too long, or a filter names something unknown.
    """
    among = resolved_query(context, question)
    typed = parsed_query(_checked(question.query))
    named = papers_in_order(context.db, ids_named(context.db, typed.named)) if typed.named else []
    if question.sort != "relevance":
        named.sort(key=lambda p: (p.submitted_at, p.arxiv_id), reverse=question.sort == "newest")
    found = context.cached(
        ("search", replace(question, sort="relevance")), lambda: _found(context, typed, among), pool="search"
    )
    known: set[str] = {p.arxiv_id for p in named}
    order = found.in_order(question.sort)
    if known:
        order = np.array([at for at in order.tolist() if found.ids[at] not in known], dtype=np.int64)
    page = order[max(0, offset - len(named)) : max(0, offset + limit - len(named))].tolist()
    place_of = {found.ids[at]: at for at in page}
    rest = papers_in_order(context.db, list(place_of))
    listed = [*named[offset : offset + limit], *rest]
    passages = PassageFinder(found.weights)
    results = [
        _as_named(p, line) if p.arxiv_id in known else _as_found(p, line, found, place_of[p.arxiv_id], passages)
        for p, line in zip(listed, paper_lines(context, listed), strict=True)
    ]
    answer = SearchResult(
        question.query,
        len(named) + len(order),
        tuple(results),
        reading=query_reading(*found.read, not_stored=_not_stored(typed, named)),
        as_words=f"text:{question.query.strip()}" if found.has_other_reading else "",
        did_you_mean=found.meant,
        n_close=len(named) + int(found.is_close[order].sum()),
        n_some_words=found.n_some_words,
        words_in_no_paper=found.words_in_no_paper,
        facets=found.facets,
        words_only_before=found.words_only_before,
        is_corrected=found.is_corrected,
    )
    return answer, listed


def _words_only_before(context: AppContext, index: PaperIndex) -> Week | None:
    since = context.embedded_since
    return since if since is not None and index.day[0] < day_number(since.monday) else None


def _checked(query: str) -> str:
    if len(query) > MAX_QUERY:
        raise UsageError(f"the query has {len(query):,} characters; at most {MAX_QUERY} are allowed")
    if not query.strip():
        raise UsageError("the query is empty; say what to search for")
    return query


def _not_stored(typed: SearchQuery, named: Sequence[Paper]) -> tuple[str, ...]:
    known = {name for p in named for name in (p.arxiv_id, (p.doi or "").lower())}
    return tuple(name for _, name in typed.named if name not in known)


def _as_named(p: Paper, line: PaperLine) -> FoundPaper:
    return FoundPaper(
        **vars(line), score=1.0, similarity=None, why=(NAMED_IN_QUERY,), **_details(p, PassageFinder({}), is_close=True)
    )


def _as_found(p: Paper, line: PaperLine, found: _Found, at: int, passages: PassageFinder) -> FoundPaper:
    similarity = float(found.similarities[at]) or None
    held_in = zip(PARTS, found.held[at].T.tolist(), strict=True)
    return FoundPaper(
        **vars(line),
        score=round(float(found.scores[at]), 4),
        similarity=None if similarity is None else round(similarity, 4),
        why=reasons_found(
            similarity,
            {part: [word for word, has in zip(found.words, held, strict=True) if has] for part, held in held_in},
        ),
        **_details(p, passages, is_close=bool(found.is_close[at])),
    )


def _details(p: Paper, passages: PassageFinder, *, is_close: bool) -> dict[str, Any]:
    """What helps to decide whether to read a paper."""
    passage = passages.best_passage(p.abstract)
    venue = venue_mention(p.comment) if p.comment else None
    return {
        "is_close": is_close,
        "passage": passage.text,
        "marks": passage.marks,
        "code": code_link(p.abstract, p.comment),
        "venue": str(venue) if venue is not None and venue.status in ("accepted", "published") else None,
    }


def _found(context: AppContext, typed: SearchQuery, among: PaperQuery) -> _Found:
    """The papers that the conditions and words of a query find, best first."""
    papers = context.paper_search
    index = papers.index
    if not len(index):
        raise UsageError("no papers are stored yet, so there is nothing to search; `papertide run` fetches them")
    spelled = None if typed.named or typed.is_literal else suggested(context, papers, typed.typed)
    is_corrected = spelled is not None and bool(spelled.absent)
    asked = applied(papers, parsed_query(spelled.query) if spelled and is_corrected else typed)
    query = asked.query
    if spelled and (is_corrected or not asked.authors):
        meant: str | None = spelled.query
    else:
        meant = with_times_as_bounds(typed, partial(_has_papers, index))
    matching = asked.among if among.is_open else asked.among & index.matching(among)
    n_some_words = 0
    if not query.words:
        cosines, scores = np.zeros(len(index), dtype=np.float32), np.ones(len(index), dtype=np.float32)
        has_conditions = query.required or query.excluded
        rows = np.flatnonzero(matching)[::-1] if has_conditions else np.zeros(0, dtype=np.int64)
        is_close = matching
    else:
        scored = score_papers(papers, query.text, min_similarity=context.settings.service.min_similarity)
        cosines, scores = scored.cosines, scored.ranked_by
        is_close = matching if asked.meets_conditions else matching & scored.is_close
        listed = is_close.copy()
        if not asked.meets_conditions:
            listed |= scored.is_found(matching)
            n_some_words = int((matching & scored.has_words & ~is_close).sum())
        rows = _best_first(np.flatnonzero(listed), scores, index)
    shown = _words_shown(asked)
    return _Found(
        ids=tuple(index.ids[row] for row in rows.tolist()),
        rows=rows,
        scores=scores[rows],
        similarities=cosines[rows],
        words=shown,
        held=papers.parts_holding([stem_number(word) for word in shown], rows),
        read=(query, asked.authors, spelled.absent if spelled else ()),
        has_other_reading=not typed.is_literal and (is_corrected or not query.is_plain),
        meant=meant,
        is_corrected=is_corrected,
        is_close=is_close[rows],
        n_some_words=n_some_words,
        words_in_no_paper=tuple(word for word in query.words if not papers.n_holding(stem_number(word))),
        facets=facets(context, index, rows[is_close[rows]] if is_close[rows].any() else rows),
        words_only_before=_words_only_before(context, index),
        weights={stem_number(word): _rarity(papers, word) for word in query.words},
    )


def _has_papers(index: PaperIndex, first: date, last: date) -> bool:
    """Whether papers submitted from one day to another are held."""
    days = np.array([day_number(first), day_number(last) + 1], dtype=np.int32)
    start, end = np.searchsorted(index.day, days).tolist()
    return bool(start < end)


def _best_first(rows: NDArray[np.int64], scores: NDArray[np.float32], index: PaperIndex) -> NDArray[np.int64]:
    """The rows by falling score; papers of one score by identifier."""
    ordered = rows[np.argsort(-scores[rows], kind="stable")]
    equal = np.flatnonzero(np.diff(scores[ordered]) == 0)
    if len(equal):
        ordered = np.array(sorted(ordered.tolist(), key=lambda row: (-scores[row], index.ids[row])), dtype=np.int64)
    return ordered


def _rarity(papers: PaperSearch, word: str) -> float:
    """How much a word says: the logarithm of how many times as many papers there are as hold it."""
    return math.log1p(len(papers.index) / (1 + papers.n_holding(stem_number(word), "text")))


def _words_shown(asked: AppliedQuery) -> tuple[str, ...]:
    """The words of a query that are looked for in each paper's fields, those of names among them."""
    names = [c.words for group in asked.query.required for c in group if c.field == "author"]
    return tuple(dict.fromkeys([*asked.query.words, *(word for name in names for word in search_words(name))]))
