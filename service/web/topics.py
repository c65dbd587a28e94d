"""Pages: the list of topics and each topic."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from domain.week import Week
from queries import topic as topic_queries
from queries.topic_map import topic_map
from queries.topics import all_topics, topic_series
from service.web.dependencies import WebContext, WebContextDep
from service.web.page_cache import cached_page
from service.web.trends import share_point
from templates.page_layout import Feed, render_page
from templates.topic_map_svg import topic_map_drawing

router = APIRouter(include_in_schema=False)

TopicSort = Literal["size", "name", "newest", "recent"]


@router.get("/topics")
def topics(
    request: Request,
    web: WebContextDep,
    q: Annotated[str, Query(max_length=120)] = "",
    area: Annotated[str, Query(max_length=120)] = "",
    sort: TopicSort = "size",
) -> Response:
    """Every topic, sorted and filtered, and the map of them all."""

    def draw() -> str:
        everyone = all_topics(web.context)
        active = [t for t in everyone if t.is_active]
        series = topic_series(web.context)
        words = q.casefold().split()
        chosen = [
            t
            for t in active
            if (not area or t.topic.area == area)
            and all(w in f"{t.topic.label} {' '.join(t.topic.top_terms)}".casefold() for w in words)
        ]
        keys: dict[str, Callable[[Any], Any]] = {
            "size": lambda t: -t.topic.size,
            "name": lambda t: t.topic.label.casefold(),
            "newest": lambda t: (-t.topic.born_week.monday.toordinal(), -t.topic.size),
            "recent": lambda t: -(series[t.topic.topic_id][-1].k if series.get(t.topic.topic_id) else 0),
        }
        areas = sorted({t.topic.area for t in active if t.topic.area})
        return render_page(
            "topics.html",
            frame=web.frame("topics"),
            topics=sorted(chosen, key=keys[sort]),
            n_all=len(active),
            gone=[t for t in everyone if not t.is_active],
            series=series,
            newest_week=next((str(Week(points[-1].start)) for points in series.values()), "Newest week"),
            areas=areas,
            params={"q": q, "area": area, "sort": sort},
            drawing=topic_map_drawing(
                [(t.topic.topic_id, t.topic.label, t.topic.size, t.topic.area, t.position) for t in active],
                topic_map(web.context),
                areas,
            ),
        )

    return cached_page(web, request, draw)


@router.get("/topics/{topic_id}")
def topic(request: Request, web: WebContextDep, topic_id: Annotated[int, Path(ge=0, le=2**31 - 1)]) -> Response:
    """One topic: its label, history, share over time, papers and neighbours."""

    return cached_page(web, request, partial(draw_topic_page, web, topic_id))


def draw_topic_page(web: WebContext, topic_id: int) -> str:
    found = topic_queries.topic(web.context, topic_id)
    return web.render_long(
        "topic.html",
        frame=web.frame("topics", (Feed(f"Papertide: {found.label}", f"/feeds/topics/{topic_id}.atom"),)),
        topic=found,
        series=tuple(map(share_point, found.points)),
    )
