"""PDF reader: page images, words with boxes and figure boxes, by PyMuPDF.

All boxes are fractions of the page as displayed: rotated, and cropped to its crop
box. PyMuPDF is not thread-safe: use one process each. A page that it cannot draw
whole is drawn by PDFium, the second reader.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import cached_property
from html import unescape
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ingest.file_state import FileStamp, stamp_of
from ingest.files.mupdf import (
    CONTENT_LOST,
    DATA_MISSING,
    IMAGE_LOST,
    pymupdf,
    read_note,
    reset_warnings,
)
from ingest.files.page_tree import count_pages
from ingest.files.pdf_catalog import Unprinted, embedded_files, has_attachments, read_unprinted
from ingest.files.pdf_extras import read_extras
from ingest.files.pdf_lines import read_lines
from ingest.files.pdf_parts import PDF_ERRORS, draw_page, read_figures
from ingest.files.pdf_password import authenticate, without_encryption
from ingest.files.pdfium import PdfiumSource
from ingest.files.reasons import no_pdf
from ingest.files.source import EmbeddedFile, PageImage, UnreadableFile, is_blank
from ingest.memory import is_out_of_memory
from ingest.page import DocumentKind
from ingest.reading.visible import mark_hidden

MIN_DIFFERENT = 0.001
"""Share of a page's pixels; where fewer differ, two renderers have drawn the same."""
_XMP_TITLE = re.compile(r"<dc:title>.{0,200}?<rdf:li[^>]*>([^<]{1,2000})</rdf:li>", re.DOTALL)
MAX_XMP = 1_000_000
"""Characters of XMP metadata that are searched for a title."""
MAX_LABEL = 200
"""Characters of a page label."""
MAX_UNPACKED = 64 << 20
"""Bytes of a page's content that are unpacked to see whether it ends."""
MAX_CACHED = 4
_unprinted_of: dict[tuple[str, FileStamp | None], Unprinted] = {}
"""Texts of the files that this process read last."""
TEXT_LOST = "The text of the page could not be read."


class NeedsPassword(UnreadableFile):
    """The PDF is encrypted and the password is missing or wrong."""

    code = "needs-password"


class PdfSource:
    """PDF as a `Source`.

    Raises:
        UnreadableFile: MuPDF does not open it, it is truncated, or has no pages.
        NeedsPassword: it is encrypted.
    """

    kind: DocumentKind = "pdf"

    def __init__(
        self, path: Path, password: str | None = None, *, second_reader: bool = True
    ) -> None:
        self._path = path
        self._has_second = second_reader
        self._password = password
        try:
            self._pdf = _open(path)
            if not self._pdf.is_pdf:  # MuPDF goes by the bytes, whatever it is told
                raise no_pdf(path)
            if self._pdf.needs_pass and not authenticate(self._pdf, password):
                clear = without_encryption(path, self._pdf)
                if clear is None:
                    raise _needs_password(path, password)
                self._pdf = clear
            self.page_count: int = count_pages(self._pdf, path)
        except PDF_ERRORS as error:
            if is_out_of_memory(error):
                raise MemoryError from error
            raise no_pdf(path) from error
        if self._pdf.is_repaired and _is_cut_short(path):
            raise UnreadableFile(f"{path.name} is cut short.", hint="Copy it again.")
        if self.page_count == 0:
            raise UnreadableFile(f"{path.name} has no pages.", hint="Save it again.")
        self.title: str = _title(self._pdf)
        self.has_attachments = has_attachments(self._pdf)

    def embedded_files(self) -> Iterator[EmbeddedFile]:
        """Names and readers of the files embedded in it or attached to its pages."""
        return embedded_files(self._pdf)

    def page_image(self, number: int, dpi: int) -> PageImage:
        """Render a page (from 1); see `Source`."""
        reset_warnings()
        try:
            page = self._pdf[number - 1]
            if not self._pdf.xref_object(page.xref).startswith("<<"):
                raise ValueError("MuPDF shows an empty page for what is none")
            image = draw_page(page, dpi)
        except PDF_ERRORS as error:
            if is_out_of_memory(error):
                raise MemoryError from error
            return self._second_reading(number, dpi, error)
        note = read_note()
        if note == DATA_MISSING and not page.get_image_info():
            note = _content_note(page)
        # What is cut off in the file no other renderer can have either.
        if note == IMAGE_LOST or (note != DATA_MISSING and is_blank(image) and _has_content(page)):
            image, note = self._check(number, dpi, image, note)
        try:
            lines = mark_hidden(read_lines(page), image)
        except PDF_ERRORS:
            lines, note = (), note or TEXT_LOST
        lines, extras = read_extras(page, lines, self._unprinted.get(number, ()))
        label = self._label(page, number)
        return PageImage(image, lines, read_figures(page), note, extras, label)

    @cached_property
    def _unprinted(self) -> Unprinted:
        """Bookmarks and the like; a worker opens a file again for each few of its pages."""
        key = str(self._path), stamp_of(self._path)
        if key not in _unprinted_of:
            if len(_unprinted_of) >= MAX_CACHED:
                _unprinted_of.clear()
            _unprinted_of[key] = read_unprinted(self._pdf)
        return _unprinted_of[key]

    @cached_property
    def _has_labels(self) -> bool:
        try:
            return bool(self._pdf.get_page_labels())
        except PDF_ERRORS:
            return False

    def _label(self, page: Any, number: int) -> str:
        """Label of a page, empty where it is its number."""
        try:
            label = page.get_label() if self._has_labels else ""
        except PDF_ERRORS:
            return ""
        label = "".join(c for c in " ".join(label.split()) if c.isprintable())[:MAX_LABEL]
        return "" if label == str(number) else label

    def _second_reading(self, number: int, dpi: int, error: Exception) -> PageImage:
        """Page by PDFium, where MuPDF does not draw it."""
        if second := self._second:
            return second.page_image(number, dpi)
        raise UnreadableFile(
            f"Page {number} of {self._path.name} is damaged.",
            hint="Save it again from a PDF reader, or copy it again.",
        ) from error

    def _check(
        self, number: int, dpi: int, image: Image.Image, note: str
    ) -> tuple[Image.Image, str]:
        """The image that shows more, and what is still missing."""
        try:
            other = self._second.image(number, dpi) if self._second else None
        except UnreadableFile:
            other = None
        if other is not None and _shows_more(other, image):
            return other, ""
        return image, note

    @cached_property
    def _second(self) -> PdfiumSource | None:
        if not self._has_second:
            return None
        try:
            return PdfiumSource(self._path, self._password)
        except UnreadableFile:
            return None


def _needs_password(path: Path, password: str | None) -> NeedsPassword:
    return NeedsPassword(
        f"{path.name} is encrypted and {'the password is wrong' if password else 'needs a password'}.",
        hint="Give its password.",
    )


def _has_content(page: Any) -> bool:
    """Whether there is something to draw, as far as the page's lists say."""
    try:
        return bool(page.get_contents()) and bool(page.read_contents().strip())
    except PDF_ERRORS:
        return True


def _shows_more(other: Image.Image, image: Image.Image) -> bool:
    """Whether `other` has something drawn where the two differ."""
    theirs = np.asarray(other.resize(image.size).convert("L"), dtype=np.int16)
    ours = np.asarray(image.convert("L"), dtype=np.int16)
    differ = np.abs(theirs - ours) > 32
    if differ.mean() < MIN_DIFFERENT:
        return False
    # A flat area is where neither has drawn: one pads with black, the other with white.
    return float(theirs[differ].std()) > 8 or float(ours[differ].min()) > 250


def _title(pdf: Any) -> str:
    """Title in the metadata: of Info, else of XMP; empty where they are damaged."""
    try:
        if title := (pdf.metadata or {}).get("title") or "":
            return str(title)
        found = _XMP_TITLE.search(pdf.get_xml_metadata()[:MAX_XMP])
    except PDF_ERRORS:
        return ""
    return unescape(found[1]).strip() if found else ""


def _open(path: Path) -> Any:
    try:
        str(path).encode()
    except UnicodeEncodeError:  # MuPDF takes UTF-8 names only.
        return pymupdf.open(stream=path.read_bytes(), filetype="pdf")
    return pymupdf.open(path, filetype="pdf")


def _content_note(page: Any) -> str:
    """Note of a page without images where a stream ends early: an empty one loses nothing."""
    pdf = page.parent
    for xref in page.get_contents():
        data = pdf.xref_stream_raw(xref) or b""
        packed = "FlateDecode" in pdf.xref_get_key(xref, "Filter")[1]
        if data and packed and not _ends(data):
            return CONTENT_LOST
    return ""


def _ends(data: bytes) -> bool:
    """Whether packed data is whole, as far as it is looked at."""
    unpacker, read = zlib.decompressobj(), 0
    try:
        while data and not unpacker.eof and read < MAX_UNPACKED:
            read += len(unpacker.decompress(data, 1 << 20))
            data = unpacker.unconsumed_tail
    except zlib.error:
        return False
    return unpacker.eof or read >= MAX_UNPACKED


def _is_cut_short(path: Path) -> bool:
    """Whether the file ends within an object; MuPDF would render the missing pages blank."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        end = max(data.rfind(b"%%EOF"), data.rfind(b"endobj"))
        return data.find(b" obj", max(end, 0)) >= 0
