"""Command `up`: the web service with the scheduler."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from service.cli.context import open_context, settings_of


def up(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen at; 127.0.0.1 by default.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen at; 8000 by default.")] = None,
    only_web: Annotated[bool, typer.Option("--only-web", help="Leave the jobs to another process.")] = False,
) -> None:
    """The web service with the scheduler beside it: pages, API, feeds, and every job when it is due."""
    from runtime.free_port import require_free

    overrides: dict[str, Any] = {"service.host": host, "service.port": port}
    service = settings_of(ctx, **overrides).service
    require_free(service.host, service.port)  # before seconds of imports

    from scheduler.process_lifecycle import scheduler_beside, sigterm_ends_normally
    from service.web.server import serve

    with open_context(ctx, create=True, **overrides) as context:
        if only_web:
            with sigterm_ends_normally():
                serve(context.settings)
            return
        with scheduler_beside(context):
            serve(context.settings)
