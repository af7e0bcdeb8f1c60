"""`pageglass serve`: the HTTP API, on this machine alone unless a token guards it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.exits import InvalidUsage
from api.cli.session import HomeOption, Session, session
from api.settings import is_loopback
from ingest.error import ConfigurationError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

GRACE = 10
"""Seconds that answers under way may take once the server is told to stop."""


class AddressUnavailable(ConfigurationError):
    """The address cannot be listened on."""

    code = "address-unavailable"


def serve(
    ctx: typer.Context,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on.", show_default="PAGEGLASS_HOST, 127.0.0.1"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65_535, help="0 takes a free one.", show_default="PAGEGLASS_PORT, 8000"
        ),
    ] = None,
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
    """Listen, and serve the application that `make` makes until Ctrl-C; `path` is where it begins.

    Raises:
        InvalidUsage: other machines could reach it, and there is no token.
        AddressUnavailable
    """
    settings = found.settings
    host = host or settings.host
    if not is_loopback(host) and settings.token is None:
        raise InvalidUsage(
            f"{host} can be reached from other machines, and there is no token.",
            hint="Set PAGEGLASS_TOKEN to a long random text, or serve on 127.0.0.1.",
        )
    listening = _listen(host, settings.port if port is None else port)

    import uvicorn

    server = uvicorn.Server(
        uvicorn.Config(
            make(),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=GRACE,
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
    """A bound socket.

    Raises:
        AddressUnavailable: the port is taken, or the address is not ours.
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
