"""A structured line for each request, without anything that says who asked.

The client's address, the query and the path of a personal link are left out: a link's token is a key, and a query may
hold what somebody searches for. A line has the route's pattern, and the path where it holds neither a token nor a mail
address.
"""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MAX_PATH = 200


def access_logger(stream: TextIO | None = None) -> Any:
    """A logger that writes JSON lines with time (UTC) and level, to standard error by default."""
    return structlog.wrap_logger(
        structlog.PrintLogger(stream or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
    )


class AccessLog:
    """Writes a line when a request has been answered: an error for 5xx, a warning for 4xx."""

    def __init__(self, app: ASGIApp, *, logger: Any) -> None:
        self._app = app
        self._logger = logger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, n_bytes = time.perf_counter(), 500, 0

        async def sending(message: Message) -> None:
            nonlocal status, n_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                n_bytes += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            write = (
                self._logger.error if status >= 500 else self._logger.warning if status >= 400 else self._logger.info
            )
            write(
                "request",
                method=scope["method"],
                **_place(scope),
                status=status,
                ms=round(1000 * (time.perf_counter() - began), 1),
                bytes=n_bytes,
            )


def _place(scope: Scope) -> dict[str, str]:
    """The route, and the path if it cannot hold a token; an unknown address may hold anything."""
    route = getattr(scope.get("route"), "path", None)
    if route is None:
        return {"route": "unknown"}
    path = scope["path"][:_MAX_PATH]
    if "{token}" in route or "@" in path:
        return {"route": route}
    return {"route": route, "path": path}
