"""Speaker notes of slides, as comments on the pages of their PDF.

LibreOffice prints them on pages of their own alone, which would be pages more than slides.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ingest.files.mupdf import pymupdf
from ingest.files.pdf_parts import PDF_ERRORS

MAX_XML = 64 << 20
"""Bytes of one part of a file that are read."""
MAX_NOTES = 20_000
"""Characters of a slide's notes."""
MAX_SLIDES = 5_000
CORNER = (12, 12)
"""Place of the comment on its page, in points."""
DAMAGED = (KeyError, ValueError, zipfile.BadZipFile, ElementTree.ParseError, OSError)
_RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_NO_NOTES = frozenset({"sldNum", "dt", "hdr", "ftr", "sldImg"})
"""Kinds of shapes of a notes page that hold no notes."""


def add_speaker_notes(pdf: Path, slides: Path) -> None:
    """Add the notes of a PPTX or ODP file to its PDF, a page a slide."""
    try:
        count, notes = read_speaker_notes(slides)
    except DAMAGED:
        return
    if not notes:
        return
    try:
        with pymupdf.open(pdf) as document:
            if document.page_count != count:
                return
            for number, text in notes.items():
                comment = document[number - 1].add_text_annot(CORNER, text[:MAX_NOTES])
                comment.set_flags(pymupdf.PDF_ANNOT_IS_NO_VIEW)
            document.saveIncr()
    except PDF_ERRORS:
        return


def read_speaker_notes(path: Path) -> tuple[int, Mapping[int, str]]:
    """Number of slides, and the notes by the number of their slide.

    Raises:
        One of `DAMAGED`.
    """
    with zipfile.ZipFile(path) as archive:
        read = _read_open_document if "content.xml" in archive.namelist() else _read_slides
        notes = dict(enumerate(read(archive), start=1))
    return len(notes), {number: text for number, text in notes.items() if text}


def _read_slides(archive: zipfile.ZipFile) -> Iterator[str]:
    """Notes of each slide of a PPTX file, in the order in which they are shown."""
    main = "ppt/presentation.xml"
    parts = _relations(archive, main)
    slides = [
        parts[node.get(f"{_RELATIONS}id", "")][1]
        for node in _parse(archive, main).iter()
        if _local(node) == "sldId"
    ]
    for slide in slides[:MAX_SLIDES]:
        pages = [part for kind, part in _relations(archive, slide).values() if kind == "notesSlide"]
        shapes = (
            shape
            for page in pages
            for shape in _parse(archive, page).iter()
            if _local(shape) == "sp" and _kind(shape) not in _NO_NOTES
        )
        yield "\n".join(filter(None, map(_text, shapes)))


def _read_open_document(archive: zipfile.ZipFile) -> Iterator[str]:
    for node in _parse(archive, "content.xml").iter():
        if _local(node) == "page":
            yield "\n".join(_text(notes) for notes in node if _local(notes) == "notes")


def _relations(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Kinds and names of the parts that a part refers to, by their ids."""
    folder, name = posixpath.split(part)
    listed = f"{folder}/_rels/{name}.rels"
    if listed not in archive.namelist():
        return {}
    return {
        node.get("Id", ""): (
            node.get("Type", "").rpartition("/")[2],
            posixpath.normpath(posixpath.join(folder, node.get("Target", ""))).lstrip("/"),
        )
        for node in _parse(archive, listed)
    }


def _parse(archive: zipfile.ZipFile, member: str) -> Any:
    if archive.getinfo(member).file_size > MAX_XML:
        raise ValueError(f"{member} is too large")
    return ElementTree.fromstring(archive.read(member))


def _kind(shape: Any) -> str:
    return next((node.get("type", "") for node in shape.iter() if _local(node) == "ph"), "")


def _text(node: Any) -> str:
    """Paragraphs of an element, a line each."""
    lines = ("".join(each.itertext()) for each in node.iter() if _local(each) == "p")
    return "\n".join(line.strip() for line in lines if line.strip())


def _local(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]
