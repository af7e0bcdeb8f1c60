"""Endpoints for search: `POST /v1/search` and `POST /v1/search/image`."""

from __future__ import annotations

import tempfile
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from api.http.requests import MAX_HITS, SearchRequest
from api.http.routing import RequestEngine, problems
from api.jobs.spool import clean_name
from api.query_filters import apply_filters
from api.rag.evidence import filter_documents
from api.schemas.hits import SearchBody
from ingest.readers.read_now import read_query_image

router = APIRouter(prefix="/v1", responses=problems(422))


@router.post("/search", responses=problems(404, 409))
def search_pages(wanted: SearchRequest, engine: RequestEngine) -> SearchBody:
    """Search pages by a query, best first."""
    searcher = engine.searcher()
    filter = filter_documents(
        searcher.library, wanted.documents, wanted.page_filter(), wanted.folder
    )
    query, filter = apply_filters(searcher.library, wanted.query, filter)
    hits = searcher.search(query, top=wanted.top, images=wanted.images, filter=filter)
    return SearchBody.of(wanted.query, hits)


@router.post("/search/image", responses=problems(404, 409, 413, 503))
def search_like(
    file: Annotated[UploadFile, File(description="An image, or a PDF: its first page.")],
    engine: RequestEngine,
    top: Annotated[int, Form(ge=1, le=MAX_HITS)] = 10,
    documents: Annotated[list[str] | None, Form()] = None,
    folder: Annotated[str | None, Form(max_length=4_096)] = None,
) -> SearchBody:
    """Search photos and figures by an image, which is not kept."""
    searcher = engine.searcher()
    filter = filter_documents(searcher.library, documents, folder=folder)
    with tempfile.TemporaryDirectory(prefix="pageglass-") as folder:
        path = FilePath(folder, clean_name(file.filename))
        path.write_bytes(file.file.read())
        image = read_query_image(path, engine.readers())
    hits = searcher.search_by_image(image, top=top, filter=filter)
    return SearchBody.of("", hits)
