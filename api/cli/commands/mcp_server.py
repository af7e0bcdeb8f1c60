"""`pageglass mcp`: the MCP server, over stdio or streamable HTTP."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.commands.serve import run_app
from api.cli.exits import InvalidUsage
from api.cli.options import HomeOption, HostOption, PortOption
from api.cli.session import session
from ingest.extras import require


def mcp(
    ctx: typer.Context,
    http: Annotated[
        bool, typer.Option("--http", help="Listen on HTTP, at /mcp, instead of stdin and stdout.")
    ] = False,
    host: HostOption = None,
    port: PortOption = None,
    home: HomeOption = None,
) -> None:
    """Serve the library's pages to programs that speak MCP: search, ask and get_page."""
    found = session(ctx)
    if not http and (host is not None or port is not None):
        raise InvalidUsage(
            "--host and --port are for --http.", hint="Add --http, or leave them out."
        )
    require("mcp", "mcp_types", extra="mcp", feature="The MCP server")
    opened = found.open_home(home, create=True)
    if http:
        from api.mcp.mcp_app import create_mcp_app

        run_app(
            found,
            host,
            port,
            lambda: create_mcp_app(opened, found.settings),
            path="/mcp",
        )
        return
    from api.engine import Engine
    from api.mcp.tools import make_mcp

    engine = Engine(opened, found.settings)
    try:
        make_mcp(engine).run("stdio")
    finally:
        engine.close()
