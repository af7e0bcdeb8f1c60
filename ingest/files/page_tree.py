"""Page tree: the true number of a PDF's pages, whatever the file claims.

Readers trust the counts that the nodes of the tree state. A wrong one hides
pages, or promises millions in a kilobyte. By PyMuPDF.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.files.mupdf import pymupdf
from ingest.files.source import UnreadableFile

ALWAYS_ALLOWED = 1_000
"""Pages that a file of any size may have."""
BYTES_A_PAGE = 32
"""Bytes that each page beyond these takes at least: a reference, an object and its place."""
MAX_EDGES = 500_000
"""References in a page tree that are followed at most."""


class TooManyPages(UnreadableFile):
    """A PDF has more pages, by its page tree, than a file of its size can hold."""

    code = "too-many-pages"


def count_pages(pdf: Any, path: Path) -> int:
    """Number of pages; wrong counts in the tree are set right first.

    Raises:
        TooManyPages
        What PyMuPDF raises for a damaged file.
    """
    document = pymupdf.mupdf.pdf_document_from_fz_document(pdf)
    count = _claimed(pdf)
    if count < 1 or not _has_page(document, count) or _has_page(document, count + 1):
        count = _set_counts(document)
    check_page_count(count, path)
    # MuPDF opens no document with more pages than objects, which some pages used often may give.
    if count > pdf.xref_length():
        raise _too_many(count, path)
    return count


def check_page_count(count: int, path: Path) -> None:
    """Refuse more pages than a file of its size can hold.

    Raises:
        TooManyPages
    """
    if count > ALWAYS_ALLOWED + path.stat().st_size // BYTES_A_PAGE:
        raise _too_many(count, path)


def _too_many(count: int, path: Path) -> TooManyPages:
    return TooManyPages(
        f"{path.name} has {count:,} pages by its page tree, more than {path.stat().st_size:,} bytes can hold.",
        hint="If it is a real document, print it to a new PDF.",
    )


def _claimed(pdf: Any) -> int:
    """Number of pages that the root of the tree states; 0 where MuPDF refuses it."""
    try:
        return int(pdf.page_count)
    except (RuntimeError, pymupdf.mupdf.FzErrorBase):
        return 0


def _has_page(document: Any, number: int) -> bool:
    """Whether page `number` (from 1) is found by following the tree."""
    try:
        pymupdf.mupdf.pdf_lookup_page_obj(document, number - 1)
    except (RuntimeError, pymupdf.mupdf.FzErrorBase):
        return False
    return True


class _Node:
    """Inner node of the tree, with the number of pages that were counted below it."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self.kids = _kids(node)
        self.count = 0


def _set_counts(document: Any) -> int:
    """Count the pages below each node, write the counts into the nodes, and return the root's.

    A node that is used several times counts each time; one below itself does not.
    """
    mupdf = pymupdf.mupdf
    root = mupdf.pdf_dict_getp(mupdf.pdf_trailer(document), "Root/Pages")
    if not _is_inner(root):
        return 0
    counts = {mupdf.pdf_to_num(root): 0}
    open_nodes = [_Node(root)]
    for _ in range(MAX_EDGES):
        here = open_nodes[-1]
        kid = next(here.kids, None)
        if kid is None:
            open_nodes.pop()
            mupdf.pdf_dict_puts(here.node, "Count", mupdf.pdf_new_int(min(here.count, 2**31 - 1)))
            counts[mupdf.pdf_to_num(here.node)] = here.count
            if not open_nodes:
                return here.count
            open_nodes[-1].count += here.count
        elif not _is_inner(kid):
            here.count += 1
        elif (number := mupdf.pdf_to_num(kid)) and number in counts:
            here.count += counts[number]
        else:
            counts[number] = 0
            open_nodes.append(_Node(kid))
    return 0


def _kids(node: Any) -> Iterator[Any]:
    kids = pymupdf.mupdf.pdf_dict_gets(node, "Kids")
    for at in range(pymupdf.mupdf.pdf_array_len(kids)):
        yield pymupdf.mupdf.pdf_array_get(kids, at)


def _is_inner(node: Any) -> bool:
    """Whether MuPDF takes it for a node with kids; all else is a page to it."""
    mupdf = pymupdf.mupdf
    kind = mupdf.pdf_to_name(mupdf.pdf_dict_gets(node, "Type"))
    if kind:
        return bool(kind == "Pages")
    has = {key: mupdf.pdf_dict_gets(node, key).m_internal for key in ("Kids", "MediaBox")}
    return bool(has["Kids"] and not has["MediaBox"])
