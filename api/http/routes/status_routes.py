"""Endpoints for the status of the library, its tags and its folders."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from api.diagnostics.examine import examine
from api.diagnostics.status import read_status
from api.http.routing import RequestEngine, RequestJobs, problems
from api.schemas.service import (
    FindingBody,
    FolderBody,
    FoldersBody,
    StatusBody,
    TagBody,
    TagsBody,
)
from api.version import find_version
from ingest.library.database import LibraryNotFound

MAX_FOLDERS = 1_000

router = APIRouter(prefix="/v1", responses=problems(422))


@router.get("/status")
def show_status(
    engine: RequestEngine,
    jobs: RequestJobs,
    checks: Annotated[
        bool, Query(description="Whether to check installation, models and indexes too.")
    ] = False,
) -> StatusBody:
    """Show the size of the library, its indexes, the model, the disk and the jobs."""
    found = examine(engine.home, engine.settings) if checks else ()
    return StatusBody(
        version=find_version(),
        model=engine.settings.model,
        jobs=dict(Counter(job.state for job in jobs.runner.recent(1_000))),
        checks=[FindingBody(**asdict(finding)) for finding in found] if checks else None,
        **read_status(engine.home),
    )


@router.get("/tags")
def list_tags(engine: RequestEngine) -> TagsBody:
    """List tags, with the number of pages that have each; the most frequent first."""
    try:
        library = engine.library()
    except LibraryNotFound:
        return TagsBody(tags=[])
    given = Counter(tag for tags in library.document_tags().values() for tag in tags)
    counts = library.tag_counts()
    return TagsBody(
        tags=[TagBody(tag=tag, pages=n, documents=given[tag]) for tag, n in counts.items()]
    )


@router.get("/folders")
def list_folders(engine: RequestEngine) -> FoldersBody:
    """List folders that documents were read from, those with the most documents first."""
    try:
        counts = engine.library().folders()
    except LibraryNotFound:
        counts = {}
    folders = list(counts.items())[:MAX_FOLDERS]
    return FoldersBody(folders=[FolderBody(folder=name, documents=n) for name, n in folders])
