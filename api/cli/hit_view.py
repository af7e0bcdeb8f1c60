"""Hits on the terminal: rank, score, page, the words that match, and the path."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from api.printable import plain, shorten
from ingest.forms.terms import split_terms
from retrieval.query.terms import content_stems, stem

if TYPE_CHECKING:
    from retrieval.hit import Hit

SNIPPET_LENGTH = 100
"""Characters of a page's best region."""
INDENT = " " * 13
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def is_styled() -> bool:
    """Whether stdout is a terminal that shows bold letters (https://no-color.org)."""
    return (
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )


def group_shots(hits: Sequence[Hit]) -> list[list[tuple[int, Hit]]]:
    """Hits with their ranks, those of one recording together, where its best hit is."""
    rows: dict[str, list[tuple[int, Hit]]] = {}
    for rank, hit in enumerate(hits, 1):
        key = hit.page.document_id if hit.page.span else hit.page.key
        rows.setdefault(key, []).append((rank, hit))
    return list(rows.values())


def hit_lines(
    row: Sequence[tuple[int, Hit]], query: str, path: str, *, styled: bool
) -> Iterator[str]:
    """Lines of a hit, and of the other moments of its recording.

    Args:
        row: ranks and hits, the best first.
        query: its words are bold in the snippet, where `styled`.
        path: of the file, or empty where there is none.
    """
    (rank, hit), *others = row
    yield f"{rank:>3}  {hit.score:6.3f}  {plain(str(hit.page))}"
    best = max(hit.regions, key=lambda region: region.score, default=None)
    if best:
        snippet = shorten(best.words, SNIPPET_LENGTH) or "(image)"
        yield INDENT + (mark_words(snippet, query) if styled else snippet)
    if others:
        by_time = sorted(others, key=lambda other: other[1].page.span or (0, 0))
        times = (f"{other.page.span} ({at})" for at, other in by_time)
        yield f"{INDENT}also at {', '.join(times)}"
    if hit.note:
        yield f"{INDENT}note: {plain(hit.note)}"
    if path:
        shown = plain(shorten_path(path))
        yield INDENT + (f"{_DIM}{shown}{_PLAIN}" if styled else shown)


def mark_words(text: str, query: str) -> str:
    """Text with the words of a query in bold, in any of their English forms."""
    stems = content_stems(query)

    def mark(found: re.Match[str]) -> str:
        matches = any(stem(term) in stems for term in split_terms(found[0]))
        return f"{_BOLD}{found[0]}{_PLAIN}" if matches else found[0]

    return re.sub(r"\S+", mark, text)


def shorten_path(path: str) -> str:
    """Path as the user would type it: from the working folder or from the home folder."""
    inside = os.path.relpath(path)
    if not inside.startswith(os.pardir):
        return inside
    home = os.path.expanduser("~")
    return f"~{path.removeprefix(home)}" if path.startswith(os.path.join(home, "")) else path
