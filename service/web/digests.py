"""Pages: the home page and the digests."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from domain.errors import NotFound
from domain.week import Week
from queries import digests as digest_queries
from queries import status as status_queries
from queries.parse_dates import week_called
from service.web.dependencies import WebContext, WebContextDep
from service.web.known_parameters import KnownParametersRoute
from service.web.page_cache import cached_page
from service.web.query_params import WeekName
from service.web.request_cost import DIGEST_S
from service.web.responses import JSON, PUBLISHED_S, TEXT, json_text
from templates.digest_pages import n_list_pages, render_html, render_list_page, render_text
from templates.links import WEB_LINKS
from templates.page_layout import DIGEST_FEED, EditionNavigation, render_page

router = APIRouter(include_in_schema=False, route_class=KnownParametersRoute)


@router.get("/")
async def home(request: Request, web: WebContextDep) -> Response:
    """The newest digest at a glance, the weeks before, and the ways in."""

    def draw() -> str:
        heads = digest_queries.published_digests(web.context)
        digest = digest_queries.published_digest(web.context, heads[0].week).edition.digest if heads else None
        return render_page(
            "home.html",
            frame=web.frame("home", (DIGEST_FEED,)),
            heads=heads,
            digest=digest,
            status=None if heads else status_queries.status(web.context),
        )

    return await cached_page(web, request, draw)


@router.get("/digests")
async def digests(request: Request, web: WebContextDep) -> Response:
    """Every digest, newest first."""
    return await cached_page(
        web,
        request,
        lambda: render_page(
            "digests.html",
            frame=web.frame("digests", (DIGEST_FEED,)),
            heads=digest_queries.published_digests(web.context),
        ),
    )


@router.get("/digests/{week}.json")
async def digest_as_json(request: Request, web: WebContextDep, week: WeekName) -> Response:
    """The digest with every number."""
    return await cached_page(
        web,
        request,
        lambda: json_text(digest_queries.digest(web.context, week_called(week))),
        JSON,
        cost_s=DIGEST_S,
        max_age_s=PUBLISHED_S,
    )


@router.get("/digests/{week}.txt")
async def digest_as_text(request: Request, web: WebContextDep, week: WeekName) -> Response:
    """The digest as plain text."""
    return await cached_page(
        web,
        request,
        lambda: render_text(digest_queries.published_digest(web.context, week_called(week)).edition),
        TEXT,
        cost_s=DIGEST_S,
        max_age_s=PUBLISHED_S,
    )


@router.get("/digests/{week}")
async def digest(request: Request, web: WebContextDep, week: WeekName) -> Response:
    """A digest at its permanent address, with its corrections."""
    return await _digest_page(request, web, week_called(week), None)


@router.get("/digests/{week}/revisions/{revision}")
async def digest_revision(
    request: Request, web: WebContextDep, week: WeekName, revision: Annotated[int, Path(ge=1, le=9999)]
) -> Response:
    """A digest as it was published at first, or corrected then."""
    return await _digest_page(request, web, week_called(week), revision)


async def _digest_page(request: Request, web: WebContext, week: Week, revision: int | None) -> Response:
    def draw() -> str:
        found = digest_queries.published_digest(web.context, week, revision)
        weeks = [head.week for head in digest_queries.published_digests(web.context)][::-1]
        at = weeks.index(week)
        revisions = digest_queries.digest_revisions(web.context, week)
        edition_nav = EditionNavigation(
            before=weeks[at - 1] if at else None,
            after=weeks[at + 1] if at + 1 < len(weeks) else None,
            shown=found.revision,
            revisions=tuple((n, f"{when.day} {when:%B %Y}") for n, when in revisions),
        )
        return render_html(
            found.edition, links=WEB_LINKS, frame=web.frame("digests", (DIGEST_FEED,)), edition_nav=edition_nav
        )

    return await cached_page(web, request, draw, cost_s=DIGEST_S, max_age_s=PUBLISHED_S)


@router.get("/digests/{week}/{slug}")
async def digest_list(
    request: Request,
    web: WebContextDep,
    week: WeekName,
    slug: Annotated[str, Path(max_length=120)],
    page: Annotated[int, Query(ge=1, le=9999)] = 1,
) -> Response:
    """A page of all papers behind one number of a digest."""

    def draw() -> str:
        edition = digest_queries.published_digest(web.context, week_called(week)).edition
        last = n_list_pages(edition, slug)
        if not last:
            raise NotFound(f"the digest of {week} has no list {slug!r}")
        if page > last:
            raise NotFound(f"the list {slug!r} of the digest of {week} has {last} pages")
        return render_list_page(edition, slug, page=page, links=WEB_LINKS, frame=web.frame("digests", (DIGEST_FEED,)))

    return await cached_page(web, request, draw, asked=(page,), cost_s=DIGEST_S, max_age_s=PUBLISHED_S)
