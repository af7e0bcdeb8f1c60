"""`pageglass search QUERY`: the pages that fit best."""

from __future__ import annotations

import re
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.exits import ExitCode, InvalidUsage
from api.cli.options import DocumentOption, FolderOption, HomeOption, JsonOption
from api.cli.session import session
from api.cli.terminal import Terminal
from api.printable import plain, readable_question, shorten

if TYPE_CHECKING:
    from api.page_search import QueryParts
    from retrieval.hit import Hit

SNIPPET_LENGTH = 100
"""Characters of a page's best region."""


def search(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None,
        typer.Argument(
            help="A question, or what an image shows."
            ' In single quotes it may have "a phrase", -word, word*, AND and OR.'
            " Texts and images are added and taken"
            ' away with + and - between them, and weighted: "2:golden retriever" + ./pool.jpg - fruit.',
            show_default=False,
        ),
    ] = None,
    top: Annotated[int, typer.Option("--top", "-n", min=1, max=1000, help="How many pages.")] = 10,
    images: Annotated[
        bool, typer.Option("--images", help="Only photos and figures, by what they show.")
    ] = False,
    like: Annotated[
        str | None,
        typer.Option(
            metavar="IMAGE",
            help="Photos and figures like this image, by path or URL.",
            show_default=False,
        ),
    ] = None,
    document: DocumentOption = None,
    folder: FolderOption = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag", "-t", help="Only pages with this tag. May be repeated.", show_default=False
        ),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="Only pdf, or only image.", show_default=False)
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Added on this day or later.", show_default=False),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Added on this day or earlier.", show_default=False
        ),
    ] = None,
    pages: Annotated[
        str | None,
        typer.Option(metavar="N-M", help="Only pages N to M of a document.", show_default=False),
    ] = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Find pages by their words and by what their images show."""
    found = session(ctx, json=json)
    if (not query) == (like is None):
        raise InvalidUsage(
            "A search is for a QUERY or by --like IMAGE, one of them.",
            hint="`pageglass search --help` shows how.",
        )
    from api.page_search import make_filter, search_pages
    from api.rag.evidence import filter_documents
    from api.schemas.hits import HitBody
    from api.sources import local_file

    wanted = make_filter(
        tags=tag or (),
        kind=kind,
        since=since,
        until=until,
        pages=_read_range(pages) if pages else None,
    )
    policy = found.settings.fetch_policy()
    with ExitStack() as stack:
        searcher = stack.enter_context(closing(found.open_searcher(home)))
        readers = stack.enter_context(found.readers())
        hits = search_pages(
            searcher,
            _read_query(query) if query else None,
            readers=readers,
            like=stack.enter_context(local_file(like, policy)) if like else None,
            top=top,
            images=images,
            filter=filter_documents(searcher.library, document, wanted, folder),
        )
    for rank, hit in enumerate(hits, 1):
        if json:
            found.terminal.record(HitBody.of(rank, hit).model_dump())
        else:
            _show(found.terminal, rank, hit)
    if not hits:
        found.terminal.fail("Nothing was found.", "Search for something else, or ingest more.")
        raise typer.Exit(ExitCode.NOTHING)


def _read_query(words: list[str]) -> str | QueryParts:
    """Query as text, or as weighted texts and image files where it is composed."""
    from retrieval.query.compose import is_composed, is_image, split_query

    if not is_composed(words):
        return readable_question(" ".join(words))
    parts = split_query([readable_question(word) for word in words])
    return [
        (part.weight, Path(part.value) if is_image(part.value) else part.value) for part in parts
    ]


def _read_range(pages: str) -> tuple[int | None, int | None]:
    """`3-9`, `3-`, `-9` or `3` as the first and the last page number."""
    found = re.fullmatch(r"(\d*)(-?)(\d*)", pages.strip())
    if not found or not (found[1] or found[3]):
        raise InvalidUsage(
            f"--pages {plain(pages)} is not a range.", hint="Write it like 3-9, 3- or 3."
        )
    first = int(found[1]) if found[1] else None
    return first, int(found[3]) if found[3] else None if found[2] else first


def _show(terminal: Terminal, rank: int, hit: Hit) -> None:
    terminal.result(f"{rank:>3}  {hit.score:6.3f}  {plain(str(hit.page))}")
    best = max(hit.regions, key=lambda region: region.score, default=None)
    if best:
        terminal.result(f"{'':13}{shorten(best.words, SNIPPET_LENGTH) or '(image)'}")
    if hit.note:
        terminal.result(f"{'':13}note: {plain(hit.note)}")
