"""Endpoints for page images: the page, and a heat map of a query over it."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import JSONResponse, Response

from api.http.requests import MAX_QUERY_LENGTH
from api.http.routes.highlight_param import (
    MAX_HIGHLIGHT_LENGTH,
    MAX_HIGHLIGHTS,
    parse_highlights,
)
from api.http.routing import RequestEngine, problems
from api.page_text import TextFormat, render_text
from generation.citations.highlight import highlight
from retrieval.error import PageNotEncoded
from retrieval.explain.heatmap import draw_heatmap, draw_heatmap_sheet

PageKey = Annotated[str, Path(description="DOCUMENT-NUMBER.", max_length=100)]
Marks = Annotated[
    list[Annotated[str, Query(max_length=MAX_HIGHLIGHT_LENGTH)]],
    Query(
        max_length=MAX_HIGHLIGHTS,
        description="What to mark: LEFT,TOP,RIGHT,BOTTOM in fractions of the page (several with"
        " `;` between them), or a quote to find on it. May be repeated.",
    ),
]

router = APIRouter(prefix="/v1", responses=problems(422))


@router.get(
    "/pages/{page}/image",
    response_class=Response,
    responses={
        200: {"content": {"image/webp": {}}, "description": "The page (WebP)"},
        304: {"description": "It has not changed"},
        **problems(404, 409),
    },
)
def page_image(
    page: PageKey,
    engine: RequestEngine,
    highlights: Annotated[Marks, Query(alias="highlight")] = [],  # noqa: B006
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Image of a page, with boxes or quotes marked on it."""
    library = engine.library()
    found = library.page(page)
    boxes = parse_highlights(highlights, library.words(found) if highlights else ())
    revision = library.document(found.document_id).revision
    mark = hashlib.sha256(repr(boxes).encode()).hexdigest()[:16] if boxes else "plain"
    headers = {
        "ETag": f'"{revision}-{found.number}-{mark}"',
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    known = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    if headers["ETag"] in known or "*" in known:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    image = library.image(found)
    image = highlight(image, boxes, "WEBP") if boxes else image
    return Response(image, headers=headers, media_type="image/webp")


@router.get(
    "/pages/{page}/text",
    response_class=Response,
    responses={
        200: {
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "text/plain": {},
                "text/markdown": {},
            },
            "description": "The words of the page in reading order; as JSON, with their boxes",
        },
        **problems(404, 409),
    },
)
def page_words(
    page: PageKey,
    engine: RequestEngine,
    format: Annotated[TextFormat, Query(description="json, text or markdown.")] = "json",
) -> Response:
    """Words of a page in reading order."""
    library = engine.library()
    found = library.page(page)
    words = library.words(found)
    shown = render_text(found, words, format)
    if isinstance(shown, dict):
        return JSONResponse(shown)
    kind = "markdown" if format == "markdown" else "plain"
    return Response(shown, media_type=f"text/{kind}; charset=utf-8")


@router.get(
    "/pages/{page}/map",
    response_class=Response,
    responses={
        200: {
            "content": {"image/png": {}},
            "description": "The page with a heat map over it (PNG)",
        },
        **problems(404, 409),
    },
)
def page_map(
    page: PageKey,
    engine: RequestEngine,
    query: Annotated[str, Query(max_length=MAX_QUERY_LENGTH, description="A question.")],
    token: Annotated[
        int | None, Query(ge=0, description="Only this token of the question, counted from 0.")
    ] = None,
    encoder: Annotated[
        str | None, Query(max_length=500, description="The encoder that explains.")
    ] = None,
) -> Response:
    """Heat map of a query over a page, one panel a token."""
    searcher = engine.searcher()
    found = searcher.library.page(page)
    explained = searcher.explain(query, found, encoder)
    image = searcher.library.image(found)
    if token is None:
        return Response(draw_heatmap_sheet(image, explained), media_type="image/png")
    if token >= len(explained.tokens):
        raise PageNotEncoded(
            f"The question has {len(explained.tokens)} tokens, counted from 0.",
            hint="Leave out token to see them all.",
        )
    return Response(draw_heatmap(image, explained, token), media_type="image/png")
