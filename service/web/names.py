"""Pages: the list of named things and each name."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Path, Query, Request, Response

from domain.name_ledger import SHOWN_CONFIDENCE, SHOWN_KIND_CONFIDENCE, UPTAKE_WEEKS
from domain.name_mention import NAME_KINDS
from queries import name as name_query
from queries import names as name_queries
from queries.cards import card
from queries.parse_dates import week_named
from service.web.dependencies import WebContext, WebContextDep
from service.web.known_parameters import KnownParametersRoute
from service.web.page_cache import cached_page
from service.web.query_params import Cursor, OptionalWeek
from service.web.trends import share_point
from templates.links import WEB_LINKS
from templates.name_wording import NAME_FEED_TITLES
from templates.page_layout import Feed, render_page

router = APIRouter(include_in_schema=False, route_class=KnownParametersRoute)

PER_PAGE = 50
KindChoice = Literal["", "benchmark", "dataset", "model", "method", "tool"]


@router.get("/names")
async def names(
    request: Request,
    web: WebContextDep,
    kind: KindChoice = "",
    view: name_queries.NameView = "all",
    q: Annotated[str, Query(max_length=120)] = "",
    sort: name_queries.NameSort = "uses",
    week: OptionalWeek = "",
    cursor: Cursor = "",
) -> Response:
    """Named things by kind, sorted and filtered, with what happened to them."""

    asked = name_queries.NameRequest(kind or None, view, q, sort, week_named(week) if week else None)
    return await cached_page(web, request, partial(draw_name_list, web, asked, int(cursor or 0)), asked=(asked, cursor))


def draw_name_list(web: WebContext, asked: name_queries.NameRequest, offset: int) -> str:
    """The page of a list of names."""
    page = name_queries.name_page(web.context, asked, limit=PER_PAGE, offset=offset)
    feeds = tuple(Feed(NAME_FEED_TITLES[k], f"/feeds/names/{k}s.atom") for k in NAME_KINDS if asked.kind in (None, k))
    return render_page(
        "names.html",
        frame=web.frame("names", feeds),
        page=page,
        first_week=name_queries.first_week(web.context),
        series=name_queries.name_series(web.context, page.names),
        counts=name_queries.counts_of_kinds(web.context),
        first_uses=[one for one in name_queries.first_uses(web.context) if asked.kind in (None, one.kind)],
        params={
            "kind": asked.kind or "",
            "view": asked.view,
            "q": asked.words,
            "sort": asked.sort,
            "week": asked.week or "",
        },
        kinds=NAME_KINDS,
        views=get_args(name_queries.NameView),
        offset=offset,
        per_page=PER_PAGE,
        lines=(SHOWN_CONFIDENCE, SHOWN_KIND_CONFIDENCE),
        uptake_weeks=UPTAKE_WEEKS,
    )


@router.get("/names/{name_id}")
async def name(request: Request, web: WebContextDep, name_id: Annotated[int, Path(ge=0, le=2**31 - 1)]) -> Response:
    """One named thing: what it is, its history, its share over time, and its papers by role."""
    return await cached_page(web, request, partial(_draw_name, web, name_id))


def _draw_name(web: WebContext, name_id: int) -> str:
    found = name_query.name(web.context, name_id)
    of_card = card(web.context, f"name:#{name_id}") if found.n_uses and found.merged_into is None else None
    return web.render_long(
        "name.html",
        frame=web.frame("names", (Feed(f"Papertide: {found.name}", f"/feeds/names/{name_id}.atom"),)),
        name=found,
        card=of_card,
        first_week=name_queries.first_week(web.context),
        term=f"name:#{name_id}",
        papers_of=lambda level: WEB_LINKS.with_query("/papers", {"term": f"name:#{name_id}", "level": level}),
        series=tuple(map(share_point, found.points)),
    )
