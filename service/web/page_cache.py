"""Pages rendered once for each address and state of the database."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any

from fastapi import Request, Response

from service.web.dependencies import WebContext
from service.web.responses import HTML, Rendered, respond


def cached_page(
    web: WebContext,
    request: Request,
    draw: Callable[[], str | bytes],
    media_type: str = HTML,
    *,
    for_s: float | None = None,
    **how: Any,
) -> Response:
    """A page, drawn once for each address and state of the database; with ``for_s`` again after so many seconds."""
    period = None if for_s is None else int(time.monotonic() / for_s)
    return respond(request, cached_body(web, (request.url.path, request.url.query, period), draw, media_type), **how)


def cached_body(
    web: WebContext, address: tuple[Hashable, ...], draw: Callable[[], str | bytes], media_type: str
) -> Rendered:
    return web.page_cache.cached((state_of(web), *address), lambda: Rendered.of(draw(), media_type))


def state_of(web: WebContext) -> Hashable:
    """What pages depend on beside their address: the database's state, and the day, which opens and closes weeks."""
    return web.context.memory.state(), str(web.context.now().date())
