"""Server-sent events of an answer: hits, delta, citation, then done or error."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import closing
from typing import Any

from fastapi.sse import format_sse_event
from pydantic import BaseModel

from api.http.errors import crash_body, error_body, server_stopping
from api.rag.answer import stream_pieces
from api.rag.evidence import RetrievedEvidence
from api.schemas.answers import AnswerBody, CitationBody, DeltaBody
from api.schemas.hits import SearchBody
from generation.answer import Answer, Citation
from generation.models.model import VisionModel
from ingest.error import PageglassError


def ask_events(retrieved: RetrievedEvidence, model: VisionModel) -> Generator[bytes]:
    """Events, encoded; an error on the way becomes the last event, `error`."""
    yield _event("hits", SearchBody.of(retrieved.searched, retrieved.hits, retrieved.partial))
    try:
        with closing(stream_pieces(retrieved, model)) as pieces:
            for piece in pieces:
                match piece:
                    case str():
                        yield _event("delta", DeltaBody(text=piece))
                    case Citation():
                        yield _event("citation", CitationBody.of(piece))
                    case Answer():
                        yield _event("done", AnswerBody.of(piece, retrieved))
    except PageglassError as error:
        yield _event("error", error_body(error))
    except Exception:
        # The status has been sent already, so an event says so; the log has the exception.
        yield _event("error", crash_body())
        raise


def stopping_event() -> bytes:
    """The last event of an answer that the server's stop cuts short."""
    return _event("error", error_body(server_stopping()))


def _event(name: str, body: BaseModel | dict[str, Any]) -> bytes:
    fields = body.model_dump() if isinstance(body, BaseModel) else body
    return format_sse_event(event=name, data_str=json.dumps(fields, ensure_ascii=False))
