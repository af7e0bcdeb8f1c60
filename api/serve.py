"""`pageglass serve`: the HTTP API, on this machine alone unless a token guards it."""

from __future__ import annotations

import socket
from typing import Annotated

import typer

from api.exits import BadUsage
from api.session import HomeOption, session
from api.settings import is_loopback
from ingest.fault import Fault


class CannotListen(Fault):
    """The address cannot be listened on."""


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
    settings = found.settings
    host = host or settings.host
    if not is_loopback(host) and settings.token is None:
        raise BadUsage(
            f"{host} can be reached from other machines, and there is no token.",
            remedy="Set PAGEGLASS_TOKEN to a long random text, or serve on 127.0.0.1.",
        )
    opened = found.open_home(home)
    listening = _listen(host, settings.port if port is None else port)

    import uvicorn

    from api.app import create_app

    server = uvicorn.Server(
        uvicorn.Config(
            create_app(opened, settings),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="on",
        )
    )
    address, bound = listening.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    found.terminal.note(f"pageglass is at http://{shown}:{bound} (Ctrl-C stops it)")
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
        CannotListen: the port is taken, or the address is not ours.
    """
    plain_host = host.strip("[]")
    family = socket.AF_INET6 if ":" in plain_host else socket.AF_INET
    try:
        return socket.create_server((plain_host, port), family=family, backlog=128)
    except OSError as error:
        raise CannotListen(
            f"{host}:{port} cannot be listened on: {error.strerror or error}.",
            remedy="Choose another with --host or --port.",
        ) from error
