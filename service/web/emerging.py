"""Page: emerging terms."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from queries import emerging as emerging_queries
from queries.parse_dates import week_named
from service.web.dependencies import WebContextDep
from service.web.known_parameters import KnownParametersRoute
from service.web.page_cache import cached_page
from service.web.query_params import OptionalWeek
from templates.page_layout import EMERGING_FEED, render_page

router = APIRouter(include_in_schema=False, route_class=KnownParametersRoute)


@router.get("/emerging")
async def emerging(request: Request, web: WebContextDep, week: OptionalWeek = "") -> Response:
    """The emerging terms of a week, and past lists with their outcomes."""
    return await cached_page(
        web,
        request,
        lambda: render_page(
            "emerging.html",
            frame=web.frame("emerging", (EMERGING_FEED,)),
            answer=emerging_queries.emerging(web.context, week_named(week) if week else None),
        ),
        asked=(week,),
    )
