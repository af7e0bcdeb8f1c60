"""`pageglass search QUERY`: the pages that fit best."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.complete import complete_tag
from api.cli.exits import ExitCode, InvalidUsage
from api.cli.options import DocumentOption, FolderOption, HomeOption, JsonOption
from api.cli.session import session
from api.printable import plain, readable_question

if TYPE_CHECKING:
    from api.page_search import QueryParts


def search(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None,
        typer.Argument(
            help="A question, or what an image shows."
            ' In single quotes it may have "a phrase", -word, word*, AND and OR, file:NAME and tag:NAME.'
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
        Path | None,
        typer.Option(help="Photos and figures like this image.", show_default=False),
    ] = None,
    document: DocumentOption = None,
    folder: FolderOption = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            "-t",
            autocompletion=complete_tag,
            help="Only pages with this tag. May be repeated.",
            show_default=False,
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
    every: Annotated[
        bool, typer.Option("--all", help="Show the nearest pages even if none comes near.")
    ] = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Find pages by their words and by what their images show.

    `pageglass open 2` then shows the second of them, and `pageglass explain 2` why it was found.
    """
    found = session(ctx, json=json)
    if (not query) == (like is None):
        raise InvalidUsage(
            "A search is for a QUERY or by --like IMAGE, one of them.",
            hint="`pageglass search --help` shows how.",
        )
    from api.cli.hit_view import hit_lines, is_styled
    from api.cli.last_search import remember_search
    from api.page_search import make_filter, search_pages
    from api.rag.evidence import filter_documents
    from api.schemas.hits import HitBody
    from retrieval.near import is_near

    wanted = make_filter(
        tags=tag or (),
        kind=kind,
        since=since,
        until=until,
        pages=_read_range(pages) if pages else None,
    )
    with closing(found.open_searcher(home)) as searcher, found.readers() as readers:
        hits = search_pages(
            searcher,
            _read_query(query) if query else None,
            readers=readers,
            like=like,
            top=top,
            images=images,
            filter=filter_documents(searcher.library, document, wanted, folder),
        )
        paths = {d.id: d.paths for d in searcher.library.documents()} if hits else {}
        root = searcher.library.home.root
    if hits and not every and not is_near(hits):
        found.terminal.fail(
            "Nothing near was found.",
            "Search for something else, or ingest more; --all shows the nearest pages.",
        )
        raise typer.Exit(ExitCode.NOTHING)
    text = " ".join(query or ())
    styled = is_styled()
    for rank, hit in enumerate(hits, 1):
        if json:
            found.terminal.record(HitBody.of(rank, hit).model_dump())
            continue
        path = next(iter(paths.get(hit.page.document_id, ())), "")
        for line in hit_lines(rank, hit, text, path, styled=styled):
            found.terminal.result(line)
    if not hits:
        found.terminal.fail("Nothing was found.", "Search for something else, or ingest more.")
        raise typer.Exit(ExitCode.NOTHING)
    remember_search(root, text, [hit.page for hit in hits])


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
    last = int(found[3]) if found[3] else None if found[2] else first
    if first == 0 or last == 0 or (first and last and last < first):
        raise InvalidUsage(
            f"--pages {plain(pages)} has no page.", hint="Pages count from 1, the lower one first."
        )
    return first, last
