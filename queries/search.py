"""Papers for a query, by meaning and by words together."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np

from analysis.search.paper_scores import score_papers
from analysis.search.query_words import content_words
from domain.errors import UsageError
from domain.packed_stems import stem_number, stem_numbers
from domain.paper import ArxivId, Paper, pasted_names
from domain.paper_query import PaperQuery
from queries.paper_rows import paper_line
from queries.parameters import MAX_QUERY, PaperRequest
from queries.resolve_paper_query import resolved_query
from queries.results import FoundPaper, SearchResult
from runtime.context import AppContext
from store.papers import ids_named, papers_in_order
from templates.search_wording import NAMED_IN_QUERY, reasons_found


class _Ranked(NamedTuple):
    """A paper's place in the ranking."""

    score: float
    similarity: float | None
    row: int
    """Its row in the index, which is in the order of submission."""


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
    words = content_words(question.query)
    ranked = context.cached(
        ("search", replace(question, sort="relevance")),
        lambda: _ranked(context, question, query),
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


def _ranked(context: AppContext, question: PaperRequest, query: PaperQuery) -> dict[ArxivId, _Ranked]:
    """The papers found, best first: those near in meaning, and those with most of the query's words."""
    papers = context.paper_search
    index = papers.index
    if not len(index):
        raise UsageError("no papers are stored yet, so there is nothing to search; `papertide run` fetches them")
    scored = score_papers(papers, question.query, min_similarity=context.settings.service.min_similarity)
    among = np.ones(len(index), dtype=bool) if query.is_open else index.matching(query)
    return {
        index.ids[row]: _Ranked(float(scored.scores[row]), float(scored.cosines[row]) or None, row)
        for row in scored.found(among)
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)


def _why(paper: Paper, words: Sequence[str], similarity: float | None) -> tuple[str, ...]:
    fields = {"title": paper.title, "abstract": paper.abstract, "authors": " ".join(paper.authors)}
    present = {field: set(stem_numbers(text)) for field, text in fields.items()}
    return reasons_found(
        similarity, {f: [word for word in words if stem_number(word) in held] for f, held in present.items()}
    )
