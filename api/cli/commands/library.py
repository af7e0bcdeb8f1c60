"""`pageglass list`, `remove` and `status`: management of the library."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from api.cli.complete import complete_document
from api.cli.exits import ExitCode
from api.cli.options import FolderOption, HomeOption, JsonOption
from api.cli.session import session
from api.cli.terminal import Terminal
from api.printable import count_of, plain, readable_question


def list_documents(
    ctx: typer.Context,
    folder: FolderOption = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """List the documents."""
    terminal = session(ctx, json=json).terminal
    from api.rag.partial_note import partial_note
    from api.schemas.documents import DocumentBody
    from ingest.library.database import LibraryNotFound
    from ingest.shards.sharded_library import open_library

    opened = session(ctx, json=json).open_home(home)
    try:
        library = open_library(opened)
        documents = library.documents_in(folder) if folder else library.documents()
        if library.missing_shards:
            terminal.note(partial_note(library.missing_shards))
    except LibraryNotFound:
        documents = []
    if json:
        for document in documents:
            terminal.record(DocumentBody.of(document).model_dump())
    elif documents:
        rows = [(d.id, str(d.page_count), d.added_at[:10], d.name) for d in documents]
        terminal.table(("document", "pages", "added", "name"), rows)
        for document in documents:
            for number, note in document.notes:
                terminal.note(f"{plain(document.name)}, page {number}: {plain(note)}")
    if not documents and not json:
        where = f"in folders called {plain(folder)}" if folder else f"in {plain(str(opened.root))}"
        terminal.note(f"There are no documents {where} yet: `pageglass ingest PATH` adds some.")


def remove(
    ctx: typer.Context,
    documents: Annotated[
        list[str],
        typer.Argument(
            metavar="DOCUMENT...",
            autocompletion=complete_document,
            help="Ids, heads of ids, paths or file names.",
        ),
    ],
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask first (asked only on a terminal).")
    ] = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Remove documents and everything derived from them. The files themselves stay."""
    found = session(ctx, json=json)
    from api.schemas.documents import DocumentBody
    from ingest.shards.acts import remove_documents
    from ingest.shards.sharded_library import open_library

    opened = found.open_home(home)
    wanted = [open_library(opened).document(name) for name in documents]
    if not yes and not json and sys.stdin.isatty() and sys.stderr.isatty():
        names = ", ".join(plain(document.name) for document in wanted)
        typer.confirm(f"Remove {names}?", abort=True, err=True)
    for document in remove_documents(opened, [document.id for document in wanted]):
        if json:
            found.terminal.record({"event": "removed", **DocumentBody.of(document).model_dump()})
        else:
            found.terminal.note(
                f"removed {plain(document.name)}, {count_of(document.page_count, 'page')}"
            )


def status(
    ctx: typer.Context,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Check that the library, the indexes and the files agree."),
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="Delete what killed commands left, then check as --verify does."
        ),
    ] = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show what the home holds, and what was set aside."""
    found = session(ctx, json=json)
    from api.diagnostics.status import read_status

    state = read_status(found.open_home(home), verify=verify, repair=repair)
    if json:
        found.terminal.record(state)
    else:
        _show(found.terminal, state)
    if state.get("disagreements"):
        raise typer.Exit(ExitCode.FAILURE)


def _show(terminal: Terminal, state: dict[str, Any]) -> None:
    terminal.result(f"home       {plain(state['home'])}")
    terminal.result(f"documents  {state['documents']}")
    terminal.result(f"pages      {state['pages']}")
    terminal.result(
        f"size       {state['bytes'] / 1e6:.1f} MB, {state['free_bytes'] / 1e9:.1f} GB free"
    )
    for index in state["indexes"]:
        terminal.result(
            f"index      {index['encoder']}: {index['documents']} of {state['documents']}"
            f" documents, {index['model']}"
        )
    for shard in state["shards"]:
        counts = f"{shard['documents']} documents, {shard['pages']} pages"
        terminal.result(
            f"shard      {shard['name']}: {'missing' if shard['pages'] is None else counts}"
        )
    if state["noted_pages"]:
        terminal.result(f"notes      {state['noted_pages']} pages were read in part; see `list`")
    for failure in state["failures"]:
        terminal.result(f"set aside  {plain(failure['path'])}: {plain(failure['reason'])}")
    if "disagreements" in state:
        for sentence in state["disagreements"]:
            terminal.fail(sentence)
        if not state["disagreements"]:
            terminal.result("verified   library, indexes and files agree")


def rename(
    ctx: typer.Context,
    document: Annotated[
        str,
        typer.Argument(autocompletion=complete_document, help="Id, head of an id, path or name."),
    ],
    title: Annotated[str, typer.Argument(help="Its new title.")],
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Give a document a title. Its file and its name stay."""
    found = session(ctx, json=json)
    from api.schemas.documents import DocumentBody
    from ingest.shards.acts import edit_document
    from ingest.shards.sharded_library import open_library

    opened = found.open_home(home)
    renamed = edit_document(
        opened, open_library(opened).document(document).id, title=readable_question(title)
    )
    if json:
        found.terminal.record({"event": "renamed", **DocumentBody.of(renamed).model_dump()})
    else:
        found.terminal.note(f"{plain(renamed.name)} is called {plain(renamed.title)} now")
