"""Rate limit, time limit, security headers and metrics of every request, as plain ASGI middleware."""

from __future__ import annotations

import json
import math
import time
from collections.abc import MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.web.rate_limit import RateLimit
from store.database import time_limit

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_SECURITY = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]

_FREE = ("/static/", "/healthz", "/readyz")
_COSTS = (
    ("/api/v1/search", 5.0),
    ("/search", 5.0),
    ("/feeds/search", 5.0),
    ("/trends.png", 10.0),
    ("/trends.svg", 10.0),
)


class RequestMetrics:
    """Prometheus metrics of requests by route."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "papertide_requests", "Answered requests.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "papertide_request_seconds",
            "Time to answer.",
            ("route",),
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10),
            registry=self.registry,
        )

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request under its route's pattern."""
        known = method if method in ("GET", "HEAD", "POST", "OPTIONS") else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


class RequestGuard:
    """Limits requests by network and database time, answers HEAD, adds security headers, and counts.

    ``query_s`` bounds the database time of one request in seconds; 0 is no limit.
    """

    def __init__(self, app: ASGIApp, *, limit: RateLimit, query_s: float, metrics: RequestMetrics) -> None:
        self._app = app
        self._limit = limit
        self._query_s = query_s or None
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, method, path = time.perf_counter(), scope["method"], scope["path"]
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = list(message.get("headers", ()))
                present = {name.lower() for name, _ in given}  # a page may be stricter than the rest
                message["headers"] = [*given, *((name, value) for name, value in _SECURITY if name not in present)]
            elif method == "HEAD" and message["type"] == "http.response.body":
                message = {"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)}
            await send(message)

        try:
            wait = self._wait_s(scope, path)
            if wait:
                await _refuse(sending, path, math.ceil(wait))
            else:
                inner = {**scope, "method": "GET"} if method == "HEAD" else scope
                with time_limit(self._query_s):
                    await self._app(inner, receive, sending)
                scope = inner
        finally:
            self._metrics.count(method, _route_of(scope), status, time.perf_counter() - began)

    def _wait_s(self, scope: MutableMapping[str, Any], path: str) -> float:
        if path.startswith(_FREE):
            return 0.0
        cost = next((cost for begin, cost in _COSTS if path.startswith(begin)), 1.0)
        client = scope.get("client")
        return self._limit.wait_s(client[0] if client else "", cost)


def _route_of(scope: MutableMapping[str, Any]) -> str:
    route = scope.get("route")
    return getattr(route, "path", None) or "unknown"


async def _refuse(send: Send, path: str, wait_s: int) -> None:
    message = f"too many requests from your network; try again in {wait_s} s"
    if path.startswith("/api/"):
        media_type, body = "application/json", json.dumps({"error": {"code": "too_many_requests", "message": message}})
    else:
        media_type, body = "text/plain; charset=utf-8", f"Slow down, please: {message}.\n"
    headers = [
        (b"content-type", media_type.encode()),
        (b"retry-after", str(wait_s).encode()),
        (b"cache-control", b"no-store"),
        (b"content-length", str(len(body.encode())).encode()),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
