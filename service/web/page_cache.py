"""Pages rendered once for each address and state of the database."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any

from fastapi import Request, Response

from runtime.cached_context import CachedContext
from runtime.single_flight_cache import SingleFlightCache
from service.web.dependencies import WebContext
from service.web.responses import HTML, Rendered, respond


def make_page_cache(context: CachedContext, max_bytes: int) -> SingleFlightCache:
    """A cache of pages, which depend on the database's state and on the day, because days open and close weeks."""

    def size_of(page: Rendered) -> int:
        return len(page.body)

    return SingleFlightCache(
        max_bytes, size_of=size_of, state=lambda: (context.state_cache.state(), context.now().date())
    )


def cached_page(
    web: WebContext,
    request: Request,
    draw: Callable[[], str | bytes],
    media_type: str = HTML,
    *,
    for_s: float | None = None,
    **how: Any,
) -> Response:
    """A page, rendered once for each address and state of the database; with ``for_s`` again after so many seconds."""
    period = None if for_s is None else int(time.monotonic() / for_s)
    return respond(request, cached_body(web, (request.url.path, request.url.query, period), draw, media_type), **how)


def cached_body(
    web: WebContext, address: tuple[Hashable, ...], draw: Callable[[], str | bytes], media_type: str
) -> Rendered:
    """The content of an address, rendered once for each state of the database."""
    return web.page_cache.get_or_make(address, lambda: Rendered.of(draw(), media_type))
