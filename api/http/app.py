"""HTTP application, and endpoints for search, documents and pages (docs/http.md).

Endpoints are plain functions, run on the server's threads. No model and no
index is loaded until a request needs one.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import (
    APIRouter,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    Path,
    Query,
    UploadFile,
)
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBearer

from api.engine import Engine
from api.http.ask_routes import router as asking
from api.http.auth import AuthMiddleware, BodyLimitMiddleware
from api.http.completions import router as completions
from api.http.errors import add_handlers, describe_problems, problem
from api.http.extract_routes import router as extracting
from api.http.highlight_param import MAX_HIGHLIGHT_LENGTH, MAX_HIGHLIGHTS, parse_highlights
from api.http.request_log import RequestLogMiddleware
from api.http.requests import MAX_HITS, MAX_QUERY_LENGTH, SearchRequest
from api.http.routing import RequestEngine, problems
from api.http.upload import WRITER_WAIT, clean_name, ingest_uploads, save_upload, sweep_uploads
from api.rag.evidence import filter_documents
from api.rag.query_image import open_query_image
from api.schemas.documents import DocumentBody, DocumentsBody, UploadBody
from api.schemas.hits import SearchBody
from api.schemas.service import HealthBody
from api.settings import Settings
from api.version import find_version
from generation.citations.highlight import highlight
from ingest.files.source import UnreadableFile
from ingest.library.database import LibraryNotFound
from ingest.library.documents import DocumentNotFound
from ingest.library.home import Home
from ingest.remove import remove
from retrieval.error import PageNotEncoded
from retrieval.explain.heatmap import draw_heatmap, draw_heatmap_sheet

Files = Annotated[list[UploadFile], File(description="PDFs or images.")]
PageKey = Annotated[str, Path(description="DOCUMENT-NUMBER.", max_length=100)]
Marks = Annotated[
    list[Annotated[str, Query(max_length=MAX_HIGHLIGHT_LENGTH)]],
    Query(
        max_length=MAX_HIGHLIGHTS,
        description="What to mark: LEFT,TOP,RIGHT,BOTTOM in fractions of the page (several with"
        " `;` between them), or a quote to find on it. May be repeated.",
    ),
]

public = APIRouter()
router = APIRouter(prefix="/v1", responses=problems(422))


@public.get("/health")
async def health() -> HealthBody:
    """Health of the server; needs no token, and reads no data."""
    return HealthBody(status="ok", version=find_version())


@router.post("/search", responses=problems(404, 409))
def search_pages(wanted: SearchRequest, engine: RequestEngine) -> SearchBody:
    """Search pages by a query, best first."""
    searcher = engine.searcher()
    hits = searcher.search(
        wanted.query,
        top=wanted.top,
        images=wanted.images,
        filter=filter_documents(searcher.library, wanted.documents, wanted.page_filter()),
    )
    return SearchBody.of(wanted.query, hits)


@router.post("/search/image", responses=problems(404, 409, 413))
def search_like(
    file: Annotated[UploadFile, File(description="An image.")],
    engine: RequestEngine,
    top: Annotated[int, Form(ge=1, le=MAX_HITS)] = 10,
    documents: Annotated[list[str] | None, Form()] = None,
) -> SearchBody:
    """Search photos and figures by an image, which is not kept."""
    searcher = engine.searcher()
    filter = filter_documents(searcher.library, documents)
    with tempfile.TemporaryDirectory(prefix="pageglass-") as folder:
        path = FilePath(folder, clean_name(file.filename))
        path.write_bytes(file.file.read())
        image = open_query_image(path)
    hits = searcher.search_by_image(image, top=top, filter=filter)
    return SearchBody.of("", hits)


@router.get("/documents")
def list_documents(engine: RequestEngine) -> DocumentsBody:
    """List every document."""
    try:
        documents = engine.library().documents()
    except LibraryNotFound:
        documents = []
    return DocumentsBody(documents=[DocumentBody.of(document) for document in documents])


@router.post(
    "/documents",
    status_code=HTTPStatus.CREATED,
    response_model=UploadBody,
    responses={
        200: {"model": UploadBody, "description": "All of it was there already"},
        207: {"model": UploadBody, "description": "Some of the files cannot be read"},
        **problems(413, 503, 507),
    },
)
def add_documents(
    files: Files, engine: RequestEngine, password: Annotated[str | None, Form()] = None
) -> JSONResponse:
    """Upload files and wait until they are indexed; `password` opens encrypted PDFs."""
    uploads = [save_upload(engine.home, file.file, file.filename) for file in files]
    body = UploadBody(files=ingest_uploads(engine.home, uploads, engine.add_settings(password)))
    statuses = {result.status for result in body.files}
    if statuses == {422}:
        return problem(
            422,
            "None of the files can be read.",
            "Each of `files` says why.",
            code=UnreadableFile.code,
            files=[result.model_dump() for result in body.files],
        )
    overall = 207 if 422 in statuses else max(statuses)
    return JSONResponse(body.model_dump(), overall)


@router.delete("/documents/{document}", status_code=204, responses=problems(404, 503))
def remove_document(
    document: Annotated[str, Path(max_length=100, description="Its whole id.")],
    engine: RequestEngine,
) -> None:
    """Remove a document and all that is derived from it; of uploads, the file too."""
    if all(document != known.id for known in engine.library().documents()):
        raise DocumentNotFound(
            f"There is no document {document!r}.", hint="Give the whole id of a document."
        )
    remove(engine.home, [document], wait=WRITER_WAIT)


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


def create_app(
    home: Home, settings: Settings | None = None, *, hosts: Collection[str] = ()
) -> FastAPI:
    """HTTP application over a home.

    Args:
        settings: without them the defaults, whatever the environment says.
        hosts: names besides loopback's that are served where no token is set.
    """
    settings = settings or Settings.model_construct()
    engine = Engine(home, settings)
    token = settings.token.get_secret_value() if settings.token else None

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        sweep_uploads(home)
        yield
        engine.close()

    app = FastAPI(
        title="pageglass",
        version=find_version(),
        description="Ask a pile of PDFs and images anything; get an answer that points at the"
        " exact spot on the page. Errors are RFC 9457 problem details.",
        lifespan=running,
        # Their pages load scripts from other servers; /openapi.json is ours alone.
        docs_url=None,
        redoc_url=None,
        # Never export traces, whatever the environment asks FastAPI to do.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    app.state.engine = engine
    app.include_router(public)
    guarded = [Depends(HTTPBearer(auto_error=False))] if token else []
    for routes in (router, asking, completions, extracting):
        app.include_router(routes, dependencies=guarded)
    add_handlers(app)
    describe_problems(app)
    app.add_middleware(BodyLimitMiddleware, largest_upload=settings.max_upload_mb * 1_000_000)
    app.add_middleware(AuthMiddleware, token=token, hosts=hosts)
    app.add_middleware(RequestLogMiddleware)
    return app
