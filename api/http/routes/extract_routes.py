"""Endpoint `POST /v1/extract`: pages or sent files as a record, or a comparison."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.datastructures import FormData, UploadFile

from api.engine import Engine
from api.http.routing import RequestEngine, problems
from api.jobs.spool import clean_name
from api.rag.extraction import (
    MAX_PAGES,
    compare_pages,
    extract_record,
    label_pages,
    open_file_pages,
    open_library_document,
    open_library_page,
)
from api.schemas.records import comparison_fields, record_fields
from generation.extraction.schema import InvalidSchema, find_schema
from generation.prompt import Evidence

router = APIRouter(prefix="/v1")

Body = TypeVar("Body")
Key = Annotated[str, Field(max_length=300)]


class ExtractRequest(BaseModel):
    """Pages or a document, with a schema, or two pages to compare."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"pages": ["invoice.pdf-1"], "schema": "invoice"},
                {"document": "minutes.pdf", "schema": "document"},
                {"compare": ["lease-2024.pdf-3", "lease-2025.pdf-3"]},
            ]
        },
    )

    pages: list[Key] = Field(
        [], max_length=MAX_PAGES, description="DOCUMENT-NUMBER or FILE-NUMBER."
    )
    document: Key | None = Field(
        None, description="A document, all its pages in one request, instead of `pages`."
    )
    wanted: str | dict[str, Any] | None = Field(
        None, alias="schema", description="The name of a ready schema, or a JSON Schema."
    )
    compare: tuple[Key, Key] | None = Field(
        None, description="Two pages, instead of `pages` and `schema`."
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        given = [self.pages, self.document, self.compare]
        if sum(map(bool, given)) != 1 or bool(self.compare) != (self.wanted is None):
            raise ValueError("send pages and schema, document and schema, or compare")
        return self


class ExtractForm(BaseModel):
    """Fields beside the files of a multipart request."""

    model_config = ConfigDict(extra="forbid")

    wanted: Annotated[str, Field(max_length=1_000_000)] | None = Field(
        None, alias="schema", description="The name of a ready schema, or a JSON Schema."
    )
    compare: bool = Field(False, description="Compare the two files; no schema then.")
    password: str | None = Field(None, description="For encrypted PDFs.")


@dataclass(frozen=True, slots=True)
class ParsedRequest:
    """Parsed request: JSON, or files with their form."""

    body: ExtractRequest | None = None
    form: ExtractForm | None = None
    files: tuple[UploadFile, ...] = ()


async def _parse_request(request: Request) -> AsyncIterator[ParsedRequest]:
    """Parse either kind of body; files exist until the request is answered.

    Raises:
        RequestValidationError: it is neither kind, or not valid.
    """
    if request.headers.get("content-type", "").startswith("multipart/"):
        async with request.form() as sent:
            yield _read_form(sent)
    else:
        data = await request.body()
        yield ParsedRequest(body=_checked(lambda: ExtractRequest.model_validate_json(data)))


def _checked(read: Callable[[], Body]) -> Body:
    try:
        return read()
    except ValidationError as error:
        raise RequestValidationError(
            [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        ) from None


def _read_form(sent: FormData) -> ParsedRequest:
    files = tuple(file for file in sent.getlist("file") if isinstance(file, UploadFile))
    fields = {name: value for name, value in sent.items() if name != "file"}
    form = _checked(lambda: ExtractForm.model_validate(fields))
    wrong = ""
    if not files:
        wrong = "there is no file"
    elif form.compare and (len(files) != 2 or form.wanted):
        wrong = "compare takes two files and no schema"
    elif not form.compare and not form.wanted:
        wrong = "there is no schema"
    if wrong:
        raise RequestValidationError([{"loc": ("body",), "msg": wrong, "type": "value_error"}])
    return ParsedRequest(form=form, files=files)


_CONTENT = {
    "application/json": {"schema": ExtractRequest.model_json_schema()},
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["file"],
            "additionalProperties": False,
            "properties": {
                "file": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "string", "format": "binary"},
                    "description": "PDFs or images; they are read and not kept.",
                },
                **ExtractForm.model_json_schema()["properties"],
            },
        }
    },
}


@router.post(
    "/extract",
    responses=problems(404, 409, 413, 422, 429, 502, 503, 504),
    openapi_extra={"requestBody": {"required": True, "content": _CONTENT}},
)
def extract_pages(
    asked: Annotated[ParsedRequest, Depends(_parse_request)], engine: RequestEngine
) -> dict[str, Any]:
    """Extract one record from pages, or compare two pages or files."""
    chat = engine.model().chat
    if asked.body and asked.body.compare:
        library = engine.library()
        a, b = (open_library_page(library, key) for key in asked.body.compare)
        return comparison_fields(compare_pages(a, b, chat))
    if asked.form and asked.form.compare:
        a, b = _open_files(asked, engine)
        return comparison_fields(compare_pages(a, b, chat))
    wanted = (asked.body.wanted if asked.body else _parse(asked.form)) or ""
    schema = find_schema(wanted)
    opened = _open_pages(asked.body, engine) if asked.body else _open_files(asked, engine)
    pages = label_pages([page for some in opened for page in some])
    whole = engine.library() if asked.body and asked.body.document else None
    record = extract_record(pages, schema, chat, whole)
    return {"pages": [page.page.key for page in pages], **record_fields(record)}


def _open_pages(body: ExtractRequest, engine: Engine) -> list[list[Evidence]]:
    library = engine.library()
    if body.document:
        return [open_library_document(library, body.document, max_pages=MAX_PAGES)]
    return [open_library_page(library, key) for key in body.pages]


def _open_files(asked: ParsedRequest, engine: Engine) -> list[list[Evidence]]:
    """Pages of each file; its bytes are deleted when this returns.

    Raises:
        UnreadableFile: one cannot be read.
        DocumentTooLong: they have too many pages.
    """
    opened: list[list[Evidence]] = []
    settings = engine.render_settings(asked.form.password if asked.form else None)
    with tempfile.TemporaryDirectory(prefix="pageglass-") as folder:
        for number, file in enumerate(asked.files):
            path = Path(folder, str(number), clean_name(file.filename))
            path.parent.mkdir()
            path.write_bytes(file.file.read())
            room = MAX_PAGES - sum(map(len, opened))
            opened.append(open_file_pages(path, settings, engine.readers(), max_pages=room))
    return opened


def _parse(form: ExtractForm | None) -> str | dict[str, Any]:
    """Schema of a form: JSON where it begins with a brace, else a name."""
    text = (form.wanted if form else None) or ""
    if not text.lstrip().startswith("{"):
        return text
    try:
        found: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidSchema(f"The schema is not JSON: {error}.", hint="Send it as JSON.") from None
    return found
