"""The web application: one warm workshop behind pages, API and feeds."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from domain.errors import (
    BusyError,
    ConfigError,
    NotFound,
    PapertideError,
    QueryTimeout,
    StoreError,
    UsageError,
    public_words,
    raised_at,
)
from runtime.cached_context import LOOK_EVERY_S, CachedContext
from runtime.context import papertide_version
from runtime.settings import Settings
from service.web import api, digests, feeds, health, page_cache, pages, papers, prefetch, subscriptions, topics, trends
from service.web.dependencies import WebContext
from service.web.job_metrics import JobMetrics
from service.web.limits import RateLimit
from service.web.middleware import RequestGuard, RequestMetrics
from service.web.responses import HTML, JSON, PageCache, json_text
from store.search import Scope
from templates.page_layout import Site, render_page

N_THREADS = 12
"""How many questions are worked on at once."""

STOP_S = 1.0
"""How long an end waits for what is being loaded or drawn."""
RETRY_S = 60.0
"""How soon what could not be loaded is tried again, if nobody asks before."""

_log = logging.getLogger(__name__)

_TITLES = {
    404: "There is nothing at this address",
    405: "This address only answers questions",
    422: "This cannot be answered as it was asked",
    503: "The answer is not ready",
}


def make_app(settings: Settings, context: CachedContext | None = None) -> FastAPI:
    """The application; it answers ``/healthz`` at once and warms up beside it."""
    context = context or CachedContext(settings)
    web = WebContext(context, PageCache(settings.service.pages_kept_mb * 2**20), RequestMetrics())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Each thread has a connection to the database; more would wait for the same two or four cores.
        anyio.to_thread.current_default_thread_limiter().total_tokens = N_THREADS
        stopping = threading.Event()
        ahead = threading.Thread(target=_stay_ahead, args=(web, stopping), name="ahead", daemon=True)
        ahead.start()
        yield
        stopping.set()
        ahead.join(STOP_S)
        context.close()

    app = FastAPI(
        title="Papertide",
        version=papertide_version(),
        description=api.DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        # Every number is drawn by ourselves; the framework only routes.
        separate_input_output_schemas=False,
    )
    app.state.web = web
    web.metrics.registry.register(JobMetrics(context))
    for module in (health, digests, trends, topics, papers, pages, subscriptions, feeds, api):
        app.include_router(module.router)
    app.add_exception_handler(PapertideError, _said)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _broken)
    app.add_middleware(
        RequestGuard,
        limit=RateLimit(settings.service.requests_per_minute),
        query_s=settings.service.query_s,
        meter=web.metrics,
    )
    return app


def _stay_ahead(web: WebContext, stopping: threading.Event) -> None:
    """Load what answers are made of, and draw after each change what readers will ask for first."""
    drawn: Hashable = None
    while not stopping.is_set():
        try:
            if not web.context.is_warm:
                web.context.warm_up()
                # What is there by now stays; looking through all of it for what does not stopped readers for 0.3 s.
                gc.collect()
                gc.freeze()
            elif (state := page_cache.state_of(web)) != drawn:
                web.context.mondays_of_rows(Scope(web.context.settings.categories))
                prefetch.draw_ahead(web, until=stopping)
                drawn = state
        except PapertideError as error:  # the pages say it to whoever asks
            _log.warning("could not warm up: %s", error.public)
            stopping.wait(RETRY_S)
        stopping.wait(LOOK_EVERY_S)


def _route(request: Request) -> str:
    """The pattern of the address for the log: the address itself may hold a reader's token."""
    return getattr(request.scope.get("route"), "path", "an address that is not known")


def _said(request: Request, error: Exception) -> Response:
    if isinstance(error, NotFound):
        return complaint(request, 404, "not_found", str(error))
    if isinstance(error, UsageError) and not isinstance(error, ConfigError):
        return complaint(request, 422, "cannot_be_answered", error.reply)
    if isinstance(error, QueryTimeout):
        _log.warning("%s %s took too long", request.method, _route(request))
        return complaint(request, 422, "takes_too_long", str(error))
    _log.error("%s %s: %s", request.method, _route(request), public_words(error))
    if isinstance(error, (StoreError, BusyError)):
        return complaint(request, 503, "not_ready", "the database is busy or away; try again in a minute")
    return complaint(request, 503, "not_ready", public_words(error))


def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    problem = error.errors()[0]
    name = ".".join(str(part) for part in problem["loc"][1:]) or "the request"
    expected = problem.get("ctx", {}).get("expected")
    allowed = [word.strip(" '") for word in str(expected).replace(" or ", ", ").split(",")] if expected else None
    message = str(problem["msg"])
    if problem["type"] == "string_pattern_mismatch" and problem["loc"][-1] in ("since", "until"):
        message = "write a day as 2026-05-04, 2026-W19, 2026-05 or 2026"
    return complaint(request, 422, "cannot_be_read", f"{name}: {message[:1].lower() + message[1:]}", allowed)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "refused")
    message = {
        404: f"{request.url.path[:80]} is no address here",
        405: f"{request.method} is not answered here",
    }.get(error.status_code, str(error.detail))
    response = complaint(request, error.status_code, code, message)
    response.headers.update(error.headers or {})
    return response


def _broken(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed: %s", request.method, _route(request), raised_at(error))
    return complaint(request, 500, "failed", "something failed on our side; it is noted, and nothing of yours is lost")


def complaint(request: Request, status: int, code: str, message: str, allowed: list[str] | None = None) -> Response:
    """What went wrong, for a program as JSON in the one shape that there is, for a person as a page."""
    path = request.url.path
    if path.startswith("/api/") or path.endswith(".json"):
        body = {"error": {"code": code, "message": message, **({"allowed": allowed} if allowed else {})}}
        return Response(json_text(body), status, media_type=JSON, headers={"Cache-Control": "no-store"})
    title = _TITLES.get(status, "This did not work")
    page = render_page("complaint.html", site=Site(), title=title, message=message, allowed=allowed, status=status)
    return Response(page, status, media_type=HTML, headers={"Cache-Control": "no-store"})
