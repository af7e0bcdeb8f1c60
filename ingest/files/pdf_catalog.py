"""PDF catalog: bookmarks, and files embedded in the PDF or attached to its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pymupdf

from ingest.files.pdf_parts import PDF_ERRORS

MAX_BOOKMARKS = 10_000
MAX_TITLE = 300
"""Characters of a bookmark."""
Bookmarks = Mapping[int, Sequence[str]]
"""Titles by page."""
EmbeddedFile = tuple[str, Callable[[], bytes]]
"""Name in the PDF, which is not to be trusted, and a function that decodes the bytes."""


def has_attachments(pdf: Any) -> bool:
    """Whether a PDF has files embedded in it or attached to its pages."""
    try:
        return pdf.embfile_count() > 0 or any(True for _ in _annotations(pdf))
    except PDF_ERRORS:
        return False


def embedded_files(pdf: Any) -> Iterator[EmbeddedFile]:
    """Names and readers of the embedded files, then of those attached to pages."""
    try:
        count = pdf.embfile_count()
    except PDF_ERRORS:
        count = 0
    for position in range(count):
        try:
            info = pdf.embfile_info(position)
        except PDF_ERRORS:
            info = {}
        name = info.get("ufilename") or info.get("filename") or info.get("name") or ""
        yield name, lambda position=position: bytes(pdf.embfile_get(position))  # type: ignore[misc]
    for number, xref in _annotations(pdf):
        yield from _attached_to_page(pdf, number, xref)


def _attached_to_page(pdf: Any, number: int, xref: int) -> Iterator[EmbeddedFile]:
    try:
        page = pdf[number]
        annotation = page.load_annot(xref)
        name = annotation.file_info.get("filename") or ""
    except PDF_ERRORS:
        return

    # The annotation is valid as long as its page is held.
    def read(page: Any = page) -> bytes:
        return bytes(annotation.get_file()) if page else b""

    yield name, read


def _annotations(pdf: Any) -> Iterator[tuple[int, int]]:
    """Page indexes and xrefs of the annotations that are attached files."""
    for number in range(pdf.page_count):
        try:
            annotations = pdf.page_annot_xrefs(number)
        except PDF_ERRORS:
            continue
        for xref, kind, *_ in annotations:
            if kind == pymupdf.PDF_ANNOT_FILE_ATTACHMENT:
                yield number, xref


def read_bookmarks(pdf: Any) -> Bookmarks:
    """Titles of the bookmarks of a PDF by the page, from 1, that they lead to."""
    found: dict[int, list[str]] = {}
    try:
        waiting, count = [pdf.outline], 0
        while waiting and count < MAX_BOOKMARKS:
            here = waiting.pop()
            while here and count < MAX_BOOKMARKS:
                count += 1
                found.setdefault(here.page + 1, []).append((here.title or "")[:MAX_TITLE])
                if here.down:
                    waiting.append(here.down)
                here = here.next
    except PDF_ERRORS:
        pass
    return found
