"""Page: trend calls and their outcomes."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from queries import trend_calls as call_queries
from queries.parse_dates import week_named
from service.web.dependencies import WebContextDep
from service.web.known_parameters import KnownParametersRoute
from service.web.page_cache import cached_page
from service.web.query_params import OptionalWeek
from templates.page_layout import render_page

router = APIRouter(include_in_schema=False, route_class=KnownParametersRoute)


@router.get("/calls")
async def calls(request: Request, web: WebContextDep, week: OptionalWeek = "") -> Response:
    """Trend calls and their outcomes."""
    return await cached_page(
        web,
        request,
        lambda: render_page(
            "calls.html",
            frame=web.frame(""),
            answer=call_queries.calls(web.context, week_named(week) if week else None),
        ),
        asked=(week,),
    )
