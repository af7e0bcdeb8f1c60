"""What every kind of file gives when opened, and how to tell the kinds apart by their first bytes.

A source hands out sheets: a picture, the words the file itself knows, and the
boxes of its figures. It knows no OCR.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from ingest.error import InvalidInputError
from ingest.page import Box, Word

LONGEST_SIDE = 3_000
"""Pixels. Larger pages and photos are stored at this size."""


class UnreadableFile(InvalidInputError):
    """A file cannot be read; it is set aside until it changes."""

    code = "unreadable-file"


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page as its file gives it."""

    image: Image.Image
    words: tuple[Word, ...]
    figures: tuple[Box, ...]


class Source(Protocol):
    """An open file."""

    kind: str
    page_count: int
    title: str

    def page_image(self, number: int, dpi: int) -> PageImage:
        """Page `number` (from 1), rendered at `dpi` where the file has no pixels of its own."""
        ...
