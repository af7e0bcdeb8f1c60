"""Endpoints for search: `POST /v1/search` and `POST /v1/search/image`."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from PIL import Image
from pydantic import Field

from api.engine import Engine
from api.http.requests import MAX_HITS, MAX_QUERY_LENGTH, Day, SearchRequest
from api.http.routing import RequestEngine, problems
from api.jobs.spool import clean_name
from api.page_search import InvalidSearch, make_filter
from api.rag.query_filters import filter_documents
from api.rag.text_search import search_text
from api.schemas.hits import SearchBody
from ingest.library.library import Library
from ingest.page import DocumentKind
from ingest.readers.read_now import read_query_image

PartText = Annotated[str, Field(min_length=1, max_length=MAX_QUERY_LENGTH, pattern=r"\S")]
PartPage = Annotated[str, Field(max_length=100)]
PartTag = Annotated[str, Field(max_length=100)]
router = APIRouter(prefix="/v1", responses=problems(422))


@router.post("/search", responses=problems(404, 409))
def search_pages(wanted: SearchRequest, engine: RequestEngine) -> SearchBody:
    """Search pages by a query, best first."""
    searcher = engine.searcher()
    filter = filter_documents(
        searcher.library, wanted.documents, wanted.page_filter(), wanted.folder
    )
    hits = search_text(searcher, wanted.query, top=wanted.top, images=wanted.images, filter=filter)
    return SearchBody.of(wanted.query, hits)


@router.post("/search/image", responses=problems(404, 409, 413, 503))
def search_like(
    engine: RequestEngine,
    file: Annotated[
        UploadFile | None, File(description="An image, or a PDF: its first page. It is not kept.")
    ] = None,
    text: Annotated[list[PartText], Form(description="Texts that are added.")] = [],  # noqa: B006
    minus: Annotated[list[PartText], Form(description="Texts taken away.")] = [],  # noqa: B006
    like: Annotated[list[PartPage], Form(description="Pages that are added.")] = [],  # noqa: B006
    unlike: Annotated[list[PartPage], Form(description="Pages taken away.")] = [],  # noqa: B006
    top: Annotated[int, Form(ge=1, le=MAX_HITS)] = 10,
    documents: Annotated[list[str] | None, Form()] = None,
    folder: Annotated[str | None, Form(max_length=4_096)] = None,
    tags: Annotated[list[PartTag], Form()] = [],  # noqa: B006
    kind: Annotated[DocumentKind | None, Form()] = None,
    since: Annotated[Day | None, Form()] = None,
    until: Annotated[Day | None, Form()] = None,
) -> SearchBody:
    """Search photos and figures by an image, by pages, or a sum with texts."""
    searcher = engine.searcher()
    only = filter_documents(
        searcher.library,
        documents,
        make_filter(tags=tags, kind=kind, since=since, until=until),
        folder,
    )
    image = _read(file, engine) if file else None
    parts: list[tuple[float, str | Image.Image]] = [(1.0, image)] if image else []
    for weight, texts, pages in ((1.0, text, like), (-1.0, minus, unlike)):
        parts += [(weight, part) for part in texts]
        parts += [(weight, _picture(searcher.library, key)) for key in pages]
    if not parts:
        raise InvalidSearch("There is nothing to search by.", hint="Send a file, text or like.")
    if image and len(parts) == 1:
        hits = searcher.search_by_image(image, top=top, filter=only)
    else:
        hits = searcher.search_composed(parts, top=top, filter=only)
    return SearchBody.of(" ".join(text), hits)


def _read(file: UploadFile, engine: Engine) -> Image.Image:
    with tempfile.TemporaryDirectory(prefix="pageglass-") as folder:
        path = FilePath(folder, clean_name(file.filename))
        path.write_bytes(file.file.read())
        return read_query_image(path, engine.readers())


def _picture(library: Library, key: str) -> Image.Image:
    with Image.open(io.BytesIO(library.image(library.page(key)))) as opened:
        return opened.convert("RGB")
