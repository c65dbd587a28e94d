"""Page: standards and failure modes that papers name, and their counts as a file."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from domain.errors import UsageError
from queries.parse_dates import week_named
from queries.standards import standards_and_failures
from queries.status import is_sample_corpus
from service.web.dependencies import WebContextDep
from service.web.known_parameters import KnownParametersRoute
from service.web.page_cache import cached_page
from service.web.query_params import OptionalWeek
from service.web.request_cost import CLAIMS_S
from service.web.responses import CSV, HTML, Rendered
from templates.page_layout import render_page
from templates.standards_csv import standards_csv

router = APIRouter(include_in_schema=False, route_class=KnownParametersRoute)


@router.get("/standards.csv")
async def standards_file(request: Request, web: WebContextDep) -> Response:
    """The counts of every quarter."""

    def draw() -> str:
        return standards_csv(standards_and_failures(web.context), made_up=is_sample_corpus(web.context))

    return await cached_page(web, request, draw, CSV, cost_s=CLAIMS_S)


@router.get("/standards")
async def standards(request: Request, web: WebContextDep, week: OptionalWeek = "") -> Response:
    """The papers of a week that name a standard, and counts by quarter."""

    def draw() -> Rendered:
        answer, problem = None, ""
        try:
            answer = standards_and_failures(web.context, week_named(week) if week else None)
        except UsageError as error:
            problem = str(error)
        page = render_page("standards.html", frame=web.frame(""), answer=answer, problem=problem)
        return Rendered.of(page, HTML, status=422 if problem else 200)

    return await cached_page(web, request, draw, asked=(week,), cost_s=CLAIMS_S)
