"""The MCP server: lists the tools, checks arguments, and turns errors into one line."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from pydantic import ValidationError

from domain.errors import (
    BusyError,
    ConfigError,
    NotFound,
    OverloadedError,
    PapertideError,
    QueryTimeout,
    StoreError,
    UsageError,
    error_location,
    public_message,
)
from domain.subscription import sanitized_line
from domain.wrong_value import wrong_value
from runtime.context import AppContext, papertide_version
from service.mcp.short_json import short_json
from service.mcp.tools import TOOLS, Tool
from templates import mcp_wording

_log = logging.getLogger("papertide.mcp")

Work = Callable[[], str]
Answering = Callable[[Any, float, Work], Awaitable[str]]
"""Does the work of one call: takes the call's HTTP request (``None`` over stdio), its estimated processor time in
seconds, and the work, which blocks."""

_READ_ONLY = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


async def in_a_thread(request: Any, cost_s: float, work: Work) -> str:  # noqa: ARG001 - the form of ``Answering``
    """Do the work at once in a thread, for a single client on the same machine."""
    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)


def make_server(context: AppContext, answering: Answering = in_a_thread) -> Server:
    """The server with every tool; nothing that it does changes the database."""

    async def list_tools(_: ServerRequestContext, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_listed(tool) for tool in TOOLS.values()])

    async def call_tool(ctx: ServerRequestContext, params: types.CallToolRequestParams) -> types.CallToolResult:
        text, failed = await _answer(context, answering, ctx.request, params)
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=failed)

    return Server(
        "papertide",
        version=papertide_version(),
        title="Papertide",
        instructions=mcp_wording.INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


async def serve_stdio(context: AppContext) -> None:
    """Answer on standard input and output until the input ends."""
    server = make_server(context)
    async with stdio_server() as (received, sent):
        await server.run(received, sent, server.create_initialization_options())


def _listed(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(),
        annotations=_READ_ONLY,
    )


async def _answer(
    context: AppContext, answering: Answering, request: Any, params: types.CallToolRequestParams
) -> tuple[str, bool]:
    """The text of an answer, and whether it says what is wrong instead."""
    tool = TOOLS.get(params.name)
    if tool is None:
        return mcp_wording.unknown_tool(params.name, list(TOOLS)), True
    try:
        given = tool.arguments.model_validate(params.arguments or {})
    except ValidationError as error:
        return _wrong_arguments(tool, error), True
    try:
        work = partial(_work, context, tool, given)
        return await answering(request, tool.cost_s(given), work), False
    except PapertideError as error:
        return sanitized_line(_refusal(tool, error)), True
    except Exception as error:  # noqa: BLE001 - one call's failure is told to its client, and the server goes on
        _log.error("%s failed: %s", tool.name, error_location(error))
        return mcp_wording.FAILED, True


def _work(context: AppContext, tool: Tool, given: Any) -> str:
    return short_json(tool.answer(context, given))


def _wrong_arguments(tool: Tool, error: ValidationError) -> str:
    problem = error.errors()[0]
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return sanitized_line(mcp_wording.unknown_argument(name, list(tool.arguments.model_fields)))
    return sanitized_line(mcp_wording.wrong_argument(name, wrong_value(problem)))


def _refusal(tool: Tool, error: PapertideError) -> str:
    """What a client is told of an error: nothing of paths or settings."""
    if isinstance(error, (NotFound, QueryTimeout, OverloadedError)):
        return str(error)
    if isinstance(error, UsageError) and not isinstance(error, ConfigError):
        return error.web_message
    _log.error("%s: %s", tool.name, public_message(error))
    return mcp_wording.BUSY if isinstance(error, (StoreError, BusyError)) else public_message(error)
