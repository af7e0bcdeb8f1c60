"""`pageglass serve`: the HTTP server."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.exits import InvalidUsage
from api.cli.options import HomeOption, HostOption, PortOption
from api.cli.session import Session, session
from api.log import configure_logging
from api.network import is_loopback
from ingest.error import ConfigurationError
from ingest.memory import limit_arenas

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from api.settings import Settings

SHUTDOWN_GRACE = 10
"""Seconds that running requests have once the server is stopped."""
KEEP_ALIVE = 30
"""Seconds between two requests of a connection; clients that keep them for 5 s close first."""


class AddressUnavailable(ConfigurationError):
    """The address cannot be listened on."""

    code = "address-unavailable"


class InvalidCertificate(ConfigurationError):
    """The TLS certificate or its key cannot be used."""

    code = "invalid-certificate"


def serve(
    ctx: typer.Context,
    host: HostOption = None,
    port: PortOption = None,
    root_path: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Path that a proxy in front strips, such as /pages.",
            show_default="PAGEGLASS_ROOT_PATH",
        ),
    ] = None,
    certfile: Annotated[
        Path | None,
        typer.Option(help="TLS certificate (PEM).", show_default="PAGEGLASS_CERTFILE"),
    ] = None,
    keyfile: Annotated[
        Path | None,
        typer.Option(help="Its private key (PEM).", show_default="PAGEGLASS_KEYFILE"),
    ] = None,
    watch: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FOLDER",
            help="Follow this folder: read what is new or changed in it. May be repeated.",
            show_default=False,
        ),
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Forget files that are gone from watched folders.")
    ] = False,
    processes: Annotated[
        int,
        typer.Option(
            min=1, max=64, help="Server processes, each with models and workers of its own."
        ),
    ] = 1,
    home: HomeOption = None,
) -> None:
    """Serve the library over HTTP until Ctrl-C.

    Any address but this machine's own needs a bearer token, given as PAGEGLASS_TOKEN.
    """
    found = session(ctx)
    if watch and processes > 1:
        raise InvalidUsage(
            "Folders are watched by one server process.",
            hint="Leave --processes out, or run `pageglass watch` beside the server.",
        )
    found.settings = with_options(
        found.settings, root_path=root_path, certfile=certfile, keyfile=keyfile
    )
    if prune and not watch:
        raise InvalidUsage("There is no folder to forget files of.", hint="Add --watch FOLDER.")
    opened = found.open_home(home, create=True)
    from ingest.watch.folder_watcher import find_folders

    folders = find_folders(watch or ())
    if folders:
        opened.check_writable()

    def make() -> ASGIApp:
        from api.http.app import create_app

        return create_app(opened, found.settings, folders=folders, prune=prune, warm=True)

    run_app(found, host, port, make, processes=processes)


def run_app(
    found: Session,
    host: str | None,
    port: int | None,
    make: Callable[[], ASGIApp],
    *,
    path: str = "",
    processes: int = 1,
) -> None:
    """Serve the application that `make` returns until Ctrl-C; `path` is its base path.

    Args:
        processes: how many processes make one each, and share the address.

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
    _check_tls(settings)
    limit_arenas()
    configure_logging(settings.log_level or "info", settings.log_format)
    listening = _listen(host, settings.port if port is None else port)
    address, bound = listening.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    scheme = "https" if settings.certfile else "http"
    place = f"pageglass is at {scheme}://{shown}:{bound}{path} (Ctrl-C stops it)"
    code = 0
    try:
        if processes > 1:
            from api.http.processes import run_processes

            found.terminal.note(place)
            code = run_processes(
                processes, lambda started: _run(listening, settings, make(), started)
            )
        else:
            app = make()
            found.terminal.note(place)
            _run(listening, settings, app, lambda: None)
    except KeyboardInterrupt:
        # uvicorn has shut down by now; Ctrl-C is how a server is meant to end.
        pass
    finally:
        listening.close()
    found.terminal.note("Stopped.")
    if code:
        raise typer.Exit(code)


def _run(
    listening: socket.socket, settings: Settings, app: ASGIApp, started: Callable[[], None]
) -> None:
    """Serve an application on a socket, in this process; says when it accepts connections."""
    import uvicorn

    from api.http.protect.connection import ConnectionLimits, limited_protocol

    class Server(uvicorn.Server):
        """Server that tells when it has started, and its application when it begins to stop."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                started()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            if stop := getattr(getattr(app, "state", None), "stop", None):
                stop()
            await super().shutdown(sockets)

    server = Server(
        uvicorn.Config(
            app,
            root_path=settings.root_path or "",
            ssl_certfile=settings.certfile,
            ssl_keyfile=settings.keyfile,
            # Not uvicorn's own default, which trusts every program of this machine.
            proxy_headers=settings.trusted_proxies is not None,
            forwarded_allow_ips=settings.trusted_proxies or "",
            http=limited_protocol(ConnectionLimits(connections=settings.max_connections)),
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=SHUTDOWN_GRACE,
        )
    )
    server.run(sockets=[listening])


def with_options(settings: Settings, **given: Any) -> Settings:
    """Settings with those in place of them that are not None.

    Raises:
        InvalidSetting
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    from api.settings import read_settings

    return read_settings(**{**settings.model_dump(exclude_unset=True), **chosen})


def _check_tls(settings: Settings) -> None:
    """Check that certificate and key can be used together.

    Raises:
        InvalidCertificate
    """
    if settings.certfile is None and settings.keyfile is None:
        return
    if settings.certfile is None:
        raise InvalidCertificate("There is a key without a certificate.", hint="Give both.")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.certfile, settings.keyfile, password=lambda: "")
    except (OSError, ValueError) as error:
        raise InvalidCertificate(
            f"The TLS certificate cannot be used: {getattr(error, 'reason', None) or error.args[-1]}.",
            hint="Give a certificate (PEM) and its private key, without a password.",
        ) from error


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
