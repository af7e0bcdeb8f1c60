"""Shell completion of documents, pages, tags and models, from the home."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from api.printable import plain
from ingest.error import PageglassError

if TYPE_CHECKING:
    from ingest.library.library import Library

MODELS = (
    "extractive",
    *("anthropic:", "openai:", "gemini:", "ollama:", "openrouter:", "bedrock:", "vertex:"),
    "transformers:",
)
"""Models by name, and heads of those that a provider names."""


def complete_document(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of documents that begin so."""
    library = _library(ctx)
    return _fitting((d.name for d in library.documents()) if library else (), incomplete)


def complete_page(ctx: typer.Context, incomplete: str) -> list[str]:
    """Addresses of pages that begin so: a document of one page is its name alone."""
    library = _library(ctx)
    documents = library.documents() if library else []
    names = [d.name if d.page_count == 1 else f"{d.name}-" for d in documents]
    pages = [
        f"{d.name}-{number}"
        for d in documents
        if incomplete.startswith(f"{d.name}-")
        for number in range(1, d.page_count + 1)
    ]
    return _fitting(pages or names, incomplete)


def complete_tag(ctx: typer.Context, incomplete: str) -> list[str]:
    """Tags in use that begin so."""
    library = _library(ctx)
    return _fitting(library.tag_counts() if library else (), incomplete)


def complete_model(incomplete: str) -> list[str]:
    """Models and providers that begin so."""
    return _fitting(MODELS, incomplete)


def _fitting(names: Iterable[str], incomplete: str) -> list[str]:
    return [plain(name) for name in names if name.startswith(incomplete)]


def _library(ctx: Any) -> Library | None:
    """The library of the home that the line names so far; None where there is none."""
    from api.factory import open_home
    from api.settings import read_settings
    from ingest.shards.sharded_library import open_library

    given = ctx.params.get("home") or (ctx.parent.params.get("home") if ctx.parent else None)
    try:
        return open_library(
            open_home(read_settings(), Path(given) if given else None, create=False)
        )
    except PageglassError:
        return None
