"""Pages: the list of topics and each topic."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from domain.week import Week
from queries import topics as topic_queries
from queries.names import first_week
from queries.topic import topic as topic_query
from queries.topic_map import topic_map
from service.web.dependencies import WebContext, WebContextDep
from service.web.known_parameters import KnownParametersRoute
from service.web.page_cache import cached_page
from service.web.trends import share_point
from templates.page_layout import Feed, render_page
from templates.topic_map_svg import topic_map_drawing

router = APIRouter(include_in_schema=False, route_class=KnownParametersRoute)


@router.get("/topics")
async def topics(
    request: Request,
    web: WebContextDep,
    q: Annotated[str, Query(max_length=120)] = "",
    area: Annotated[str, Query(max_length=120)] = "",
    sort: topic_queries.TopicSort = "size",
) -> Response:
    """Every topic, sorted and filtered, and the map of them all."""

    def draw() -> str:
        active = topic_queries.topics(web.context)
        series = topic_queries.topic_series(web.context)
        areas = sorted({t.area for t in active if t.area})
        return render_page(
            "topics.html",
            frame=web.frame("topics"),
            topics=topic_queries.topics_matching(web.context, q, area, sort),
            n_all=len(active),
            gone=[t for t in topic_queries.all_topics(web.context) if not t.active],
            series=series,
            first_week=first_week(web.context),
            newest_week=next((str(Week(points[-1].start)) for points in series.values()), "Newest week"),
            areas=areas,
            params={"q": q, "area": area, "sort": sort},
            drawing=topic_map_drawing(
                [
                    (t.topic_id, t.label, t.n_papers, t.area, (t.x, t.y))
                    for t in active
                    if t.x is not None and t.y is not None
                ],
                topic_map(web.context),
                areas,
            ),
        )

    return await cached_page(web, request, draw, asked=(q, area, sort))


@router.get("/topics/{topic_id}")
async def topic(request: Request, web: WebContextDep, topic_id: Annotated[int, Path(ge=0, le=2**31 - 1)]) -> Response:
    """One topic: its label, history, share over time, papers and neighbours."""

    return await cached_page(web, request, partial(draw_topic_page, web, topic_id))


def draw_topic_page(web: WebContext, topic_id: int) -> str:
    found = topic_query(web.context, topic_id)
    return web.render_long(
        "topic.html",
        frame=web.frame("topics", (Feed(f"Papertide: {found.label}", f"/feeds/topics/{topic_id}.atom"),)),
        topic=found,
        first_week=first_week(web.context),
        series=tuple(map(share_point, found.points)),
    )
