"""Pages: evidence cards of techniques and themes, and their list."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response

from domain.cards import MIN_SHARE_PAPERS
from domain.errors import NotFound
from domain.wrong_value import did_you_mean
from queries.cards import card, counted_terms
from service.web.dependencies import WebContext, WebContextDep
from service.web.known_parameters import KnownParametersRoute
from service.web.page_cache import cached_page
from service.web.request_cost import CARD_S
from service.web.trends import share_point
from templates.page_layout import render_page

router = APIRouter(include_in_schema=False, route_class=KnownParametersRoute)

TermKeyPath = Annotated[str, Path(max_length=64)]


@router.get("/techniques")
@router.get("/themes")
async def techniques(request: Request, web: WebContextDep) -> Response:
    """Every technique and theme, with the number of its papers."""
    return await cached_page(web, request, partial(_draw_list, web))


def _draw_list(web: WebContext) -> str:
    counted = counted_terms(web.context)
    terms = [(term, counted.k[term.kind, term.key]) for term in web.context.detector.taxonomy.terms]
    terms.sort(key=lambda one: -one[1])
    groups = [
        (
            title,
            anchor,
            [one for one in terms if one[0].kind == kind and one[1]],
            [one for one in terms if one[0].kind == kind and not one[1]],
        )
        for title, anchor, kind in (("Techniques", "techniques", "technique"), ("Themes", "themes", "theme"))
    ]
    return render_page(
        "techniques.html",
        frame=web.frame("techniques"),
        groups=groups,
        n=counted.n,
        since=counted.since,
        until=counted.until,
    )


@router.get("/techniques/{key}")
async def technique(request: Request, web: WebContextDep, key: TermKeyPath) -> Response:
    """The card of a technique."""
    return await cached_page(web, request, partial(_draw, web, "technique", key), cost_s=CARD_S)


@router.get("/themes/{key}")
async def theme(request: Request, web: WebContextDep, key: TermKeyPath) -> Response:
    """The card of a theme."""
    return await cached_page(web, request, partial(_draw, web, "theme", key), cost_s=CARD_S)


def _draw(web: WebContext, kind: Literal["technique", "theme"], key: str) -> str:
    terms = web.context.detector.taxonomy.terms
    if all((term.kind, term.key) != (kind, key) for term in terms):
        hint = did_you_mean(key, [term.key for term in terms if term.kind == kind], "/techniques lists them")
        raise NotFound(f"there is no {kind} {key!r}{hint}")
    found = card(web.context, f"{kind}:{key}")
    return render_page(
        "card.html",
        frame=web.frame("techniques"),
        card=found,
        series=tuple(map(share_point, found.series.points)) if found.series else (),
        min_share_papers=MIN_SHARE_PAPERS,
    )
