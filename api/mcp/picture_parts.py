"""Parts of a question about pictures, as an MCP client sends them."""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from api.engine import Engine
from api.http.requests import MAX_QUERY_LENGTH
from api.rag.evidence import RetrievedEvidence
from api.rag.picture_question import InvalidPictureQuestion, open_pictures, question_of
from ingest.fetch.fetch import fetch

MAX_PARTS = 100


class PicturePart(BaseModel):
    """A text, the URL of a picture or PDF, or its bytes in base64: one of the three."""

    model_config = ConfigDict(extra="forbid")

    text: str | None = Field(None, max_length=MAX_QUERY_LENGTH)
    url: str | None = Field(None, max_length=MAX_QUERY_LENGTH)
    data: str | None = Field(None, description="Base64.")


def ask_parts(engine: Engine, parts: Sequence[PicturePart]) -> RetrievedEvidence:
    """Evidence of the parts of a question; their files are gone when this returns.

    Raises:
        InvalidPictureQuestion, UnreadableFile, UrlRefused, UrlUnreachable
    """
    policy = engine.settings.fetch_policy(served=True)
    with tempfile.TemporaryDirectory(prefix="pageglass-") as folder:
        opened: list[str | Path] = []
        for number, part in enumerate(parts, 1):
            if sum(value is not None for value in (part.text, part.url, part.data)) != 1:
                raise InvalidPictureQuestion(
                    f"Part {number} is not one of text, url and data.", hint="Send one of them."
                )
            if part.text is not None:
                opened.append(part.text)
                continue
            place = Path(folder, str(number))
            place.mkdir()
            if part.url is not None:
                opened.append(fetch(part.url, place, policy))
                continue
            path = place / f"picture-{number}"
            path.write_bytes(_decode(part.data or "", number))
            opened.append(path)
        question = question_of(opened)
        pictures = open_pictures(opened, engine.render_settings(None), engine.readers())
    return pictures.ask(question)


def _decode(data: str, number: int) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidPictureQuestion(
            f"The data of part {number} are not base64.", hint="Send them so, or a URL."
        ) from error
