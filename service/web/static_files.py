"""Style sheet, script, icon and robots.txt."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from domain.errors import NotFound
from service.web.known_parameters import KnownParametersRoute
from service.web.responses import FOR_EVER_S, TEXT, Rendered, respond
from templates.page_layout import PageFrame, static_file

router = APIRouter(include_in_schema=False, route_class=KnownParametersRoute)

_MEDIA = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@router.get("/robots.txt")
async def robots() -> Response:
    """Robots may read the pages; charts, searches and the API are left out."""
    return Response("User-agent: *\nDisallow: /search\nDisallow: /trends\nDisallow: /api/\n", media_type=TEXT)


@router.get("/favicon.ico")
@router.get("/static/icon.svg")
async def icon(request: Request) -> Response:
    """The icon in the browser's tab."""
    return respond(request, Rendered.of(static_file("svg"), _MEDIA["svg"]), max_age_s=86_400)


@router.get("/static/{name}")
async def static(request: Request, name: Annotated[str, Path(max_length=80)]) -> Response:
    """The style sheet and the script."""
    frame = PageFrame()
    for kind, address in (("css", frame.stylesheet), ("js", frame.script)):
        if address == f"/static/{name}":
            return respond(request, Rendered.of(static_file(kind), _MEDIA[kind]), max_age_s=FOR_EVER_S)
    raise NotFound(f"there is no file {name!r}; the page that names it is out of date; reload it")
