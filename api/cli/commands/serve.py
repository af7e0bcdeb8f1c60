"""`pageglass serve`: the HTTP server."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from api.cli.exits import InvalidUsage
from api.cli.options import HomeOption, HostOption, PortOption
from api.cli.session import Session, session
from api.log import configure_logging
from api.settings import is_loopback
from ingest.error import ConfigurationError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

SHUTDOWN_GRACE = 10
"""Seconds that running requests have once the server is stopped."""


class AddressUnavailable(ConfigurationError):
    """The address cannot be listened on."""

    code = "address-unavailable"


def serve(
    ctx: typer.Context,
    host: HostOption = None,
    port: PortOption = None,
    home: HomeOption = None,
) -> None:
    """Serve the library over HTTP until Ctrl-C.

    Any address but this machine's own needs a bearer token, given as PAGEGLASS_TOKEN.
    """
    found = session(ctx)
    opened = found.open_home(home)

    def make() -> ASGIApp:
        from api.http.app import create_app

        return create_app(opened, found.settings)

    run_app(found, host, port, make)


def run_app(
    found: Session,
    host: str | None,
    port: int | None,
    make: Callable[[], ASGIApp],
    *,
    path: str = "",
) -> None:
    """Serve the application that `make` returns until Ctrl-C; `path` is its base path.

    Raises:
        InvalidUsage: other machines could reach it, and no token is set.
        AddressUnavailable
    """
    settings = found.settings
    host = host or settings.host
    if not is_loopback(host) and settings.token is None and settings.tokens_file is None:
        raise InvalidUsage(
            f"{host} can be reached from other machines, and there is no token.",
            hint="Set PAGEGLASS_TOKEN to a long random text or PAGEGLASS_TOKENS_FILE, or serve on 127.0.0.1.",
        )
    configure_logging(settings.log_level or "info", settings.log_format)
    listening = _listen(host, settings.port if port is None else port)

    import uvicorn

    from api.http.protect.connection import ConnectionLimits, limited_protocol

    class Server(uvicorn.Server):
        """Server that tells its application when it begins to stop."""

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            if stop := getattr(getattr(app, "state", None), "stop", None):
                stop()
            await super().shutdown(sockets)

    app = make()
    server = Server(
        uvicorn.Config(
            app,
            http=limited_protocol(ConnectionLimits(connections=settings.max_connections)),
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=SHUTDOWN_GRACE,
        )
    )
    address, bound = listening.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    found.terminal.note(f"pageglass is at http://{shown}:{bound}{path} (Ctrl-C stops it)")
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        # uvicorn has shut down by now; Ctrl-C is how a server is meant to end.
        pass
    finally:
        listening.close()
    found.terminal.note("Stopped.")


def _listen(host: str, port: int) -> socket.socket:
    """Bound socket.

    Raises:
        AddressUnavailable: the port is taken, or the address is not this machine's.
    """
    plain_host = host.strip("[]")
    family = socket.AF_INET6 if ":" in plain_host else socket.AF_INET
    try:
        return socket.create_server((plain_host, port), family=family, backlog=128)
    except OSError as error:
        raise AddressUnavailable(
            f"{host}:{port} cannot be listened on: {error.strerror or error}.",
            hint="Choose another with --host or --port.",
        ) from error
