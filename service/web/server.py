"""Runs the web application with uvicorn."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import typer
import uvicorn
from starlette.types import ASGIApp

from domain.errors import error_location
from runtime.free_port import require_free
from runtime.running_service import announced
from runtime.service_settings import ServiceSettings
from runtime.settings import Settings
from service.web.app import make_app
from service.web.http_protocol import ConnectionLimits, limited_protocol

SWITCH_S = 0.001
"""How long a thread may keep the interpreter from another, in seconds.

NumPy lets the interpreter go at each step of reading a query, and waits as long to have it back: at Python's own 5 ms
a query took 140 ms beside two busy threads, at this value 60.
"""
KEEP_ALIVE_S = 20
"""How long a connection is kept without a request."""
DRAIN_S = 3
"""How long running requests may take to finish when the service stops."""


def serve(settings: Settings) -> None:
    """Serve requests until the process is stopped.

    Raises
    ------
    UsageError
        If the address and port cannot be bound.
    """
    service = settings.service
    require_free(service.host, service.port)
    with announced(settings):
        serve_app(
            lambda: make_app(settings), service, f"Papertide at http://{service.host}:{service.port} (stop with Ctrl-C)"
        )


def serve_app(make: Callable[[], ASGIApp], service: ServiceSettings, line: str) -> None:
    """Serve an application under the limits of the web service until the process is stopped; ``line`` says where.

    Raises
    ------
    UsageError
        If the address and port cannot be bound.
    """
    require_free(service.host, service.port)
    logging.getLogger("uvicorn.error").addFilter(_without_traceback)
    sys.setswitchinterval(SWITCH_S)
    typer.echo(line)
    uvicorn.run(
        make(),
        host=service.host,
        port=service.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(service.trusted_proxies),
        forwarded_allow_ips=list(service.trusted_proxies),
        http=limited_protocol(ConnectionLimits(n_per_network=service.connections_per_network), service.trusted_proxies),
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_S,
    )


def _without_traceback(line: logging.LogRecord) -> bool:
    """Replace a traceback by the place of the error: paths and messages stay out of the log.

    Requests that are no HTTP get no line, because strangers could fill the log with them.
    """
    if line.levelno == logging.WARNING and "Invalid HTTP request" in line.getMessage():
        return False
    if line.exc_info and line.exc_info[1] is not None:
        line.msg, line.args = "%s: %s", (line.getMessage().strip(), error_location(line.exc_info[1]))
        line.exc_info = line.exc_text = None
    return True
