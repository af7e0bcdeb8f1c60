"""Source protocol: an open file that renders page images.

A page image comes with text lines and figure boxes. The lines are those of the file's
text layer, without OCR.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from ingest.error import InvalidInputError
from ingest.page import Box, Clip, DocumentKind, TimeSpan
from ingest.reading.text_line import LineWord, TextLine

EmbeddedFile = tuple[str, Callable[[], bytes]]
"""Name of a file in a file, which is not to be trusted, and a function that gives its bytes."""
LONGEST_SIDE = 3_000
"""Pixels of the longer side; larger pages and photos are scaled down to it."""


MAX_WORDS = 50_000
"""Words of a page that are read; a broadsheet page has about 10,000."""
MIN_FIGURE = 0.02
"""Share of the page; smaller images (logos, bullets) are not figures."""


class UnreadableFile(InvalidInputError):
    """A file cannot be read; ingest skips it until it changes."""

    code = "unreadable-file"


class FormatUnavailable(UnreadableFile):
    """What reads a format, a program or a package, is not installed."""

    code = "format-unavailable"


@dataclass(frozen=True, slots=True)
class PageImage:
    """Page image with the lines of the text layer and the boxes of the figures.

    `extras` are lines of form fields, comments and what is not shown. `note` says what of
    the page could not be read, as a sentence; empty for a whole page. `label` is the page's
    number as printed or shown by readers, where it is another than its place in the file.
    `span` is the time of a shot, `clip` its frames where they are wanted.
    """

    image: Image.Image
    lines: tuple[TextLine, ...]
    figures: tuple[Box, ...]
    note: str = ""
    extras: tuple[TextLine, ...] = ()
    label: str = ""
    span: TimeSpan | None = None
    clip: Clip | None = None

    @property
    def words(self) -> tuple[LineWord, ...]:
        """Words of all lines."""
        return tuple(word for line in self.lines for word in line.words)


class Source(Protocol):
    """Open file of one or more pages."""

    kind: DocumentKind
    title: str

    @property
    def has_attachments(self) -> bool:
        """Whether other files are embedded in it."""
        ...

    @property
    def page_count(self) -> int:
        """Number of pages; counted when it is asked for first.

        Raises:
            UnreadableFile
        """
        ...

    def page_image(self, number: int, dpi: int) -> PageImage:
        """Render page `number` (from 1).

        `dpi` counts if the file has no pixel size of its own.

        Raises:
            UnreadableFile
        """
        ...


def is_blank(image: Image.Image) -> bool:
    """Whether an image shows one color."""
    low, high = image.convert("L").getextrema()
    return isinstance(low, (int, float)) and isinstance(high, (int, float)) and high - low < 16
