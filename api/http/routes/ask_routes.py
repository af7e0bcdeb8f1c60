"""Endpoint `POST /v1/ask`: an answer as one body or as server-sent events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import Response

from api.http.openapi import EVENT
from api.http.requests import AskRequest
from api.http.routes.ask_events import ask_events, stopping_event
from api.http.routing import RequestEngine, problems
from api.http.streams import EventStream
from api.rag.answer import generate_answer
from api.schemas.answers import AnswerBody

router = APIRouter(prefix="/v1", responses=problems(422))


@router.post(
    "/ask",
    response_model=AnswerBody,
    responses={
        200: {
            "description": "The answer; with `stream`, events: hits, delta, citation, done, error",
            "content": {EventStream.media_type: {"schema": EVENT}},
        },
        **problems(404, 409, 429, 502, 503, 504),
    },
)
def ask_pages(
    wanted: AskRequest, engine: RequestEngine, accept: Annotated[str | None, Header()] = None
) -> AnswerBody | Response:
    """Answer a question from the pages; `declined` where they do not answer it."""
    evidence = engine.retrieve(
        wanted.question(),
        top=wanted.top,
        documents=wanted.documents,
        folder=wanted.folder,
        filter=wanted.page_filter(),
        history=wanted.history(),
        whole=wanted.whole,
    )
    if wanted.stream or EventStream.media_type in (accept or ""):
        return EventStream(ask_events(evidence, engine.model()), stopping_event())
    return AnswerBody.of(generate_answer(evidence, engine.model()), evidence)
