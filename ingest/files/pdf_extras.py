"""PDF extras: form fields, comments, link targets and bookmarks as text lines.

By PyMuPDF. Each of them is optional: where one is damaged, the page keeps the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote

import numpy as np

from ingest.box import clip_to_page, contains_center
from ingest.files.characters.unseen import (
    MAX_EXTRA_WORDS,
    joined,
    printable_words,
    unseen_lines,
)
from ingest.files.mupdf import pymupdf
from ingest.files.pdf_parts import PDF_ERRORS, TICK_FIELDS, fractions
from ingest.page import Box
from ingest.reading.text_line import Angle, LineWord, Origin, TextLine

TICKED, NOT_TICKED = "☒", "☐"
MAX_LINKS = 300
"""Links of a page whose targets are read."""
MAX_TARGET = 300
"""Characters of a link's target."""
LETTER_WIDTH = 0.5
"""Usual width of a letter in letter heights."""

_VALUES = frozenset(
    {
        *(pymupdf.PDF_WIDGET_TYPE_TEXT, pymupdf.PDF_WIDGET_TYPE_COMBOBOX),
        pymupdf.PDF_WIDGET_TYPE_LISTBOX,
    }
)
_COMB = 1 << 24
_PASSWORD = pymupdf.PDF_TX_FIELD_IS_PASSWORD
_UNSEEN = pymupdf.PDF_ANNOT_IS_HIDDEN | pymupdf.PDF_ANNOT_IS_NO_VIEW
_NO_COMMENT = frozenset(
    {
        *(pymupdf.PDF_ANNOT_LINK, pymupdf.PDF_ANNOT_POPUP, pymupdf.PDF_ANNOT_WIDGET),
    }
)
_MAIL_OR_FILE = re.compile(r"^(?:mailto:|file://)")
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Field:
    """Form field: its box, and the lines that it shows or says without showing.

    `replaces` where the text layer has its letters in another form.
    """

    box: Box
    lines: tuple[TextLine, ...]
    replaces: bool = False


def read_extras(
    page: Any, lines: Sequence[TextLine], unprinted: Sequence[str] = ()
) -> tuple[tuple[TextLine, ...], tuple[TextLine, ...]]:
    """Lines of the text layer that stay, and the lines that come in addition.

    Values of fields that the text layer has stay as they are printed there. Comments
    have the origin "note"; link targets, bookmarks and the state of ticks in words
    are hidden.

    Args:
        unprinted: bookmarks that lead to the page, and values that no page shows.
    """
    kinds = _annotation_kinds(page)
    kept, added = tuple(lines), []
    if pymupdf.PDF_ANNOT_WIDGET in kinds:
        kept, fields = _add_fields(page, kept)
        added += fields
    if kinds - _NO_COMMENT:
        added += _comments(page, kept)
    if pymupdf.PDF_ANNOT_LINK in kinds:
        added += read_targets(page, kept)
    if unprinted:
        added += unseen_lines(unprinted, kept)
    return kept, tuple(_limited(added))


def _annotation_kinds(page: Any) -> set[int]:
    try:
        return {kind for _, kind, *_ in page.parent.page_annot_xrefs(page.number)}
    except PDF_ERRORS:
        return set()


def _limited(lines: Sequence[TextLine]) -> Iterator[TextLine]:
    count = 0
    for line in lines:
        count += len(line.words)
        if count > MAX_EXTRA_WORDS:
            return
        if line.words:
            yield line


# --- form fields


def _add_fields(
    page: Any, lines: tuple[TextLine, ...]
) -> tuple[tuple[TextLine, ...], list[TextLine]]:
    fields = list(_fields(page, lines))
    replaced = [field.box for field in fields if field.replaces]
    kept = tuple(_without(lines, replaced)) if replaced else lines
    return kept, [line for field in fields for line in field.lines]


def _fields(page: Any, lines: Sequence[TextLine]) -> Iterator[Field]:
    try:
        for widget in page.widgets():
            try:
                if field := _read_field(page, widget, lines):
                    yield field
            except PDF_ERRORS:
                continue
    except PDF_ERRORS:
        return


def _read_field(page: Any, widget: Any, lines: Sequence[TextLine]) -> Field | None:
    box = _box(page, widget.rect)
    unseen = bool(widget._annot.flags & _UNSEEN)
    if box is None:
        return None
    if widget.field_type in TICK_FIELDS:
        ticked = _is_ticked(page.parent, widget.xref)
        mark = _spread(page, TICKED if ticked else NOT_TICKED, widget.rect, "field", unseen)
        state = _spread(page, "ticked" if ticked else "not ticked", widget.rect, "unseen", True)
        return Field(box, (mark, state))
    if widget.field_type not in _VALUES:
        return None
    if widget.field_flags & _PASSWORD:
        return Field(box, (), replaces=True)
    value = _value(widget)
    there = [word for line in lines for word in line.words if contains_center(box, word.box)]
    same = joined(word.text for word in there) == joined(value.split())
    comb = bool(widget.field_flags & _COMB) and widget.field_type == pymupdf.PDF_WIDGET_TYPE_TEXT
    if not value or (same and not unseen and not (comb and len(there) > len(value.split()))):
        return None
    return Field(box, tuple(_value_lines(page, widget.rect, value, unseen)), bool(there))


def _value(widget: Any) -> str:
    """Value of a text or choice field; several chosen items a line each."""
    value = widget.field_value
    if isinstance(value, list | tuple):
        return "\n".join(str(item) for item in value)
    return "" if value is None else str(value).replace("\r\n", "\n").replace("\r", "\n")


def _value_lines(page: Any, rect: Any, value: str, hidden: bool) -> Iterator[TextLine]:
    texts = [text for text in value.split("\n") if text.strip()]
    step = rect.height / max(len(texts), 1)
    for at, text in enumerate(texts):
        top = rect.y0 + at * step
        place = pymupdf.Rect(rect.x0, top, rect.x1, top + step)
        yield _spread(page, text, place, "unseen" if hidden else "field", hidden)


def _is_ticked(pdf: Any, xref: int) -> bool:
    """Whether the shown state of a check box or radio button is another than "off"."""
    kind, state = pdf.xref_get_key(xref, "AS")
    if kind != "name":
        kind, state = pdf.xref_get_key(xref, "V")
    return bool(kind == "name" and state != "/Off")


def _without(lines: Sequence[TextLine], boxes: Sequence[Box]) -> Iterator[TextLine]:
    """Lines without the words that are in one of the boxes."""
    for line in lines:
        words = tuple(
            word for word in line.words if not any(contains_center(b, word.box) for b in boxes)
        )
        if words:
            yield TextLine(words, line.angle, line.vertical, line.origin)


# --- comments, links


def _comments(page: Any, lines: Sequence[TextLine]) -> Iterator[TextLine]:
    try:
        for annotation in page.annots():
            try:
                yield from _read_comment(page, annotation, lines)
            except PDF_ERRORS:
                continue
    except PDF_ERRORS:
        return


def _read_comment(page: Any, annotation: Any, lines: Sequence[TextLine]) -> Iterator[TextLine]:
    kind = annotation.type[0]
    box = _box(page, annotation.rect)
    if kind in _NO_COMMENT or box is None:
        return
    info = annotation.info
    text = info.get("content") or _rich_text(page.parent, annotation.xref)
    if not text.strip() and kind == pymupdf.PDF_ANNOT_STAMP:
        text = info.get("name") or ""
    there = joined(w.text for line in lines for w in line.words if contains_center(box, w.box))
    unseen = bool(annotation.flags & pymupdf.PDF_ANNOT_IS_HIDDEN)
    if text.strip() and joined(text.split()) not in there:
        yield _spread(page, text, annotation.rect, "unseen" if unseen else "note", unseen)
    if author := (info.get("title") or "").strip():
        yield _spread(page, author, annotation.rect, "unseen", True)


def _rich_text(pdf: Any, xref: int) -> str:
    kind, text = pdf.xref_get_key(xref, "RC")
    return _TAG.sub(" ", text) if kind == "string" else ""


def read_targets(page: Any, lines: Sequence[TextLine]) -> Iterator[TextLine]:
    """Targets of links to other places than pages, where they are not printed."""
    printed = joined(word.text for line in lines for word in line.words)
    seen: set[str] = set()
    try:
        link, count = page.first_link, 0
        while link and count < MAX_LINKS:
            count += 1
            target = _decoded(_MAIL_OR_FILE.sub("", link.uri or "")[:MAX_TARGET])
            bare = joined([target]).partition("://")[2] or joined([target])
            if link.is_external and target not in seen and bare.rstrip("/") not in printed:
                seen.add(target)
                if _box(page, link.rect):
                    yield _spread(page, target, link.rect, "unseen", True)
            link = link.next
    except PDF_ERRORS:
        return


def _decoded(target: str) -> str:
    """A target in its own letters, where they are UTF-8: Gro%C3%9Fmarkt."""
    try:
        return unquote(target, errors="strict")
    except UnicodeDecodeError:
        return target


# --- places


def _box(page: Any, rectangle: Any) -> Box | None:
    """Box of a rectangle of the unrotated page; None where its middle is off the page."""
    edges = np.array([tuple(rectangle)], dtype=np.float64)
    box = fractions(page, edges)[0]
    across, down = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    if not (np.isfinite(box).all() and 0 <= across <= 1 and 0 <= down <= 1):
        return None
    return clip_to_page(tuple(box.tolist()))


def _spread(page: Any, text: str, rect: Any, origin: Origin, hidden: bool) -> TextLine:
    """Line of a text that is not in the text layer: its words side by side in a rectangle."""
    texts = printable_words(text)
    letters = sum(map(len, texts)) + max(len(texts) - 1, 0)
    width = min(rect.width / max(letters, 1), LETTER_WIDTH * rect.height)
    starts = [sum(map(len, texts[:at])) + at for at in range(len(texts))]
    edges = [
        (rect.x0 + start * width, rect.y0, rect.x0 + (start + len(word)) * width, rect.y1)
        for start, word in zip(starts, texts, strict=True)
    ]
    boxes = fractions(page, np.array(edges, dtype=np.float64).reshape(-1, 4)).tolist()
    words = tuple(
        LineWord(word, clip_to_page(tuple(box)), size=rect.height, hidden=hidden)
        for word, box in zip(texts, boxes, strict=True)
    )
    return TextLine(words, cast(Angle, page.rotation % 360), origin=origin)
