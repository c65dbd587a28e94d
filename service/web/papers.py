"""Pages: lists of papers, each paper, and their files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from domain.paper import Paper
from queries import paper as paper_queries
from queries import term_resolution
from queries.facet_resolution import facet_named, facet_names
from queries.paper_rows import paper_lines
from queries.papers import n_older_reading, papers_matching
from queries.standards import rule_named
from queries.topics import all_topics
from service.web.dependencies import WebContext, WebContextDep
from service.web.known_parameters import KnownParametersRoute
from service.web.page_cache import cached_page
from service.web.paper_filters_and_files import exported_papers, filter_values
from service.web.query_params import MAX_EXPORT, PaperParams
from service.web.request_cost import list_cost_s
from templates import paper_exports
from templates.facet_wording import facet_text
from templates.page_layout import render_page
from templates.term_wording import term_text

router = APIRouter(include_in_schema=False, route_class=KnownParametersRoute)


@router.get("/papers")
async def papers(request: Request, web: WebContextDep, params: PaperParams) -> Response:
    """The papers that a number counts, newest first."""

    def draw() -> str:
        total, listed = papers_matching(web.context, params.question, limit=params.limit, offset=params.offset)
        return render_page(
            "paper_list.html",
            frame=web.frame("search"),
            total=total,
            papers=paper_lines(web.context, listed),
            next_offset=params.next_offset(total),
            term_name=_term_name(web, params.question.term),
            with_facets=_facet_texts(web, params.question.has),
            n_older_reading=n_older_reading(web.context, params.question),
            **filter_values(web, replace(params, total=total)),
        )

    return await cached_page(web, request, draw, asked=(params,), cost_s=list_cost_s(params.question))


def _facet_texts(web: WebContext, has: Sequence[str]) -> list[str]:
    """The facets that every paper of a list has, in words."""
    facets = [facet_named(web.context, text) for text in has]
    names = facet_names(web.context, facets)
    return [facet_text(facet, names[facet]) for facet in facets]


def _term_name(web: WebContext, term: str | None) -> str | None:
    """What a term is called."""
    if term is None:
        return None
    if (rule := rule_named(web.context, term)) is not None:
        return rule.name
    if term_resolution.words_named(web.context, term) is not None:
        return term_text(term)
    if (name := term_resolution.name_term(web.context, term)) is not None:
        return name.surface
    named = term_resolution.term_named(web.context, term)
    if named is None:
        return term_text(term)
    if named[0] == "topic":
        return next((t.label for t in all_topics(web.context) if str(t.topic_id) == named[1]), term)
    return next(t.name for t in web.context.detector.taxonomy.terms if (t.kind, t.key) == named)


@router.get("/papers.{form}")
async def papers_as_file(
    request: Request, web: WebContextDep, params: PaperParams, form: paper_exports.Form
) -> Response:
    """The papers that a number counts, for a reference manager or a table."""

    def found() -> tuple[int, list[Paper]]:
        return papers_matching(web.context, params.question, limit=MAX_EXPORT)

    cost_s = list_cost_s(params.question)
    return await exported_papers(web, request, found, form, "papers", asked=params, cost_s=cost_s)


@router.get("/papers/{arxiv_id:path}")
async def paper(request: Request, web: WebContextDep, arxiv_id: Annotated[str, Path(max_length=40)]) -> Response:
    """One paper: its abstract, detections, topic and similar papers.

    With a suffix, as in ``2606.01846.bib``, it is a file for a reference manager.
    """
    name, _, ending = arxiv_id.rpartition(".")
    for form in paper_exports.SUFFIXES:
        if ending == form:
            return await _paper_as_file(request, web, name, form)

    def draw() -> str:
        found = paper_queries.paper(web.context, arxiv_id)
        evidence = [e for d in found.detections for e in d.evidence]
        return render_page(
            "paper.html",
            frame=web.frame("search"),
            paper=found,
            in_title=[e for e in evidence if e.field == "title"],
            in_abstract=[e for e in evidence if e.field == "abstract"],
        )

    return await cached_page(web, request, draw)


async def _paper_as_file(request: Request, web: WebContext, name: str, form: paper_exports.Form) -> Response:
    paper_id = paper_queries.arxiv_id_of(name)

    def draw() -> str:
        return paper_exports.written([paper_queries.stored_paper(web.context, paper_id)], form)

    file_name = f"{paper_id.replace('/', '_')}.{paper_exports.SUFFIXES[form]}"
    return await cached_page(web, request, draw, paper_exports.MEDIA_TYPES[form], name=file_name)
