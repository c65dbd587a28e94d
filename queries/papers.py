"""One paper's page, and the papers that match a request."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from analysis.search.ranking import nearest_rows, similarities
from domain.errors import NotFound, UsageError
from domain.paper import ArxivId, Paper, parse_arxiv_id
from domain.week import iso_instant
from queries.paper_query import resolved_query
from queries.paper_rows import paper_line
from queries.requests import PaperRequest
from queries.terms import meant_rows, words_named
from queries.topics import all_topics
from runtime.context import AppContext
from store.detections import detections_of_paper
from store.papers import known_papers, papers_in_order, versions_of_paper
from store.search import ids_by_phrases

N_SIMILAR = 8


# -- papers


def paper(context: AppContext, arxiv_id: str) -> dict[str, Any]:
    """One paper: what arXiv says of it, what was found in it, where it belongs, and what is like it.

    Raises
    ------
    NotHere
        If it is not held, or the text is no identifier.
    """
    asked = arxiv_id_of(arxiv_id)
    found = known_papers(context.db, [asked]).get(asked)
    if found is None:
        raise NotFound(f"the paper {asked} is not held here; it may be outside the watched categories or too old")
    names = {(t.kind, t.key): t for t in context.detector.taxonomy.terms}
    return {
        **paper_line(found),
        "abstract": found.abstract,
        "categories": list(found.categories),
        "version": found.version,
        "withdrawn": found.is_withdrawn,
        "updated_at": iso_instant(found.updated_at),
        "comment": found.comment,
        "doi": found.doi,
        "journal_ref": found.journal_ref,
        "versions": [
            {"version": v.version, "submitted_at": iso_instant(v.submitted_at)}
            for v in versions_of_paper(context.db, asked)
        ],
        "detections": [
            {
                "kind": d.kind,
                "key": d.key,
                "name": names[d.kind, d.key].name,
                "level": d.level,
                "evidence": [{"field": e.field, "start": e.start, "end": e.end} for e in d.evidence],
            }
            for d in detections_of_paper(context.db, context.detector.detector_id, asked)
            if (d.kind, d.key) in names
        ],
        **_place_of(context, asked),
    }


def arxiv_id_of(text: str) -> ArxivId:
    """An identifier as people type it, with or without version.

    Raises
    ------
    NotHere
        If the text is none.
    """
    try:
        return parse_arxiv_id(re.sub(r"v[1-9]\d*$", "", text))
    except ValueError as error:
        raise NotFound(f"{text!r} is no arXiv identifier; they are written 2606.01846 or cs/0601001") from error


def _place_of(context: AppContext, arxiv_id: ArxivId) -> dict[str, Any]:
    index = context.paper_index
    row = index.row_of.get(arxiv_id)
    if row is None or not index.vectors.shape[1] or not index.vectors[row].any():
        return {"topic": None, "similar": []}
    of = {t.topic.topic_id: t.topic for t in all_topics(context)}.get(int(index.topic_id[row]))
    cosines = similarities(index.vectors[[row]], index.vectors)[0]
    near = [r for r in nearest_rows(cosines, index.ids, limit=N_SIMILAR + 1) if r != row][:N_SIMILAR]
    return {
        "topic": {"topic_id": of.topic_id, "label": of.label} if of else None,
        "similar": [
            {**paper_line(p), "similarity": round(float(cosines[index.row_of[p.arxiv_id]]), 4)}
            for p in papers_in_order(context.db, [index.ids[r] for r in near])
        ],
    }


# -- papers that a number counts


def papers_matching(
    context: AppContext, question: PaperRequest, *, limit: int, offset: int = 0
) -> tuple[int, list[Paper]]:
    """How many papers the filters of a question let through, and one page of them, newest first.

    A ``term`` that is no technique, theme or topic is looked for as it stands or by meaning, as in ``trends``;
    ``query`` is not asked.

    Raises
    ------
    UsageError
        If a filter names something unknown.
    """
    index = context.paper_index
    words = words_named(context, question.term) if question.term else None
    query = resolved_query(context, replace(question, term=None) if words else question)
    if words and words[0] == "text":
        try:
            ids = context.cached(
                ("phrases", words[1], query),
                lambda: ids_by_phrases(context.db, words[1].split(" OR "), context.corpus, query),
                pool="large",
            )
        except ValueError as error:
            raise UsageError(str(error)) from error
        return len(ids), papers_in_order(context.db, ids[offset : offset + limit])
    kept = index.matching(query)
    if words:
        kept &= meant_rows(context, words[1], index)
    rows = kept.nonzero()[0][::-1]
    page = [index.ids[row] for row in rows[offset : offset + limit].tolist()]
    return len(rows), papers_in_order(context.db, page)
