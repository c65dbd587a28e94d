"""Limits, security headers and metrics of every request, as plain ASGI middleware."""

from __future__ import annotations

import time
from collections.abc import Mapping, MutableMapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import TooManyRequests
from mail.service import LINK_PATHS
from runtime.service_settings import ServiceSettings
from service.web.client import client_of, is_unlimited
from service.web.errors import error_response, too_many_requests
from service.web.page_threads import WorkPool
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
"""Addresses that no limit holds for."""
_ANY_HOST = ("/healthz", "/readyz", "/metrics")
"""Addresses that programs of the operator ask by number."""
_FORMS = ("/subscribe", "/subscriptions/link", LINK_PATHS["manage"] + "/")
"""Addresses of forms. The buttons of links in mails are not among them: providers post many from one network."""
MAX_ADDRESS_BYTES = 4096
"""Length of a path and query."""


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

    def watch_pools(self, pools: Mapping[str, WorkPool]) -> None:
        """Show how many pages that are not cached are being made, and how many wait."""
        made = Gauge(
            "papertide_pages_made",
            "Pages that are not cached, by pool and state.",
            ("pool", "state"),
            registry=self.registry,
        )
        for name, pool in pools.items():
            made.labels(name, "running").set_function(partial(getattr, pool, "n_running"))
            made.labels(name, "waiting").set_function(partial(getattr, pool, "n_waiting"))

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request under its route's pattern."""
        known = method if method in ("GET", "HEAD", "POST", "OPTIONS") else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


class RequestGuard:
    """Limits addresses, hosts and requests, answers HEAD, adds security headers, and counts.

    It is the outermost layer, so that its headers are on every response, also on that to an unexpected error.
    """

    def __init__(self, app: ASGIApp, *, settings: ServiceSettings, metrics: RequestMetrics) -> None:
        self._app = app
        self._settings = settings
        self._hosts = settings.accepted_hosts
        self._home = settings.base_url
        self._requests = RateLimit(settings.requests_per_minute)
        self._forms = RateLimit(settings.forms_per_minute)
        self._query_s = settings.query_s or None
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, method = time.perf_counter(), scope["method"]
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
            refused = self._refusal(scope)
            if refused is not None:
                await refused(scope, receive, sending)
            else:
                inner = {**scope, "method": "GET"} if method == "HEAD" else scope
                with time_limit(self._query_s):
                    await self._app(inner, receive, sending)
                scope = inner
        finally:
            self._metrics.count(method, _route_of(scope), status, time.perf_counter() - began)

    def _refusal(self, scope: Scope) -> Response | None:
        """The response to a request that is not answered; ``None`` to all others."""
        request, path = Request(scope), scope["path"]
        n_bytes = len(scope.get("raw_path") or path) + len(scope["query_string"])
        if n_bytes > MAX_ADDRESS_BYTES:
            message = f"the address has {n_bytes:,} bytes; at most {MAX_ADDRESS_BYTES:,} are allowed"
            return error_response(request, 414, "address_too_long", message)
        if self._hosts is not None and not path.startswith(_ANY_HOST) and _host_of(request) not in self._hosts:
            return error_response(request, 421, "wrong_host", f"this service is at {self._home}")
        if path.startswith(_FREE):
            return None
        limits = [] if is_unlimited(request, self._settings) else [self._requests]
        if scope["method"] == "POST" and path.startswith(_FORMS):
            limits.append(self._forms)
        wait_s = max((limit.wait_s(client_of(request)) for limit in limits), default=0.0)
        return too_many_requests(request, TooManyRequests.after(wait_s)) if wait_s else None


def _host_of(request: Request) -> str | None:
    """The host name that a request gives, in lower case and without a port."""
    try:
        return urlsplit("//" + request.headers.get("host", "")).hostname
    except ValueError:
        return None


def _route_of(scope: MutableMapping[str, Any]) -> str:
    route = scope.get("route")
    return getattr(route, "path", None) or "unknown"
