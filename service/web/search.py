"""Pages: search, and the files of what it finds."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from domain.errors import UsageError
from queries.search import search
from service.web.dependencies import WebContextDep
from service.web.page_cache import cached_page
from service.web.paper_lists import exported_papers, filter_values
from service.web.query_params import MAX_EXPORT, PaperParams, QueryText, SortBy
from templates import citations
from templates.links import WEB_LINKS
from templates.page_layout import Feed

router = APIRouter(include_in_schema=False)


@router.get("/search")
def search_page(
    request: Request, web: WebContextDep, params: PaperParams, q: QueryText = "", sort: SortBy = "relevance"
) -> Response:
    """Papers by meaning and by words, each with the reasons why it was found."""
    params = replace(params, question=replace(params.question, query=q, sort=sort))

    def draw() -> str:
        problem, answer = None, None
        if q.strip():
            try:
                answer, _ = search(web.context, params.question, limit=params.limit, offset=params.offset)
            except UsageError as error:
                problem = error.web_message
        return web.render_long(
            "search.html",
            frame=web.frame(
                "search",
                (Feed(f"Papertide: {q}", WEB_LINKS.with_query("/feeds/search.atom", params.query)),) if answer else (),
            ),
            answer=answer,
            problem=problem,
            next_offset=params.next_offset(answer.total) if answer else None,
            **filter_values(web, replace(params, total=answer.total) if answer else params),
        )

    return cached_page(web, request, draw)


@router.get("/search.{form}")
def search_as_file(
    request: Request,
    web: WebContextDep,
    params: PaperParams,
    form: citations.Form,
    q: QueryText = "",
    sort: SortBy = "relevance",
) -> Response:
    """The papers found, for a reference manager or a table."""
    question = replace(params.question, query=q, sort=sort)

    def draw() -> str:
        _, listed = search(web.context, question, limit=MAX_EXPORT)
        return citations.written(listed, form)

    answer, _ = search(web.context, question, limit=0)
    return exported_papers(web, request, draw, form, "search", answer.total)
