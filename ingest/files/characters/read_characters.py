"""Characters of a page's text layer, each with its place.

MuPDF takes the text that a PDF gives for a group of glyphs (ActualText) in place of what
the font says of each. Of letters with vowel marks it then loses some: those lines are read
glyph by glyph.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from ingest.files.characters.unmapped import UNMAPPED, mark_unmapped
from ingest.files.mupdf import pymupdf
from ingest.reading.spelling.vowel_marks import MARKS

FLAGS = (
    pymupdf.TEXT_PRESERVE_WHITESPACE
    | pymupdf.TEXT_MEDIABOX_CLIP
    | pymupdf.TEXT_CID_FOR_UNKNOWN_UNICODE
)
_MARK = re.compile(f"[{MARKS}]")
_LETTER = re.compile(r"[\u05d0-\u05ea\u0620-\u064a\u066e-\u06d3]")
"""Letters of Hebrew and Arabic."""


def read_characters(page: Any, text: Any) -> list[dict[str, Any]]:
    """Blocks of a page in the form of MuPDF's `RAWDICT`.

    Characters that the font maps to nothing are private ones.

    Args:
        text: MuPDF's text page, read with `FLAGS`.
    """
    blocks: list[dict[str, Any]] = text.extractRAWDICT()["blocks"]
    plain = text.extractText()
    flags = FLAGS
    if not plain.isascii() and _MARK.search(plain):
        by_glyph = page.get_textpage(flags=FLAGS | pymupdf.TEXT_IGNORE_ACTUALTEXT)
        if _count_letters(by_glyph.extractText()) > _count_letters(plain):
            blocks = by_glyph.extractRAWDICT()["blocks"]
            flags |= pymupdf.TEXT_IGNORE_ACTUALTEXT
    if page.parent.is_pdf:
        spans = list(_spans(blocks))
        unknown = _unknown(page, spans, flags)
        if flags != FLAGS:
            _drop(spans, unknown)
        else:
            mark_unmapped(spans, unknown)
    return blocks


def _count_letters(text: str) -> int:
    return len(_LETTER.findall(text))


def _spans(blocks: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for block in blocks:
        for line in block.get("lines", ()):
            for span in line["spans"]:
                span["dir"] = line["dir"]
                yield span


def _unknown(page: Any, spans: Sequence[dict[str, Any]], flags: int) -> list[list[bool]]:
    """For each span, which of its characters are numbers of glyphs.

    MuPDF's flag of a span says that one of them is.
    """
    none = [[False] * len(span["chars"]) for span in spans]
    if not any(span["char_flags"] & UNMAPPED for span in spans):
        return none
    plainly = page.get_textpage(flags=flags & ~pymupdf.TEXT_CID_FOR_UNKNOWN_UNICODE)
    replaced = [
        char["c"] == "\ufffd"
        for span in _spans(plainly.extractRAWDICT()["blocks"])
        for char in span["chars"]
    ]
    if len(replaced) != sum(map(len, none)):
        return none
    each = iter(replaced)
    return [list(islice(each, len(span["chars"]))) for span in spans]


def _drop(spans: Iterable[dict[str, Any]], unknown: Iterable[Sequence[bool]]) -> None:
    """Leave out glyphs that the font says nothing of: several marks in one."""
    for span, flags in zip(spans, unknown, strict=True):
        if any(flags):
            span["chars"] = [
                char
                for char, is_unknown in zip(span["chars"], flags, strict=True)
                if not is_unknown
            ]
