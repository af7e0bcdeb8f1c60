"""OpenAI's chat protocol: `POST /v1/chat/completions` and `GET /v1/models`."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Generator
from contextlib import closing
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from fastapi.sse import format_sse_event

from api.http.errors import (
    ChatModelNotFound,
    crash_body,
    error_body,
    openai_body,
    server_stopping,
)
from api.http.openapi import EVENT
from api.http.routes.chat.chat_schemas import ChatRequest, ModelBody, ModelsBody
from api.http.routing import RequestEngine
from api.http.streams import EventStream
from api.rag.answer import generate_answer, stream_pieces
from api.rag.evidence import RetrievedEvidence
from api.rag.footnotes import page_link, write_footnotes
from api.rag.neutral_markdown import Neutralizer, neutralize
from api.schemas.answers import CitationBody
from generation.answer import Answer, Citation
from generation.models.model import VisionModel
from ingest.error import PageglassError

MODEL = "pageglass"
"""The whole library; `pageglass/DOCUMENT` is one document of it."""

router = APIRouter(prefix="/v1")


@router.get("/models")
def list_models() -> ModelsBody:
    """List the one model."""
    return ModelsBody(data=[ModelBody(id=MODEL)])


@router.get("/models/{model:path}")
def show_model(model: str, engine: RequestEngine) -> ModelBody:
    """Show a model by its name."""
    if documents := _documents(model, None):
        engine.library().document(documents[0])
    return ModelBody(id=model)


@router.post(
    "/chat/completions",
    response_class=JSONResponse,
    responses={
        200: {
            "description": "A chat completion; with `stream`, chunks of one as events",
            "content": {
                "application/json": {"schema": {"type": "object"}},
                EventStream.media_type: {"schema": EVENT},
            },
        }
    },
)
def complete(wanted: ChatRequest, engine: RequestEngine, request: Request) -> Response:
    """Answer a question from the pages, as a chat completion."""
    evidence = engine.retrieve(
        wanted.question(),
        top=wanted.top,
        documents=_documents(wanted.model, wanted.documents),
        folder=wanted.folder,
        filter=wanted.page_filter(),
        history=wanted.history(),
        whole=wanted.whole,
    )
    reply = _Reply(wanted, evidence, engine.model(), str(request.base_url))
    if not wanted.stream:
        return JSONResponse(reply.whole())
    return EventStream(reply.stream(), _data(openai_body(error_body(server_stopping()))))


def _documents(model: str, wanted: list[str] | None) -> list[str] | None:
    """Documents to search: that of the model's name, else those of the request.

    Raises:
        ChatModelNotFound
    """
    name, _, document = model.partition("/")
    if name != MODEL or model.endswith("/"):
        raise ChatModelNotFound(
            f"There is no model {model!r}.", hint=f"Take {MODEL}, or {MODEL}/DOCUMENT."
        )
    return [document] if document else wanted


class _Reply:
    """Chat completion, whole or in chunks."""

    def __init__(
        self, wanted: ChatRequest, evidence: RetrievedEvidence, model: VisionModel, base: str
    ) -> None:
        self._wanted = wanted
        self._evidence = evidence
        self._model = model
        self._base = base
        self._head = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": wanted.model,
        }

    def whole(self) -> dict[str, Any]:
        """Whole completion. Raises what the model raises."""
        answer = generate_answer(self._evidence, self._model)
        text = neutralize(answer.text, self._base)
        notes = self._notes(answer)
        message = {
            "role": "assistant",
            "content": text + notes,
            "refusal": None,
            **self._cited(answer, text, notes),
        }
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return {
            **self._head,
            "object": "chat.completion",
            "choices": [choice],
            "usage": _usage(answer),
        }

    def stream(self) -> Generator[bytes]:
        """Chunks as events, `[DONE]` last, or an `error` in its place."""
        try:
            yield self._chunk({"role": "assistant", "content": ""})
            neutral, said = Neutralizer(self._base), ""
            with closing(stream_pieces(self._evidence, self._model)) as pieces:
                for piece in pieces:
                    if isinstance(piece, str) and (text := neutral.feed(piece)):
                        said += text
                        yield self._chunk({"content": text})
                    elif isinstance(piece, Answer):
                        rest = neutral.end()
                        yield from self._end(piece, said + rest, rest)
            yield format_sse_event(data_str="[DONE]")
        except PageglassError as error:
            yield _data(openai_body(error_body(error)))
        except Exception:
            # The status has been sent already, so an event says so; the log has the exception.
            yield _data(openai_body(crash_body()))
            raise

    def _end(self, answer: Answer, text: str, rest: str) -> Generator[bytes]:
        """What was held back of the text, footnotes and citations."""
        notes = self._notes(answer)
        yield self._chunk({"content": rest + notes, **self._cited(answer, text, notes)})
        yield self._chunk({}, finish="stop")
        options = self._wanted.stream_options
        if options and options.include_usage:
            yield _data(
                {
                    **self._head,
                    "object": "chat.completion.chunk",
                    "choices": [],
                    "usage": _usage(answer),
                }
            )

    def _notes(self, answer: Answer) -> str:
        """Footnotes, and a warning where an answer is not grounded."""
        warning = "" if answer.grounded or answer.declined else answer.note
        return write_footnotes(answer.citations, self._base, warning)

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _data({**self._head, "object": "chat.completion.chunk", "choices": [choice]})

    def _cited(self, answer: Answer, text: str, notes: str) -> dict[str, Any]:
        """Citations as OpenAI's annotations, and as `CitationBody`."""
        annotations, at, content = [], len(text), text + notes
        for citation in answer.citations:
            url = page_link(citation, self._base)
            start = content.index(url, at)
            at = start + len(url)
            annotations.append({"type": "url_citation", "url_citation": _url(citation, url, start)})
        return {
            "annotations": annotations,
            "citations": [CitationBody.of(c).model_dump() for c in answer.citations],
        }


def _url(citation: Citation, url: str, start: int) -> dict[str, Any]:
    end = start + len(url)
    return {"start_index": start, "end_index": end, "title": str(citation.page), "url": url}


def _usage(answer: Answer) -> dict[str, Any]:
    used = answer.usage
    return {
        "prompt_tokens": used.input_tokens,
        "completion_tokens": used.output_tokens,
        "total_tokens": used.input_tokens + used.output_tokens,
        "prompt_tokens_details": {"cached_tokens": used.cached_tokens},
    }


def _data(body: dict[str, Any]) -> bytes:
    return format_sse_event(data_str=json.dumps(body, ensure_ascii=False))
