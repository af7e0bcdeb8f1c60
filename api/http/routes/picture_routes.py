"""Endpoint `POST /v1/ask/image`: a question about pictures, which are not kept."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import UploadFile

from api.http.requests import MAX_QUERY_LENGTH
from api.http.routing import RequestEngine, problems
from api.jobs.spool import clean_name
from api.rag.answer import generate_answer
from api.rag.picture_question import open_pictures, question_of
from api.schemas.answers import AnswerBody
from ingest.fetch.fetch import fetch

router = APIRouter(prefix="/v1", responses=problems(422))

Parts = list[tuple[str, str | UploadFile]]
"""Names and values of a form's fields, in the order sent."""

_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {
        "text": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "maxLength": MAX_QUERY_LENGTH},
            "description": "Texts; the last one is the question.",
        },
        "file": {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "description": "Pictures or PDFs, among the texts in the order sent; not kept.",
        },
        "url": {
            "type": "array",
            "items": {"type": "string"},
            "description": "URLs of such files, of public addresses.",
        },
    },
}


async def _parse_form(request: Request) -> AsyncIterator[Parts]:
    """Fields of the form in order; files exist until the request is answered.

    Raises:
        RequestValidationError: it is no form, or has a field of another name or kind.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise _invalid("send a multipart form with text, and file or url")
    async with request.form() as sent:
        parts = list(sent.multi_items())
        for name, value in parts:
            if name not in _FORM["properties"] or isinstance(value, UploadFile) != (name == "file"):
                raise _invalid(f"{name!r} is no field of the form, or of another kind")
            if isinstance(value, str) and len(value) > MAX_QUERY_LENGTH:
                raise _invalid(f"{name} has more than {MAX_QUERY_LENGTH} characters")
        yield parts


def _invalid(message: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("body",), "msg": message, "type": "value_error"}])


@router.post(
    "/ask/image",
    responses=problems(413, 429, 502, 503, 504),
    openapi_extra={
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}
    },
)
def ask_pictures(sent: Annotated[Parts, Depends(_parse_form)], engine: RequestEngine) -> AnswerBody:
    """Answer a question about pictures or PDFs that are not in the library."""
    policy = engine.settings.fetch_policy(served=True)
    with tempfile.TemporaryDirectory(prefix="pageglass-") as folder:
        parts: list[str | Path] = []
        for number, (name, value) in enumerate(sent):
            place = Path(folder, str(number))
            place.mkdir()
            if isinstance(value, UploadFile):
                path = place / clean_name(value.filename)
                path.write_bytes(value.file.read())
                parts.append(path)
            else:
                parts.append(fetch(value, place, policy) if name == "url" else value)
        question = question_of(parts)
        pictures = open_pictures(parts, engine.render_settings(None), engine.readers())
    evidence = pictures.ask(question)
    return AnswerBody.of(generate_answer(evidence, engine.model()), evidence)
