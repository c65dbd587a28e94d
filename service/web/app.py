"""The web application: pages, API and feeds over one cached context."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from functools import partial

import anyio.to_thread
from fastapi import FastAPI
from starlette.types import ASGIApp

from domain.errors import PapertideError
from domain.paper_query import ALL_PAPERS
from runtime.cached_context import CHECK_EVERY_S, CachedContext
from runtime.context import papertide_version
from runtime.settings import Settings
from service.web import (
    api,
    cards,
    claims,
    digests,
    emerging,
    feeds,
    names,
    page_cache,
    papers,
    rendering_ahead,
    scanning,
    search,
    service_pages,
    standards,
    static_files,
    subscriptions,
    topics,
    trend_calls,
    trends,
)
from service.web import health_and_metrics as health
from service.web.access_log import AccessLog, access_logger
from service.web.dependencies import WebContext
from service.web.errors import add_error_handlers
from service.web.job_metrics import JobMetrics
from service.web.middleware import RequestGuard, RequestMetrics
from service.web.page_threads import WorkPools

PAGES_AND_API = (
    health,
    static_files,
    digests,
    trends,
    topics,
    names,
    emerging,
    papers,
    search,
    trend_calls,
    claims,
    standards,
    cards,
    service_pages,
    subscriptions,
    scanning,
    feeds,
    api,
)
"""The modules with routes."""
N_THREADS = 12
"""Forms and checks that are answered at once; pages that are not cached have threads of their own."""

STOP_S = 1.0
"""How long stopping waits for what is being loaded or rendered."""
RETRY_S = 60.0
"""How soon loading is tried again after it failed."""

_log = logging.getLogger("papertide.web")


class _GuardedApp(FastAPI):
    """The framework's application inside the ``RequestGuard``, also where it answers an unexpected error."""

    guard: Callable[[ASGIApp], RequestGuard]
    access_log: Callable[[ASGIApp], ASGIApp] | None = None

    def build_middleware_stack(self) -> ASGIApp:
        """All layers, the guard outermost but for the access log, which has what the guard refuses too."""
        guarded = self.guard(super().build_middleware_stack())
        return self.access_log(guarded) if self.access_log else guarded


def make_app(settings: Settings, context: CachedContext | None = None) -> FastAPI:
    """The application; it answers ``/healthz`` at once and loads papers and model in the background."""
    context = context or CachedContext(settings)
    pages_cache = page_cache.make_page_cache(context, settings.service.pages_kept_mb * 2**20)
    web = WebContext(context, pages_cache, RequestMetrics(), WorkPools(settings.service))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Each thread has a connection to the database; more would wait for the same two or four cores.
        anyio.to_thread.current_default_thread_limiter().total_tokens = N_THREADS
        stopping = threading.Event()
        prefetching = threading.Thread(target=_prefetch, args=(web, stopping), name="prefetch", daemon=True)
        prefetching.start()
        yield
        stopping.set()
        prefetching.join(STOP_S)
        web.pictures.close()
        context.close()

    app = _GuardedApp(
        title="Papertide",
        version=papertide_version(),
        description=api.DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        # The router would redirect to the host that the client names.
        redirect_slashes=False,
        # Responses are serialised by ourselves; the framework only routes and documents.
        separate_input_output_schemas=False,
    )
    app.state.web = web
    app.guard = partial(RequestGuard, settings=settings.service, metrics=web.metrics)
    if settings.service.access_log:
        app.access_log = partial(AccessLog, logger=access_logger())
    web.metrics.registry.register(JobMetrics(context))
    web.metrics.watch_pools({"expensive": web.pools.expensive, "ordinary": web.pools.ordinary})
    for module in PAGES_AND_API:
        app.include_router(module.router)
    add_error_handlers(app)
    return app


def _prefetch(web: WebContext, stopping: threading.Event) -> None:
    """Load papers and model, and after each change render the pages that readers ask for first."""
    rendered: Hashable = None
    while not stopping.is_set():
        try:
            if not web.context.is_ready:
                web.context.preload()
                # What is loaded now stays; full collections of it paused requests for 0.3 s.
                gc.collect()
                gc.freeze()
            elif (state := web.page_cache.state()) != rendered:
                web.context.mondays_of_rows(ALL_PAPERS)
                rendering_ahead.render_ahead(web, until=stopping)
                rendered = state
        except PapertideError as error:  # pages report it to their readers
            _log.warning("could not load the papers: %s", error.public)
            stopping.wait(RETRY_S)
        stopping.wait(CHECK_EVERY_S)
