"""The MCP server: curated tools for language models, over stdio and streamable HTTP."""
