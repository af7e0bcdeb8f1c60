"""An answer as server-sent events: `hits`, then `delta` and `citation` as they come, `done` or `error` last."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import closing
from typing import Any

from fastapi.sse import format_sse_event
from pydantic import BaseModel

from api.http.errors import crash_body, fault_body
from api.rag.answer import answer_pieces
from api.rag.evidence import RetrievedEvidence
from api.schemas import AnswerBody, CitationBody, DeltaBody, SearchBody
from generation.answer import Answer, Citation
from generation.models.model import VisionModel
from ingest.error import PageglassError


def ask_events(retrieved: RetrievedEvidence, model: VisionModel) -> Generator[bytes]:
    """The events, encoded. What goes wrong on the way is told as an `error`, which then is the last."""
    yield _event("hits", SearchBody.of(retrieved.searched, retrieved.hits))
    try:
        with closing(answer_pieces(retrieved, model)) as pieces:
            for piece in pieces:
                match piece:
                    case str():
                        yield _event("delta", DeltaBody(text=piece))
                    case Citation():
                        yield _event("citation", CitationBody.of(piece))
                    case Answer():
                        yield _event("done", AnswerBody.of(piece, retrieved))
    except PageglassError as fault:
        yield _event("error", fault_body(fault))
    except Exception:
        # The status has been sent: this is the one way left to say so. The log says what.
        yield _event("error", crash_body())
        raise


def _event(name: str, body: BaseModel | dict[str, Any]) -> bytes:
    fields = body.model_dump() if isinstance(body, BaseModel) else body
    return format_sse_event(event=name, data_str=json.dumps(fields, ensure_ascii=False))
