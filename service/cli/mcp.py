"""Command `mcp`: the server for language models."""

from __future__ import annotations

import sys
from threading import Thread
from typing import Annotated, Any

import typer

from domain.errors import ConfigError, PapertideError
from service.cli.context import open_context


def mcp(
    ctx: typer.Context,
    over_http: Annotated[bool, typer.Option("--http", help="Streamable HTTP at /mcp instead of stdio.")] = False,
    host: Annotated[str | None, typer.Option(help="With --http: address to listen at; 127.0.0.1 by default.")] = None,
    port: Annotated[int | None, typer.Option(help="With --http: port to listen at; 8000 by default.")] = None,
) -> None:
    """The MCP server: read-only tools for language models, over stdio or HTTP."""
    from templates import mcp_wording

    try:
        import mcp as _sdk  # noqa: F401 - only whether it is there
    except ModuleNotFoundError as error:
        raise ConfigError(mcp_wording.NO_EXTRA) from error
    overrides: dict[str, Any] = {"service.host": host, "service.port": port}
    with open_context(ctx, read_only=True, **overrides) as opened:
        settings = opened.settings
    import anyio

    from runtime.cached_context import CachedContext

    with CachedContext(settings, read_only=True) as context:
        _ = context.db  # so that a missing database is an error now
        Thread(target=_preload, args=(context,), name="preload", daemon=True).start()
        if over_http:
            from service.mcp.over_http import make_mcp_app
            from service.web.errors import MCP_PATH
            from service.web.server import serve_app

            service = settings.service
            line = mcp_wording.address_line(f"http://{service.host}:{service.port}{MCP_PATH}")
            serve_app(lambda: make_mcp_app(context), service, line)
        else:
            from service.mcp.server import serve_stdio

            anyio.run(serve_stdio, context)


def _preload(context: object) -> None:
    """Load papers and model, for which the first call would wait; a call tells its client what failed."""
    from runtime.cached_context import CachedContext

    assert isinstance(context, CachedContext)  # noqa: S101 - what it is called with
    try:
        context.preload()
    except PapertideError as error:
        print(f"papertide: {error.public}", file=sys.stderr)  # noqa: T201 - standard output is the protocol's
