"""`pageglass search QUERY`: the pages that fit best."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.exits import ExitCode, InvalidUsage
from api.cli.filter_options import (
    KindOption,
    NearOption,
    PagesOption,
    SinceOption,
    TagOption,
    TakenSinceOption,
    TakenUntilOption,
    UntilOption,
    read_filter,
)
from api.cli.options import DocumentOption, FolderOption, HomeOption, JsonOption
from api.cli.session import session
from api.printable import readable_question

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
        str | None,
        typer.Option(
            metavar="IMAGE",
            help="Photos and figures like this image, by path or URL; shots like this video, or"
            " like a page by its key, where there is an encoder of videos.",
            show_default=False,
        ),
    ] = None,
    document: DocumentOption = None,
    folder: FolderOption = None,
    tag: TagOption = None,
    kind: KindOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    taken_since: TakenSinceOption = None,
    taken_until: TakenUntilOption = None,
    near: NearOption = None,
    pages: PagesOption = None,
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
    from api.cli.hit_view import group_shots, hit_lines, is_styled
    from api.cli.last_search import remember_search
    from api.page_search import search_pages
    from api.rag.partial_note import partial_note
    from api.rag.query_filters import filter_documents
    from api.schemas.hits import HitBody
    from api.sources import local_file
    from retrieval.near import is_near

    wanted = read_filter(tag, kind, since, until, pages, taken_since, taken_until, near)
    policy = found.settings.fetch_policy()
    with ExitStack() as stack:
        searcher = stack.enter_context(closing(found.open_searcher(home)))
        wanted_parts = _read_query(query) if query else None
        opens_files = not isinstance(wanted_parts, str)
        hits = search_pages(
            searcher,
            wanted_parts,
            readers=stack.enter_context(found.readers()) if opens_files else None,
            like=stack.enter_context(local_file(like, policy)) if like else None,
            top=top,
            images=images,
            filter=filter_documents(searcher.library, document, wanted, folder),
        )
        paths = {d.id: d.paths for d in searcher.library.documents()} if hits else {}
        root, partial = searcher.library.home.root, searcher.missing_shards
    if partial:
        found.terminal.note(partial_note(partial))
    if hits and not every and not is_near(hits):
        found.terminal.fail(
            "Nothing near was found.",
            "Search for something else, or ingest more; --all shows the nearest pages.",
        )
        raise typer.Exit(ExitCode.NOTHING)
    text = " ".join(query or ())
    styled = is_styled()
    if json:
        for rank, hit in enumerate(hits, 1):
            told = {"partial": list(partial)} if partial else {}
            found.terminal.record({**HitBody.of(rank, hit).model_dump(), **told})
    for row in [] if json else group_shots(hits):
        path = next(iter(paths.get(row[0][1].page.document_id, ())), "")
        for line in hit_lines(row, text, path, styled=styled):
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
