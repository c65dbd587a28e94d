"""Pages: search, and the files of what it finds."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from domain.errors import UsageError
from domain.paper import Paper
from queries.results import Facet
from queries.search import search
from service.web.dependencies import WebContextDep
from service.web.known_parameters import KnownParametersRoute
from service.web.page_cache import cached_page
from service.web.paper_filters_and_files import exported_papers, filter_values
from service.web.query_params import MAX_EXPORT, PaperPageRequest, PaperParams, QueryText, SortBy
from service.web.request_cost import PAGE_S, search_cost_s
from templates import paper_exports
from templates.links import WEB_LINKS
from templates.page_layout import Feed

router = APIRouter(include_in_schema=False, route_class=KnownParametersRoute)


@router.get("/search")
async def search_page(
    request: Request, web: WebContextDep, params: PaperParams, q: QueryText = "", sort: SortBy = "relevance"
) -> Response:
    """Papers by meaning and by words, each with the reasons why it was found."""
    params = replace(params, question=replace(params.question, query=q, sort=sort))

    def draw() -> str:
        problem, answer, feed_query = None, None, _feed_query(params)
        if q.strip():
            try:
                answer, _ = search(web.context, params.question, limit=params.limit, offset=params.offset)
            except UsageError as error:
                problem = error.web_message
        return web.render_long(
            "search.html",
            frame=web.frame(
                "search",
                (Feed(f"Papertide: {q}", WEB_LINKS.with_query("/feeds/search.atom", feed_query)),) if answer else (),
            ),
            answer=answer,
            feed_query=feed_query,
            narrowed=_narrowed,
            problem=problem,
            next_offset=params.next_offset(answer.total) if answer else None,
            **filter_values(web, replace(params, total=answer.total) if answer else params),
        )

    cost_s = search_cost_s(params.question) if q.strip() else PAGE_S
    return await cached_page(web, request, draw, asked=(params,), cost_s=cost_s)


def _narrowed(params: PaperPageRequest, facet: Facet) -> dict[str, object]:
    """The query of the search narrowed to a value that some of its papers have."""
    if facet.field == "year":
        return params.query | {"since": facet.value, "until": facet.value}
    parameter = "term" if facet.field in ("technique", "theme") else facet.field
    return params.query | {parameter: facet.value}


def _feed_query(params: PaperPageRequest) -> dict[str, object]:
    """The query of the search as a feed: without days, which would keep out what is new."""
    return {name: value for name, value in params.query.items() if name not in ("since", "until", "sort")}


@router.get("/search.{form}")
async def search_as_file(
    request: Request,
    web: WebContextDep,
    params: PaperParams,
    form: paper_exports.Form,
    q: QueryText = "",
    sort: SortBy = "relevance",
) -> Response:
    """The papers found, for a reference manager or a table."""
    question = replace(params.question, query=q, sort=sort)

    def found() -> tuple[int, list[Paper]]:
        answer, listed = search(web.context, question, limit=MAX_EXPORT)
        return answer.total, listed

    asked = replace(params, question=question)
    return await exported_papers(web, request, found, form, "search", asked=asked, cost_s=search_cost_s(question))
