"""Last search: its query and pages, so that a rank names a page afterwards.

Kept in the user's state folder, for one home at a time. It is a convenience: where it
cannot be written, there is none.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_path

from api.cli.exits import InvalidUsage

if TYPE_CHECKING:
    from ingest.library.library import Library
    from ingest.page import Page

MAX_RANK_DIGITS = 4
"""Digits of a rank; a longer number is the name of a document."""


@dataclass(frozen=True, slots=True)
class LastSearch:
    """Query of a search and the keys of the pages found, best first."""

    query: str
    pages: tuple[str, ...]


def remember_search(home: Path, query: str, pages: Sequence[Page]) -> None:
    """Remember a search in a home."""
    from ingest.disk.atomic import write_atomically

    record = {"home": str(home), "query": query, "pages": [page.key for page in pages]}
    with contextlib.suppress(OSError):
        path = _path()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomically(path, json.dumps(record).encode())


def last_search(home: Path) -> LastSearch | None:
    """Last search in a home; None where the last one was in another."""
    try:
        record = json.loads(_path().read_bytes())
        if record["home"] == str(home):
            return LastSearch(str(record["query"]), tuple(map(str, record["pages"])))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def is_rank(text: str) -> bool:
    """Whether an argument is a rank of the last search."""
    return text.isascii() and text.isdigit() and len(text) <= MAX_RANK_DIGITS


def find_page(library: Library, argument: str) -> Page:
    """Page by the rank that it had in the last search, or by its address.

    Raises:
        InvalidUsage: a rank that the last search did not have.
        DocumentNotFound, PageNotFound: there is no such page.
    """
    if not is_rank(argument):
        return library.page(argument)
    found = last_search(library.home.root)
    if found is None or not 1 <= int(argument) <= len(found.pages):
        had = f"had {len(found.pages)} hits" if found else "is not known"
        raise InvalidUsage(
            f"There is no hit {argument}: the last search {had}.",
            hint="Search again, or name a page as FILE-NUMBER.",
        )
    return library.page(found.pages[int(argument) - 1])


def _path() -> Path:
    return user_state_path("pageglass", appauthor=False) / "last-search.json"
