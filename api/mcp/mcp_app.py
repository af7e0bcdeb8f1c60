"""MCP application over HTTP, at /mcp, with the access control of the HTTP server."""

from __future__ import annotations

from collections.abc import Collection

from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp

from api.engine import Engine
from api.http.protect.protect import add_protection, read_server_tokens
from api.http.protect.sessions import Sessions
from api.mcp.tools import make_mcp
from api.settings import Settings
from ingest.library.home import Home


def create_mcp_app(home: Home, settings: Settings, *, hosts: Collection[str] = ()) -> ASGIApp:
    """MCP application over a home; `hosts` as for `api.http.app.create_app`."""
    server = make_mcp(Engine(home, settings))
    # The protection checks Host and Origin.
    unchecked = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app = server.streamable_http_app(transport_security=unchecked)
    add_protection(app, settings, Sessions(read_server_tokens(settings)), hosts)
    return app
