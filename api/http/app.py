"""HTTP application: its endpoints, middleware and lifespan (docs/http.md).

Endpoints are plain functions, run on the server's threads. No model and no index is
loaded until a request needs one, unless the application is told to warm up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer

from api.engine import Engine
from api.http.errors import add_handlers, describe_error, hide_folder
from api.http.metrics import MetricsMiddleware, ServerMetrics
from api.http.openapi import complete_description
from api.http.protect.protect import add_protection, read_server_tokens
from api.http.protect.sessions import Sessions
from api.http.readiness import Readiness
from api.http.routes import (
    ask_routes,
    document_item_routes,
    document_routes,
    extract_routes,
    health_routes,
    job_routes,
    page_routes,
    picture_routes,
    search_routes,
    session_routes,
    status_routes,
    web_routes,
)
from api.http.routes.chat import completions
from api.http.routing import refuse_unknown_query
from api.http.thumbnails import Thumbnails
from api.http.tracing import TracingMiddleware, start_tracing
from api.jobs.folder_follower import FolderFollower
from api.jobs.job_service import JobService
from api.jobs.runner import JobRunner
from api.settings import Settings
from api.version import find_version
from ingest.library.home import Home
from ingest.watch.folder_watcher import FolderWatcher

GUARDED = (
    search_routes,
    document_routes,
    completions,
    document_item_routes,
    job_routes,
    page_routes,
    picture_routes,
    ask_routes,
    extract_routes,
    status_routes,
)
"""Endpoints that need the token, where one is set."""


def create_app(
    home: Home,
    settings: Settings | None = None,
    *,
    hosts: Collection[str] = (),
    folders: Sequence[Path] = (),
    prune: bool = False,
    warm: bool = False,
) -> FastAPI:
    """HTTP application over a home.

    Args:
        settings: without them the defaults, whatever the environment says.
        hosts: names besides loopback's that are served where no token is set.
        folders: are followed while the application runs; absolute paths.
        prune: forget files that are gone from them.
        warm: load the models as the application starts, not with the first request.

    Raises:
        MissingExtra: traces are wanted, and their packages are not installed.
        InvalidTokens: the tokens of the settings cannot be used.
        JobStoreUnusable: the home's jobs cannot be read.
    """
    settings = settings or Settings.model_construct()
    engine = Engine(home, settings)
    hide_folder(home.root)
    tokens = read_server_tokens(settings)
    sessions = Sessions(tokens, home.root / "sessions.sqlite3")
    runner = JobRunner(
        home,
        engine.add_settings,
        describe_error,
        lanes=settings.job_lanes,
        most=settings.job_queue,
    )
    runner.store.check()
    watcher = FolderWatcher(folders, home.root) if folders else None
    jobs = JobService(runner, FolderFollower(runner, watcher, prune=prune) if watcher else None)
    metrics = ServerMetrics(engine, jobs)

    tracing = start_tracing(settings.traces) if settings.traces else None

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        await jobs.start()
        if warm:
            engine.start_warming()
        yield
        await jobs.close()
        engine.close()
        sessions.close()
        if tracing:
            tracing[1]()

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
    app.state.jobs = jobs
    app.state.stop = jobs.stop  # called when the server begins to stop
    app.state.metrics = metrics
    app.state.readiness = Readiness(engine)
    app.state.sessions = sessions
    app.state.thumbnails = Thumbnails()
    app.include_router(health_routes.router)
    app.include_router(web_routes.router)
    known = Depends(refuse_unknown_query)
    app.include_router(session_routes.router, dependencies=[known])
    guarded = [Depends(HTTPBearer(auto_error=False)), known] if tokens.wanted else [known]
    for routes in GUARDED:
        app.include_router(routes.router, dependencies=guarded)
    app.include_router(health_routes.guarded, dependencies=guarded)
    add_handlers(app)
    complete_description(app)
    add_protection(app, settings, sessions, hosts)
    # Outermost, so that refused requests count too.
    if tracing:
        app.add_middleware(TracingMiddleware, tracer=tracing[0])
    app.add_middleware(MetricsMiddleware, metrics=metrics)
    return app
