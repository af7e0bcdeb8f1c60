"""`pageglass extract PAGE_OR_FILE... --schema SCHEMA`: records by a JSON Schema."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.exits import ExitCode, InvalidUsage
from api.cli.options import (
    DetailOption,
    DeviceMapOption,
    HomeOption,
    JsonOption,
    LoadInOption,
    MaxOutputTokensOption,
    PasswordFileOption,
    PasswordOption,
    TemperatureOption,
)
from api.cli.password import read_password
from api.cli.session import Session, session
from api.factory import make_model, model_settings
from api.hints import hint_for
from api.printable import plain

if TYPE_CHECKING:
    from generation.extraction.record import Record
    from generation.models.model import ChatModel
    from generation.prompt import Evidence
    from ingest.library.library import Library

_VERDICT = {True: "The same.", False: "They differ."}


def extract(
    ctx: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PAGE_OR_FILE...",
            help="Pages of the library (DOCUMENT-NUMBER or FILE-NUMBER), or PDFs and images by path"
            " or URL; with --whole also documents of the library.",
            show_default=False,
        ),
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(help="A JSON Schema file, or a ready schema by name.", show_default=False),
    ] = None,
    each: Annotated[
        bool, typer.Option("--each", help="A record a page, rather than one of all of them.")
    ] = False,
    whole: Annotated[
        bool,
        typer.Option("--whole", help="A record a document, from all its pages in one request."),
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Tell what differs between two sources, A and B.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            help="What reads the pages: extractive, or PROVIDER:MODEL.",
            show_default="PAGEGLASS_MODEL",
        ),
    ] = None,
    password: PasswordOption = False,
    password_file: PasswordFileOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the records here, JSON lines, at the end.", show_default=False),
    ] = None,
    list_schemas: Annotated[
        bool, typer.Option("--list-schemas", help="List the ready schemas and stop.")
    ] = False,
    temperature: TemperatureOption = None,
    detail: DetailOption = None,
    max_output_tokens: MaxOutputTokensOption = None,
    device_map: DeviceMapOption = None,
    load_in: LoadInOption = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Extract a record by a JSON Schema, each value checked; or compare two sources."""
    found = session(ctx, json=json)
    settings = model_settings(
        found.settings,
        temperature=temperature,
        detail=detail,
        max_output_tokens=max_output_tokens,
        device_map=device_map,
        load_in=load_in,
    )
    from api.cli.progress.upload_progress import UploadProgress
    from api.rag.extraction import extract_record
    from api.schemas.records import record_fields
    from generation.extraction.schema import open_schema, ready_schemas
    from ingest.disk.atomic import write_atomically
    from ingest.error import PageglassError

    if list_schemas:
        ready = ready_schemas()
        if json:
            for name, one in ready.items():
                found.terminal.record({"name": name, "schema": one})
        else:
            rows = [(name, str(one.get("description", ""))) for name, one in ready.items()]
            found.terminal.table(("schema", "what"), rows)
        return
    secret = read_password(password, password_file)
    if compare:
        if len(sources or ()) != 2 or schema or each or whole:
            raise InvalidUsage(
                "--compare takes two sources, and no --schema, --each or --whole.",
                hint="Try `pageglass extract --compare A B`.",
            )
        chat = make_model(settings, model).chat
        a, b = (open_pages(found, home, source, secret) for source in sources or ())
        _compare(found, a, b, chat, out)
        return
    if not sources or not schema:
        raise InvalidUsage(
            "A PAGE_OR_FILE and a --schema are needed.",
            hint="`pageglass extract --list-schemas` shows those that are ready.",
        )
    if each and whole:
        raise InvalidUsage(
            "--each and --whole exclude each other.", hint="Take a record a page, or a document."
        )
    wanted = open_schema(schema)
    uploads = ctx.with_resource(UploadProgress(json))
    chat = make_model(settings, model, uploads).chat
    opened = [open_pages(found, home, one, secret, whole=whole) for one in sources]
    groups = _group(opened, each=each, whole=whole)
    files = [_file_or_library(found, home, one) for one in sources] if whole else []
    lines: list[str] = []
    failed: list[PageglassError] = []
    for group, file in zip_longest(groups, files):
        name = plain(group[0].page.document_name if whole else str(group[0].page))
        if each or whole:
            found.terminal.note(f"reading {name}")
        try:
            record = extract_record(group, wanted, chat, file)
        except PageglassError as error:
            if not each and not whole:
                raise
            found.terminal.fail(f"{name}: {error.message}", hint_for(error, "cli"))
            failed.append(error)
            continue
        body = {"pages": [page.page.key for page in group], **record_fields(record)}
        lines.append(jsonlib.dumps(body, ensure_ascii=False))
        if json:
            found.terminal.record(body)
        elif out is None:
            _show(found, record)
    if out is not None and lines:
        write_atomically(out, ("\n".join(lines) + "\n").encode())
        found.terminal.note(f"wrote {plain(str(out))}")
    if failed:
        raise typer.Exit(ExitCode.SOME_FAILED if lines else ExitCode.NOTHING)


def _group(opened: Sequence[list[Evidence]], *, each: bool, whole: bool) -> list[list[Evidence]]:
    """Pages of each record, labelled: of one page, of one source, or of all."""
    from api.rag.extraction import label_pages

    if whole:
        return [label_pages(pages) for pages in opened]
    pages = label_pages([page for some in opened for page in some])
    return [[page] for page in pages] if each else [pages]


def open_pages(
    found: Session, home: Path | None, source: str, password: str | None, *, whole: bool = False
) -> list[Evidence]:
    """Evidence of a source: the pages of a file by path or URL, else of the library.

    Of the library that is one page, or a `whole` document.
    """
    from api.factory import render_settings
    from api.rag.extraction import open_file_pages, open_library_document, open_library_page
    from api.sources import is_file_source, local_file
    from ingest.shards.sharded_library import open_library

    if is_file_source(source):
        settings = render_settings(found.settings, password)
        policy = found.settings.fetch_policy()
        with found.readers() as readers, local_file(source, policy) as path:
            return open_file_pages(path, settings, readers)
    library = open_library(found.open_home(home))
    return open_library_document(library, source) if whole else open_library_page(library, source)


def _file_or_library(found: Session, home: Path | None, source: str) -> Library | Path | None:
    """Where a whole document is: a file on this machine, or the library."""
    from api.sources import is_file_source, path_on_disk
    from ingest.shards.sharded_library import open_library

    return path_on_disk(source) if is_file_source(source) else open_library(found.open_home(home))


def _compare(
    found: Session,
    a: Sequence[Evidence],
    b: Sequence[Evidence],
    chat: ChatModel | None,
    out: Path | None,
) -> None:
    """Print the differences of two sources."""
    from api.rag.extraction import compare_pages
    from api.schemas.records import comparison_fields
    from ingest.disk.atomic import write_atomically

    terminal = found.terminal
    body = comparison_fields(compare_pages(a, b, chat))
    if out is not None:
        write_atomically(out, (jsonlib.dumps(body, ensure_ascii=False) + "\n").encode())
        terminal.note(f"wrote {plain(str(out))}")
    if terminal.json:
        terminal.record(body)
    elif out is None:
        for one in body["data"]["differences"]:
            sides = " -> ".join(
                plain(jsonlib.dumps(one[key], ensure_ascii=False)) for key in ("in_a", "in_b")
            )
            terminal.result(f"{one['kind']:8} {plain(one['what'])}: {sides}")
        terminal.result(plain(body["data"].get("summary") or _VERDICT[body["data"]["same"]]))
    if body["note"]:
        terminal.note(body["note"])


def _show(found: Session, record: Record) -> None:
    terminal = found.terminal
    terminal.result(jsonlib.dumps(record.data, ensure_ascii=False, indent=2))
    for field in record.fields:
        where = plain(str(field.page)) if field.page else "no page"
        mark = "" if field.verified else "  (not verified)"
        quote = f' — "{plain(field.quote)}"' if field.quote else ""
        terminal.note(f"{plain(field.pointer)}: {where}{quote}{mark}")
    if record.note:
        terminal.note(record.note)
