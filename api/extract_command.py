"""`pageglass extract PAGE_OR_FILE... --schema SCHEMA`: pages as JSON that fits a schema, each value with its place."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.exits import BadUsage, ExitCode
from api.session import HomeOption, JsonOption, Session, make_model, session
from api.terminal import plain

if TYPE_CHECKING:
    from generation.models.model import ChatModel
    from generation.prompt import Evidence
    from generation.record import Record
    from generation.schema import Schema


def extract(
    ctx: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PAGE_OR_FILE...",
            help="Pages of the library (DOCUMENT-NUMBER or FILE-NUMBER), or PDFs and images.",
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
    model: Annotated[
        str | None, typer.Option(help="What reads the pages.", show_default="PAGEGLASS_MODEL")
    ] = None,
    password: Annotated[
        str | None, typer.Option(help="For encrypted PDFs.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the records here, JSON lines, at the end.", show_default=False),
    ] = None,
    list_schemas: Annotated[
        bool, typer.Option("--list-schemas", help="List the ready schemas and stop.")
    ] = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Read pages into JSON that fits a schema; each value is looked for on its page."""
    found = session(ctx, json=json)
    from api.evidence import chat_of
    from generation.schema import open_schema, ready_schemas
    from ingest.fault import Fault
    from ingest.home import write_atomically

    if list_schemas:
        ready = ready_schemas()
        if json:
            for name, one in ready.items():
                found.terminal.record({"name": name, "schema": one})
        else:
            rows = [(name, str(one.get("description", ""))) for name, one in ready.items()]
            found.terminal.table(("schema", "what"), rows)
        return
    if not sources or not schema:
        raise BadUsage(
            "A PAGE_OR_FILE and a --schema are needed.",
            remedy="`pageglass extract --list-schemas` shows those that are ready.",
        )
    wanted = open_schema(schema)
    chat = chat_of(make_model(found.settings, model))
    pages = list(_open(found, home, sources, password))
    groups = [[page] for page in pages] if each else [pages]
    lines: list[str] = []
    failed: list[Fault] = []
    for group in groups:
        names = [plain(str(page.page)) for page in group]
        if each:
            found.terminal.note(f"reading {names[0]}")
        try:
            record = read_pages(group, wanted, chat)
        except Fault as fault:
            if not each:
                raise
            found.terminal.fail(f"{names[0]}: {fault.message}", fault.remedy)
            failed.append(fault)
            continue
        body = {"pages": [page.page.key for page in group], **describe(record)}
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


def describe(record: Record) -> dict[str, Any]:
    """A record as `extract --json` writes it (docs/extract.md)."""
    from api.schemas import UsageBody

    return {
        "data": record.data,
        "fields": {
            field.pointer: {
                "page": field.page.key if field.page else None,
                "quote": field.quote,
                "boxes": [[round(edge, 4) for edge in box] for box in field.boxes],
                "printed": field.printed,
                "verified": field.verified,
            }
            for field in record.fields
        },
        "missing": list(record.missing),
        "model": record.model,
        "attempts": record.attempts,
        "note": record.note,
        "usage": UsageBody.of(record.usage).model_dump(),
    }


def read_pages(pages: Sequence[Evidence], schema: Schema, chat: ChatModel | None) -> Record:
    """Pages as one record, by a language model or without one. Raises what they raise."""
    if chat is None:
        from generation.fill import fill

        return fill(pages, schema)
    from generation.extract import extract as read

    return read(pages, schema, chat)


def _open(
    found: Session, home: Path | None, sources: Sequence[str], password: str | None
) -> Iterator[Evidence]:
    """The pages named, labelled from 1: those of files on disk, else those of the library."""
    from dataclasses import replace

    label = 0
    for source in sources:
        path = Path(source).expanduser()
        some = _render(found, path, password) if path.is_file() else [_kept(found, home, source)]
        for page in some:
            label += 1
            yield replace(page, label=label)


def _render(found: Session, path: Path, password: str | None) -> list[Evidence]:
    """Every page of a file that need not be in the library."""
    import hashlib

    from generation.prompt import Evidence
    from ingest.add import ID_LENGTH
    from ingest.library import readable
    from ingest.page import Page
    from ingest.render import RenderSettings, inspect, render

    settings = RenderSettings(found.settings.dpi, found.settings.ocr, password)
    count = inspect(path, settings).page_count
    with path.open("rb") as file:
        first = Page(
            hashlib.file_digest(file, "sha256").hexdigest()[:ID_LENGTH], 1, readable(path.name)
        )
    return [
        Evidence(1, page.page, page.words, lambda image=page.image: image, 1.0)  # type: ignore[misc]
        for page in render(path, first, count, settings)
    ]


def _kept(found: Session, home: Path | None, key: str) -> Evidence:
    """A page of the library."""
    from functools import partial

    from generation.prompt import Evidence
    from ingest.library import Library

    library = Library(found.open_home(home))
    page = library.page(key)
    return Evidence(1, page, library.words(page), partial(library.image, page), 1.0)


def _show(found: Session, record: Record) -> None:
    terminal = found.terminal
    terminal.result(jsonlib.dumps(record.data, ensure_ascii=False, indent=2))
    for field in record.fields:
        where = plain(str(field.page)) if field.page else "no page"
        mark = "" if field.verified else "  (not verified)"
        terminal.note(f'{plain(field.pointer)}: {where} — "{plain(field.quote)}"{mark}')
    if record.note:
        terminal.note(record.note)
