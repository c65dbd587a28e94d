"""Papers for a query, by meaning and by words together."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Literal, NamedTuple

from analysis.search.ranking import fused_ranks
from analysis.search.telling_query_words import telling_words
from domain.errors import UsageError
from domain.paper import ArxivId, Paper, pasted_names
from domain.paper_query import PaperQuery
from domain.plain_text import plain_text, with_letters
from queries.paper_rows import paper_line
from queries.parameters import MAX_QUERY, PaperRequest
from queries.resolve_paper_query import resolved_query
from queries.results import FoundPaper, SearchResult
from runtime.context import AppContext
from store.papers import ids_named, papers_in_order
from store.search import count_matches, ids_by_words, words_of
from templates.search_wording import NAMED_IN_QUERY, reasons_found

CANDIDATES = 300
"""Most papers of each of the two rankings."""


class _Ranked(NamedTuple):
    """A paper's place in the ranking."""

    score: float
    similarity: float | None
    row: int
    """Its row in the index, which is in the order of submission; past the end for a paper that came since."""


_STOP_WORDS = frozenset(
    "a an and are as at be below by can do does for from how in into is it its of on or over s that the their this to"
    " under we what when where which why with".split()
)


def search(
    context: AppContext, question: PaperRequest, *, limit: int, offset: int = 0
) -> tuple[SearchResult, list[Paper]]:
    """One page of the papers found, and these papers themselves.

    Raises
    ------
    UsageError
        If the query is empty or too long, or a filter names something unknown.
    """
    query = resolved_query(context, question)
    if names := pasted_names(_checked(question.query)):
        return _named(context, question, names, limit=limit, offset=offset)
    words = _words(question.query)
    ranked = context.cached(
        ("search", replace(question, sort="relevance")),
        lambda: _ranked(context, question, words, query),
        pool="search",
    )
    order = list(ranked)
    if question.sort != "relevance":
        order.sort(key=lambda i: ranked[i].row, reverse=question.sort == "newest")
    papers = papers_in_order(context.db, order[offset : offset + limit])
    results = tuple(
        FoundPaper(
            **vars(paper_line(p)),
            score=round(ranked[p.arxiv_id].score, 4),
            similarity=_rounded(ranked[p.arxiv_id].similarity),
            why=_why(p, words, ranked[p.arxiv_id].similarity),
        )
        for p in papers
    )
    return SearchResult(question.query, len(order), results), papers


def _checked(query: str) -> str:
    """The query with ligatures and full-width letters as plain ones.

    Raises
    ------
    UsageError
        If it is too long.
    """
    if len(query) > MAX_QUERY:
        raise UsageError(f"the query has {len(query):,} characters; at most {MAX_QUERY} are allowed")
    return unicodedata.normalize("NFKC", query)


def _named(
    context: AppContext,
    question: PaperRequest,
    names: Sequence[tuple[Literal["id", "doi"], str]],
    *,
    limit: int,
    offset: int,
) -> tuple[SearchResult, list[Paper]]:
    """The papers that a query names; no filter applies to them."""
    found = papers_in_order(context.db, ids_named(context.db, names))
    if question.sort != "relevance":
        found.sort(key=lambda p: (p.submitted_at, p.arxiv_id), reverse=question.sort == "newest")
    page = found[offset : offset + limit]
    results = tuple(FoundPaper(**vars(paper_line(p)), score=1.0, similarity=None, why=(NAMED_IN_QUERY,)) for p in page)
    return SearchResult(question.query, len(found), results), page


def _words(query: str) -> list[str]:
    words = list(dict.fromkeys(word for word in words_of(query) if word not in _STOP_WORDS))
    if not words:
        raise UsageError("the query contains no word to search for")
    return words


def _ranked(
    context: AppContext, question: PaperRequest, words: Sequence[str], query: PaperQuery
) -> dict[ArxivId, _Ranked]:
    """The papers found, best first."""
    papers = context.paper_search
    row_of = papers.index.row_of
    if not papers.has_vectors:
        raise UsageError("nothing is embedded yet, so search is not available; `papertide run` embeds papers")
    described = plain_text(with_letters(_checked(question.query)))
    nearest = papers.nearest(described, query, limit=CANDIDATES, min_similarity=context.settings.service.min_similarity)
    counts = {
        word: context.cached(("matches", word), partial(count_matches, context.db, word), pool="search")
        for word in words
    }
    telling, others = telling_words(counts, n_papers=len(papers.index))
    corpus = None if query.is_open else context.corpus
    found = ids_by_words(context.db, telling, corpus, query, limit=CANDIDATES, beside=others)
    by_words = papers.similarities_of(described, found)
    by_meaning = {near.arxiv_id: near.similarity for near in nearest}
    similarity = {**by_words, **by_meaning}
    # A paper without a vector has a cosine of 0.
    return {
        i: _Ranked(score, similarity[i] or None, row_of.get(i, len(row_of)))
        for i, score in fused_ranks([list(by_meaning), list(by_words)]).items()
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)


def _why(paper: Paper, words: Sequence[str], similarity: float | None) -> tuple[str, ...]:
    fields = {"title": paper.title, "abstract": paper.abstract, "authors": " ".join(paper.authors)}
    present = {field: set(words_of(text)) for field, text in fields.items()}
    return reasons_found(similarity, {f: [word for word in words if word in held] for f, held in present.items()})
