"""What every kind of file gives when opened, and how to tell the kinds apart by their first bytes.

A source hands out sheets: a picture, the words the file itself knows, and the
boxes of its figures. It knows no OCR.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PIL import Image

from ingest.fault import Fault
from ingest.page import Box, Word

LONGEST_SIDE = 3_000
"""Pixels. Larger pages and photos are stored at this size."""


_PICTURE_MARKS = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"II*\0", b"MM\0*", b"GIF8")


class UnreadableFile(Fault):
    """A file cannot be read; it is set aside until it changes."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page as its file gives it."""

    image: Image.Image
    words: tuple[Word, ...]
    figures: tuple[Box, ...]


class Source(Protocol):
    """An open file."""

    kind: str
    page_count: int
    title: str

    def sheet(self, number: int, dpi: int) -> Sheet:
        """Page `number` (from 1), rendered at `dpi` where the file has no pixels of its own."""
        ...


def open_source(path: Path, password: str | None = None) -> Source:
    """Open a file by what its first bytes say it is.

    Raises:
        UnreadableFile: it is not there, empty, not allowed, broken, or neither PDF nor image.
    """
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError as error:
        raise UnreadableFile(
            f"{path.name} cannot be opened: {error.strerror}.",
            remedy="Check that it is there and may be read.",
        ) from error
    if not head:
        raise UnreadableFile(f"{path.name} is empty.", remedy="Copy it again.")
    # A PDF may have a few bytes before its mark; a picture may have the mark in its metadata.
    if b"%PDF-" in head and not head.startswith(_PICTURE_MARKS):
        from ingest.pdf import PdfSource

        return PdfSource(path, password)
    from ingest.photo import PhotoSource

    return PhotoSource(path)


def clip(box: Box) -> Box | None:
    """The part of a box that is on the page; None if its middle is not."""
    left, top, right, bottom = box
    if not (0 <= (left + right) / 2 <= 1 and 0 <= (top + bottom) / 2 <= 1):
        return None
    return max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0)
