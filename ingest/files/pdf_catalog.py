"""PDF catalog: bookmarks, XFA values, metadata, texts of figures, attachments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import unescape
from typing import Any

from ingest.files.mupdf import pymupdf
from ingest.files.pdf_parts import PDF_ERRORS
from ingest.files.source import EmbeddedFile

MAX_BOOKMARKS = 10_000
MAX_TITLE = 300
"""Characters of a bookmark."""
MAX_XFA = 1_000_000
"""Bytes of the data of an XFA form that are read."""
MAX_TEXT = 300
"""Characters of a text, at most."""
MAX_ELEMENTS = 5_000
"""Elements of the structure of a PDF that are looked at."""
_NAMED = ("author", "subject", "keywords")
_REFERENCE = re.compile(r"(\d+) 0 R")
_PICTURES = frozenset({"/Figure", "/Formula"})
Unprinted = Mapping[int, Sequence[str]]
"""Texts by the page that they belong to, which may not be printed there."""
_XFA_DATA = re.compile(r"\(datasets\)\s*(\d+) 0 R")
_XFA_VALUE = re.compile(r"<([\w.-]{1,80})(?:\s[^<>]{0,500})?>([^<>]+)</\1>")


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
        yield _decoded(name), lambda position=position: bytes(pdf.embfile_get(position))  # type: ignore[misc]
    for number, xref in _annotations(pdf):
        yield from _attached_to_page(pdf, number, xref)


def _decoded(name: str) -> str:
    """A name as it is; PyMuPDF gives the bytes of its UTF-8 as letters of Latin-1."""
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name


def _attached_to_page(pdf: Any, number: int, xref: int) -> Iterator[EmbeddedFile]:
    try:
        page = pdf[number]
        annotation = page.load_annot(xref)
        name = _decoded(annotation.file_info.get("filename") or "")
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


def read_unprinted(pdf: Any) -> Unprinted:
    """Texts by page that may not be printed there.

    Titles of bookmarks and texts of figures on their pages; on page 1 values of an XFA form
    and what the file says of itself.
    """
    found = _bookmarks(pdf)
    if values := [*_xfa_values(pdf), *_metadata_texts(pdf)]:
        found.setdefault(1, []).extend(values)
    for number, text in _alternative_texts(pdf):
        found.setdefault(number, []).append(text)
    return found


def _xfa_values(pdf: Any) -> list[str]:
    """Names and values of the fields of an XFA form, which no page may show."""
    try:
        _, packets = pdf.xref_get_key(pdf.pdf_catalog(), "AcroForm/XFA")
        found = _XFA_DATA.search(packets)
        data = pdf.xref_stream(int(found[1])) if found else b""
    except PDF_ERRORS:
        return []
    text = (data or b"")[:MAX_XFA].decode("utf-8", "replace")
    values = ((name, unescape(value).strip()) for name, value in _XFA_VALUE.findall(text))
    return [f"{name} {value}" for name, value in values if value]


def _bookmarks(pdf: Any) -> dict[int, list[str]]:
    """Titles of bookmarks by the page, from 1, that they lead to."""
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


def _metadata_texts(pdf: Any) -> list[str]:
    """Author, subject and keywords of a PDF, each with its name."""
    try:
        metadata = pdf.metadata or {}
    except PDF_ERRORS:
        return []
    found = ((name, " ".join(str(metadata.get(name) or "").split())) for name in _NAMED)
    return [f"{name} {text[:MAX_TEXT]}" for name, text in found if text]


def _alternative_texts(pdf: Any) -> Iterator[tuple[int, str]]:
    """Texts that stand for a figure of a tagged PDF, with the page from 1."""
    try:
        waiting = [_reference(pdf, pdf.pdf_catalog(), "StructTreeRoot")]
        if waiting == [0]:
            return
        pages = {pdf.page_xref(at): at + 1 for at in range(pdf.page_count)}
        seen: set[int] = set()
        page = 1
        while waiting and len(seen) < MAX_ELEMENTS:
            element = waiting.pop()
            if not element or element in seen:
                continue
            seen.add(element)
            page = pages.get(_reference(pdf, element, "Pg"), page)
            if pdf.xref_get_key(element, "S")[1] in _PICTURES:
                kind, text = pdf.xref_get_key(element, "Alt")
                if kind == "string" and text.strip():
                    yield page, " ".join(text.split())[:MAX_TEXT]
            _, inside = pdf.xref_get_key(element, "K")
            waiting.extend(int(found) for found in reversed(_REFERENCE.findall(inside)))
    except PDF_ERRORS:
        return


def _reference(pdf: Any, xref: int, key: str) -> int:
    """The object that a key refers to; 0 for none."""
    kind, value = pdf.xref_get_key(xref, key)
    return int(value.split()[0]) if kind == "xref" else 0
