"""JSON schemas, the same over HTTP, over MCP and from `--json`."""
