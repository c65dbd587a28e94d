"""Pages rendered once for each question and state of the database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any

from fastapi import Request, Response

from domain.errors import StoreError
from runtime.cached_context import CachedContext
from runtime.single_flight_cache import SingleFlightCache
from service.web.client import payer_of
from service.web.dependencies import WebContext
from service.web.request_cost import PAGE_S
from service.web.responses import HTML, Rendered, respond

STATE_WAIT_S = 0.15
"""How long a page that is cached waits for the database to say whether it has changed."""


def make_page_cache(context: CachedContext, max_bytes: int) -> SingleFlightCache:
    """A cache of pages, which depend on the database's state and on the day, because days open and close weeks."""

    def size_of(page: Rendered) -> int:
        return len(page.body)

    return SingleFlightCache(
        max_bytes, size_of=size_of, state=lambda: (context.state_cache.state(), context.now().date())
    )


async def cached_page(
    web: WebContext,
    request: Request,
    draw: Callable[[], str | bytes | Rendered],
    media_type: str = HTML,
    *,
    asked: tuple[Hashable, ...] = (),
    cost_s: float = PAGE_S,
    for_s: float | None = None,
    **how: Any,
) -> Response:
    """A page, rendered once for each question and state of the database.

    Parameters
    ----------
    draw : renders the page, in a thread of the work pools.
    asked : the parsed parameters of the query. With the path they are the page's key, so that all ways to ask the same
        share one page, and nothing that the page does not depend on makes another.
    cost_s : the estimated processor time to render it, in seconds.
    for_s : render it again after so many seconds.
    how : as for ``respond``.

    Raises
    ------
    TooManyRequests, OverloadedError
        As ``WorkPools.submit``. A page that is held is always sent.
    """
    period = None if for_s is None else int(time.monotonic() / for_s)
    key = page_key(request.url.path, *asked, period)
    await _check_state(web)
    page: Rendered | None = web.page_cache.held(key)
    if page is None:
        client = payer_of(request, web.context.settings.service)
        page = await asyncio.wrap_future(
            web.pools.submit(client, cost_s, lambda: cached_body(web, key, draw, media_type))
        )
    return respond(request, page, **how)


def page_key(path: str, *asked: Hashable) -> tuple[Hashable, ...]:
    """The key of a page in the cache."""
    return path, *asked


def cached_body(
    web: WebContext, key: tuple[Hashable, ...], draw: Callable[[], str | bytes | Rendered], media_type: str
) -> Rendered:
    """The content of a page, rendered once for each state of the database."""

    def make() -> Rendered:
        drawn = draw()
        return drawn if isinstance(drawn, Rendered) else Rendered.of(drawn, media_type)

    return web.page_cache.get_or_make(key, make)


async def _check_state(web: WebContext) -> None:
    """Forget pages of an old state; where the database does not answer at once, go on with the state last known."""
    if web.context.state_cache.is_checked:  # without a look into the database
        web.page_cache.state()
        return
    looked_up = asyncio.wrap_future(web.state_check.begin(web.page_cache.state))
    with suppress(TimeoutError, StoreError):
        await asyncio.wait_for(asyncio.shield(looked_up), STATE_WAIT_S)
    looked_up.add_done_callback(lambda done: done.exception())
