"""`pageglass open PAGE`: a page in a viewer, in the web app or in the terminal."""

from __future__ import annotations

import io
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.complete import complete_page
from api.cli.exits import ExitCode
from api.cli.options import HomeOption, JsonOption
from api.cli.session import Session, session
from api.printable import plain

if TYPE_CHECKING:
    from ingest.library.library import Library
    from ingest.page import Page


_PLAYED = (
    *(".mp4", ".m4v", ".mov", ".webm", ".ogv"),
    *(".mp3", ".m4a", ".aac", ".wav", ".flac", ".ogg", ".oga", ".opus"),
)
"""Suffixes of recordings that browsers play, from a time on (W3C Media Fragments)."""


def open_page(
    ctx: typer.Context,
    page: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_page,
            help="A rank of the last search, FILE-NUMBER, or FILE where it has one page.",
        ),
    ],
    web: Annotated[
        bool, typer.Option("--web", help="In the web app of a running `pageglass serve`.")
    ] = False,
    preview: Annotated[bool, typer.Option("--preview", help="In this terminal.")] = False,
    show: Annotated[
        bool, typer.Option("--print", help="Open nothing: print the path and the page.")
    ] = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Open a page: the file at that page, as a rule."""
    found = session(ctx, json=json)
    from api.cli.last_search import find_page
    from ingest.shards.sharded_library import open_library

    library = open_library(found.open_home(home))
    wanted = find_page(library, page)
    if web:
        address = f"http://{found.settings.host}:{found.settings.port}/p/{wanted.key}"
        _report(found, wanted, address)
        if not show:
            _launch(found, address)
        return
    if preview:
        from PIL import Image

        from api.cli.preview import print_image

        _report(found, wanted, "")
        with Image.open(io.BytesIO(library.image(wanted))) as image:
            print_image(image)
        return
    path = _find_file(library, wanted)
    _report(found, wanted, str(path))
    if not show:
        _launch(found, _address(path, wanted))


def _report(found: Session, page: Page, place: str) -> None:
    if found.terminal.json:
        record = {"page": page.key, "name": page.document_name, "number": page.number}
        record |= {"start": page.span.start} if page.span else {}
        found.terminal.record({**record, "place": place or None})
    else:
        found.terminal.result(": ".join(filter(None, [plain(str(page)), plain(place)])))


def _find_file(library: Library, page: Page) -> Path:
    """The page's file; its stored image where the file is gone or inside another one."""
    for path in library.document(page.document_id).paths:
        if Path(path).is_file():
            return Path(path)
    return library.image_path(page)


def _address(path: Path, page: Page) -> str:
    """What a viewer is given; those of browsers open a PDF at a page, a video at a time."""
    suffix = path.suffix.lower()
    if suffix == ".pdf":
        return f"{path.absolute().as_uri()}#page={page.number}"
    if page.span and suffix in _PLAYED:
        return f"{path.absolute().as_uri()}#t={page.span.start:g}"
    return str(path)


def _launch(found: Session, address: str) -> None:
    is_url = address.startswith(("http://", "file://"))
    opened = webbrowser.open(address) if is_url else typer.launch(address) == 0
    if not opened:
        found.terminal.fail(
            "No viewer could be started.",
            "--preview shows the page in the terminal, --print names the file.",
        )
        raise typer.Exit(ExitCode.FAILURE)
