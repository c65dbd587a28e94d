"""The MCP server on standard input and output over a data folder, with the tests' small encoder."""

import sys
from pathlib import Path

import anyio

from runtime.cached_context import CachedContext
from runtime.settings import Settings
from service.mcp.server import serve_stdio
from tests.service.web.conftest import N_WEEKS, NOW, WordEncoder

if __name__ == "__main__":
    settings = Settings(data_dir=Path(sys.argv[1]), now=NOW, weeks=N_WEEKS)
    anyio.run(serve_stdio, CachedContext(settings, encoder=WordEncoder(), read_only=True))
