"""Endpoints for search: `POST /v1/search` and `POST /v1/search/image`."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, UploadFile
from PIL import Image

from api.engine import Engine
from api.http.requests import ImageSearchRequest, SearchRequest
from api.http.routing import RequestEngine, problems
from api.jobs.spool import clean_name
from api.page_search import InvalidSearch
from api.rag.query_filters import filter_documents
from api.rag.text_search import search_text
from api.schemas.hits import SearchBody
from ingest.library.library import Library
from ingest.page import Clip, Page
from ingest.readers.read_now import read_query_clip, read_query_image

if TYPE_CHECKING:
    from retrieval.search import Searcher

router = APIRouter(prefix="/v1", responses=problems(422))


@router.post("/search", responses=problems(404, 409))
def search_pages(wanted: SearchRequest, engine: RequestEngine) -> SearchBody:
    """Search pages by a query, best first."""
    searcher = engine.searcher()
    filter = filter_documents(
        searcher.library, wanted.documents, wanted.page_filter(), wanted.folder
    )
    hits = search_text(searcher, wanted.query, top=wanted.top, images=wanted.images, filter=filter)
    return SearchBody.of(wanted.query, hits, searcher.missing_shards)


@router.post("/search/image", responses=problems(404, 409, 413, 503))
def search_like(
    wanted: Annotated[ImageSearchRequest, Form(media_type="multipart/form-data")],
    engine: RequestEngine,
) -> SearchBody:
    """Search photos and figures by an image, by pages, or a sum with texts."""
    searcher = engine.searcher()
    only = filter_documents(searcher.library, wanted.documents, wanted.page_filter(), wanted.folder)
    if (clip := _find_clip(wanted, searcher, engine)) is not None:
        return SearchBody.of("", searcher.search_by_clip(clip, top=wanted.top, filter=only))
    image = _read(wanted.file, engine) if wanted.file else None
    parts: list[tuple[float, str | Image.Image]] = [(1.0, image)] if image else []
    for weight, texts, pages in (
        (1.0, wanted.text, wanted.like),
        (-1.0, wanted.minus, wanted.unlike),
    ):
        parts += [(weight, part) for part in texts]
        parts += [(weight, _picture(searcher.library, key)) for key in pages]
    if not parts:
        raise InvalidSearch("There is nothing to search by.", hint="Send a file, text or like.")
    if image and len(parts) == 1:
        hits = searcher.search_by_image(image, top=wanted.top, filter=only)
    else:
        hits = searcher.search_composed(parts, top=wanted.top, filter=only)
    return SearchBody.of(" ".join(wanted.text), hits, searcher.missing_shards)


def _find_clip(
    wanted: ImageSearchRequest, searcher: Searcher, engine: Engine
) -> Clip | Page | None:
    """The video or the shot that is all that is searched by, with an index of videos."""
    others = (*wanted.text, *wanted.minus, *wanted.unlike)
    alone = not others and len(wanted.like) + bool(wanted.file) == 1
    if not alone or all(manifest.modality != "video" for manifest in searcher.manifests()):
        return None
    if wanted.file:
        with _as_file(wanted.file) as path:
            return read_query_clip(path, engine.readers())
    page = searcher.library.page(wanted.like[0])
    return page if page.span else None


def _read(file: UploadFile, engine: Engine) -> Image.Image:
    with _as_file(file) as path:
        return read_query_image(path, engine.readers())


@contextmanager
def _as_file(file: UploadFile) -> Iterator[FilePath]:
    with tempfile.TemporaryDirectory(prefix="pageglass-") as folder:
        path = FilePath(folder, clean_name(file.filename))
        file.file.seek(0)
        path.write_bytes(file.file.read())
        yield path


def _picture(library: Library, key: str) -> Image.Image:
    with Image.open(io.BytesIO(library.image(library.page(key)))) as opened:
        return opened.convert("RGB")
