"""The MCP server over streamable HTTP, behind the limits and checks of the web service."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp

from runtime.context import AppContext
from runtime.service_settings import ServiceSettings
from service.mcp.server import Work, make_server
from service.web.access_log import AccessLog, access_logger
from service.web.client import payer_of
from service.web.errors import MCP_PATH
from service.web.middleware import RequestGuard, RequestMetrics
from service.web.page_threads import WorkPools

MAX_BODY = 65_536
"""Bytes of a request."""
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def make_mcp_app(context: AppContext) -> ASGIApp:
    """The server at ``/mcp``: each call is a request of its own, answered with JSON, so no session is kept.

    A network has the allowances of the web service, and calls take their turn in the same kind of threads. A request
    whose ``Host`` or ``Origin`` is not this service's is refused, so that no page in a reader's browser can ask it.
    """
    settings = context.settings.service
    pools = WorkPools(settings)

    async def answering(request: object, cost_s: float, work: Work) -> str:
        payer = payer_of(request, settings)  # type: ignore[arg-type]
        return await asyncio.wrap_future(pools.submit(payer, cost_s, work))

    app = make_server(context, answering).streamable_http_app(
        streamable_http_path=MCP_PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=MAX_BODY,
        transport_security=_security(settings),
    )
    guarded = RequestGuard(app, settings=settings, metrics=RequestMetrics())
    return AccessLog(guarded, logger=access_logger()) if settings.access_log else guarded


def _security(settings: ServiceSettings) -> TransportSecuritySettings:
    """The hosts that a request may name, and the origins of pages that may ask."""
    names = dict.fromkeys([*_LOOPBACK, settings.host, *settings.hosts])
    own = urlsplit(settings.base_url).netloc if settings.base_url else ""
    return TransportSecuritySettings(
        allowed_hosts=[*(own,) * bool(own), *(form for name in names for form in (name, f"{name}:*"))],
        allowed_origins=[
            *(settings.base_url,) * bool(own),
            *(f"http://{name}{port}" for name in _LOOPBACK for port in ("", ":*")),
        ],
    )
