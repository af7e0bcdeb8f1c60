"""JSON of ingest events, as `ingest --json` writes them (docs/cli.md)."""

from __future__ import annotations

from typing import Any

from api.schemas.documents import DocumentBody, failure_record
from ingest.event import (
    Added,
    Captioned,
    Done,
    Dropped,
    DuplicateFound,
    Event,
    Failed,
    FileFetched,
    FileOpened,
    FilesFound,
    FolderListed,
    Gone,
    Indexed,
    LeftOut,
    LoadingModels,
    Moved,
    PagesEncoded,
    PagesRead,
    Quantized,
    Removed,
    StayedRemoved,
    Tagged,
)
from ingest.files.find import count_suffixes
from ingest.library.documents import readable

MAX_PATHS = 1_000
"""Paths in one event; a folder of source code has more."""


def ingest_event_fields(event: Event) -> dict[str, Any]:
    """An event's fields, its name as `event`."""
    match event:
        case FilesFound(files, to_read):
            return {"event": "looked", "files": files, "to_read": to_read}
        case FolderListed(url, files):
            return {"event": "listed", "url": url, "files": files}
        case FileFetched(url):
            return {"event": "fetched", "url": url}
        case LeftOut(paths):
            return {"event": "left_out", "files": len(paths), **_some_paths(paths)}
        case StayedRemoved(paths):
            return {"event": "stayed_removed", "files": len(paths), **_some_paths(paths)}
        case FileOpened(path, pages):
            return {"event": "opened", "path": readable(path), "pages": pages}
        case LoadingModels(encoders):
            return {"event": "loading", "encoders": list(encoders)}
        case PagesRead(path, number, pages):
            return {"event": "read", "path": readable(path), "page": number, "pages": pages}
        case PagesEncoded(pages):
            return {"event": "encoded", "pages": pages}
        case Added(document):
            return {"event": "added", **DocumentBody.of(document).model_dump()}
        case DuplicateFound(path, document_id):
            return {"event": "named", "path": readable(path), "document": document_id}
        case Failed(failure, earlier):
            return {"event": "failed", **failure_record(failure), "earlier": earlier}
        case Removed(document):
            return {"event": "removed", **DocumentBody.of(document).model_dump()}
        case Gone(path, document_id):
            return {"event": "gone", "path": readable(path), "document": document_id}
        case Dropped(encoder):
            return {"event": "dropped", "encoder": encoder}
        case Quantized(encoder, quantization):
            return {"event": "quantized", "encoder": encoder, "quantization": quantization}
        case Tagged(pages):
            return {"event": "tagged", "pages": pages}
        case Captioned(page, pictures, left):
            return {"event": "captioned", "page": page.key, "pictures": pictures, "left": left}
        case Indexed(document, encoder):
            return {"event": "indexed", "document": document.id, "encoder": encoder}
        case Moved(documents, source, target, left):
            return {
                "event": "moved",
                "documents": documents,
                "source": source,
                "target": target,
                "left": left,
            }
        case Done():
            return {
                "event": "done",
                "added": event.added,
                "unchanged": event.unchanged,
                "named": event.named,
                "removed": event.removed,
                "failed": event.failed,
                "pages": event.pages,
                "noted": event.noted,
                "left_out": event.left_out,
                "seconds": round(event.seconds, 3),
            }


def _some_paths(paths: tuple[str, ...]) -> dict[str, Any]:
    """The first of the paths, and how many there are by suffix, most first."""
    return {
        "suffixes": dict(count_suffixes(paths)),
        "paths": [readable(path) for path in paths[:MAX_PATHS]],
    }
