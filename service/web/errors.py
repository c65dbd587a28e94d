"""Error responses: one JSON form for programs, a page for people, and what the log keeps."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from domain.errors import (
    BusyError,
    ConfigError,
    NotFound,
    OverloadedError,
    PapertideError,
    QueryTimeout,
    StoreError,
    TooManyRequests,
    UsageError,
    error_location,
    public_message,
)
from domain.wrong_value import wrong_value
from service.web.responses import HTML, JSON, json_text
from templates.page_layout import PageFrame, render_page
from templates.page_message_wording import error_title

_log = logging.getLogger("papertide.web")

MCP_PATH = "/mcp"
"""Where language models ask, over HTTP."""


class Problem(BaseModel):
    """What went wrong."""

    code: str = Field(description="A stable code for programs, such as not_found.")
    message: str = Field(description="One line for people.")
    allowed: list[str] | None = Field(default=None, description="The allowed values, where there is a fixed set.")


class ErrorBody(BaseModel):
    """The one form of every error of the API, for OpenAPI."""

    error: Problem


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error with ``error_response``."""
    app.add_exception_handler(PapertideError, _known_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _disconnected)
    app.add_exception_handler(Exception, _unexpected_error)


def _route(request: Request) -> str:
    """The route's pattern for the log: the address itself may hold a reader's token."""
    return getattr(request.scope.get("route"), "path", "an unknown address")


def _known_error(request: Request, error: Exception) -> Response:
    if isinstance(error, NotFound):
        return error_response(request, 404, "not_found", str(error))
    if isinstance(error, TooManyRequests):
        return too_many_requests(request, error)
    if isinstance(error, UsageError) and not isinstance(error, ConfigError):
        return error_response(request, 422, "cannot_be_answered", error.web_message)
    if isinstance(error, QueryTimeout):
        _log.warning("%s %s took too long", request.method, _route(request))
        if request.url.query:
            return error_response(request, 422, "takes_too_long", str(error))
        # Nothing was asked for that could be less: the machine is busy.
        return _busy(request, "this takes too long at present; try again in a minute")
    if isinstance(error, OverloadedError):
        return _busy(request, str(error))
    _log.error("%s %s: %s", request.method, _route(request), public_message(error))
    if isinstance(error, (StoreError, BusyError)):
        return error_response(request, 503, "not_ready", "the database is busy or away; try again in a minute")
    return error_response(request, 503, "not_ready", public_message(error))


def _busy(request: Request, message: str) -> Response:
    response = error_response(request, 503, "busy", message)
    response.headers["Retry-After"] = "60"
    return response


def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    problem = error.errors()[0]
    if problem["loc"][0] == "path" and not _answers_json(request):  # who follows a link knows no parameter's name
        return error_response(request, 404, "not_found", f"{request.url.path[:80]} does not exist here")
    name = ".".join(str(part) for part in problem["loc"][1:]) or "the request"
    expected = problem.get("ctx", {}).get("expected")
    words = [word.strip(" '") for word in str(expected or "").replace(" or ", ", ").split(",")]
    allowed = [word for word in words if word] or None
    message = wrong_value(problem)
    if problem["type"] == "string_pattern_mismatch" and problem["loc"][-1] in ("since", "until"):
        message = "write a day as 2026-05-04, 2026-W19, 2026-05 or 2026"
    return error_response(request, 422, "cannot_be_read", f"{name}: {message}", allowed)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    if error.status_code == 404 and (path := _without_last_slash(request)) is not None:
        return Response(status_code=308, headers={"Location": path})
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "refused")
    message = {
        404: f"{request.url.path[:80]} does not exist here",
        405: f"{request.method} is not allowed here",
    }.get(error.status_code, str(error.detail))
    response = error_response(request, error.status_code, code, message)
    response.headers.update(error.headers or {})
    return response


def _disconnected(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the form of a handler
    """A response that nobody reads: the client went away before its form was complete."""
    return Response(status_code=400)


def _without_last_slash(request: Request) -> str | None:
    """The address without a slash at its end; ``None`` if it has none.

    It is relative to the host that the client asked: the router's own redirect repeats the ``Host`` header, which the
    client can set. Browsers read two slashes or backslashes at its start as a host, so one slash is left.
    """
    path = str(request.scope.get("raw_path", b""), "latin-1")
    if request.method not in ("GET", "HEAD") or not path.endswith("/") or not path.strip("/\\"):
        return None
    query = request.url.query
    return "/" + path.strip("/\\") + (f"?{query}" if query else "")


def _unexpected_error(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed: %s", request.method, _route(request), error_location(error))
    message = "something failed on our side; the error is logged, and none of your data is lost"
    return error_response(request, 500, "failed", message)


def too_many_requests(request: Request, error: TooManyRequests) -> Response:
    """The response to a network that has sent too many requests, with how long to wait."""
    response = error_response(request, 429, "too_many_requests", str(error))
    response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _answers_json(request: Request) -> bool:
    path = request.url.path
    return path.startswith(("/api/", MCP_PATH)) or path.endswith(".json")


def error_response(
    request: Request, status: int, code: str, message: str, allowed: list[str] | None = None
) -> Response:
    """The error as JSON in the API's one form, or as a page for a person."""
    if _answers_json(request):
        body = {"error": {"code": code, "message": message, **({"allowed": allowed} if allowed else {})}}
        return Response(json_text(body), status, media_type=JSON, headers={"Cache-Control": "no-store"})
    title = error_title(status)
    page = render_page("error.html", frame=PageFrame(), title=title, message=message, allowed=allowed, status=status)
    return Response(page, status, media_type=HTML, headers={"Cache-Control": "no-store"})
