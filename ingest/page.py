"""Core types: document, page, word, caption, rendered page and vectors.

Knows nothing of files, databases or models, and imports nothing of ours.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, get_args

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

Box = tuple[float, float, float, float]
"""A rectangle on a page as fractions of its width and height: left, top, right, bottom."""

Vectors: TypeAlias = "npt.NDArray[np.floating[Any]]"
"""A matrix (n, dim) of rows of length one."""

Clip: TypeAlias = "npt.NDArray[np.uint8]"
"""Frames of a part of a video (frames, height, width, 3): RGB, upright, mapped from HDR."""

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
"""The whole page."""

DocumentKind = Literal[
    "pdf", "image", "video", "audio", "text", "book", "office", "mail", "archive"
]
DOCUMENT_KINDS: tuple[DocumentKind, ...] = get_args(DocumentKind)

TitleSource = Literal["metadata", "heading", "file name", "user"]
"""Where a document's title is from: its metadata, its largest print, its file, a user."""


@dataclass(frozen=True, slots=True)
class Document:
    """Content of a file, under any number of paths.

    `id` is the head of the SHA-256 of its bytes; `revision` changes each time
    the document is read anew. `kind` is one of `DOCUMENT_KINDS`. `name` is the file name,
    with folders where others have the same. `notes` says of pages, by number, what
    of them could not be read. `attached_to` has for each PDF that holds it as an
    attachment that one's path and its name there. `tags` are those that a user gave it.
    `title_source` is None where an older version read the document. `taken` is when a
    photo was taken, by its own account.
    """

    id: str
    sha256: str
    name: str
    paths: tuple[str, ...]
    kind: DocumentKind
    title: str
    page_count: int
    byte_size: int
    revision: str
    added_at: str
    notes: tuple[tuple[int, str], ...] = ()
    attached_to: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    title_source: TitleSource | None = None
    taken: str = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its paths, then its places as an attachment."""
        return (*self.paths, *self.attached_to)

    def titled(self) -> Document:
        """The document with its file's name as the title where it has no other."""
        return self if self.title else replace(self, title=self.name, title_source="file name")


class TimeSpan(NamedTuple):
    """Part of a recording, in seconds from its beginning.

    >>> str(TimeSpan(751.4, 760.0)), str(TimeSpan(3723.0, 3725.5))
    ('12:31', '1:02:03')
    """

    start: float
    end: float

    def __str__(self) -> str:
        minutes, seconds = divmod(int(self.start), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"

    def middles(self, parts: int) -> list[float]:
        """Middles of so many equal parts, in seconds.

        >>> TimeSpan(10.0, 18.0).middles(4)
        [11.0, 13.0, 15.0, 17.0]
        """
        return [self.start + (at + 0.5) * (self.end - self.start) / parts for at in range(parts)]


@dataclass(frozen=True, slots=True)
class PhotoInfo:
    """Metadata of a photo: when, where and by what it was taken, and who is on it.

    `taken` is local time in ISO form; places are in degrees; `tags` are people and keywords.
    """

    taken: str = ""
    latitude: float | None = None
    longitude: float | None = None
    camera: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Page:
    """Page address: a document and a page number from 1.

    `label` is the page's number as printed, such as "iv", where it is another than
    its place in the file. `is_photo` says that the document is an image with one page,
    which is not called "page 1". `span` is set where the page is a shot of a video or a
    part of a recording: it is called by its time.
    """

    document_id: str
    number: int
    document_name: str = ""
    label: str = field(default="", compare=False)
    is_photo: bool = field(default=False, compare=False)
    span: TimeSpan | None = field(default=None, compare=False)

    @property
    def key(self) -> str:
        """Page id in the index and in URLs."""
        return f"{self.document_id}-{self.number}"

    def __str__(self) -> str:
        name = self.document_name or self.document_id
        if self.is_photo:
            return name
        if self.span:
            return f"{name}, {self.span}"
        label = f" (labelled {self.label})" if self.label else ""
        return f"{name}, page {self.number}{label}"


WordRole = Literal[
    "text", "heading", "row", "item", "header", "footer", "caption", "note", "hidden"
]
"""What a word's block is on its page: a paragraph, a heading, a table row, a list item, a running
header or footer, a caption, a footnote or comment; or text that the page does not show."""


@dataclass(frozen=True, slots=True)
class Word:
    """Word as printed, with its box.

    `block` numbers the blocks of a page in reading order from 1; 0 where it is not
    known. `rest` is the box of the second part of a word broken at a line end.
    """

    text: str
    box: Box
    block: int = 0
    role: WordRole = "text"
    rest: Box | None = None


def shown_words(words: Iterable[Word]) -> tuple[Word, ...]:
    """Words that a reader of the page sees: only these are quoted."""
    return tuple(word for word in words if word.role != "hidden")


@dataclass(frozen=True, slots=True)
class Caption:
    """Caption that `model` wrote of the image in `box`; it is not printed there."""

    text: str
    box: Box
    model: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """Rendered page: image, words and figures.

    `image` is an encoded picture (WebP); `figures` are the boxes of the
    pictures on the page, the whole page for a photo; `source` says where the
    words came from: "text", "ocr", "text+ocr" or "none"; `context` is the
    document's title, which tells a page apart from a like page of another file;
    `captions` are words that were written of the figures, not printed, each in
    its figure's box; `prepared` is what workers have made ready, by encoder.
    `note` says what of the page could not be read, as a sentence, empty for a
    whole page; `unreadable` where that is all of it. `label` is as in `Page`. `clip` are
    frames of a shot (`ingest.files.video.clip_frames`), where an encoder reads them.
    """

    page: Page
    image: bytes
    width: int
    height: int
    words: tuple[Word, ...]
    figures: tuple[Box, ...]
    source: str
    context: str = ""
    captions: tuple[Word, ...] = ()
    prepared: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    unreadable: bool = False
    label: str = ""
    clip: Clip | None = field(default=None, compare=False)

    @property
    def searchable_words(self) -> tuple[Word, ...]:
        """Words that the page shows, then words of captions."""
        return (*shown_words(self.words), *self.captions)

    def pixels(self) -> Image.Image:
        """Page image, decoded to RGB."""
        from PIL import Image

        with Image.open(io.BytesIO(self.image)) as image:
            return image.convert("RGB")


@dataclass(frozen=True, slots=True)
class PageVectors:
    """Multi-vector of a page: `vectors` (n, dim) unit rows, `boxes` (n, 4), one a row.

    n is 0 for a page that gives this encoder nothing (a blank page has no words).
    """

    vectors: Vectors
    boxes: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or self.boxes.shape != (len(self.vectors), 4):
            raise ValueError(
                f"{self.vectors.shape} vectors do not go with {self.boxes.shape} boxes"
            )

    @property
    def placed(self) -> npt.NDArray[np.bool_]:
        """Mask (n,) of rows with a place on the page.

        Rows of a title or prompt have an empty box.
        """
        somewhere: npt.NDArray[np.bool_] = self.boxes[:, 2] > self.boxes[:, 0]
        return somewhere


@dataclass(frozen=True, slots=True)
class QueryVectors:
    """Encoded query: `vectors` (n, dim) unit rows and the word of each row.

    `even` where the rows count alike, because the model was trained so; `known`
    is the share of the question that is in a language the model was trained on.
    """

    vectors: Vectors
    words: tuple[str, ...]
    even: bool = False
    known: float = 1.0


def unit(rows: Vectors) -> Vectors:
    """Rows scaled to unit length; rows of zeros stay zero."""
    import numpy as np

    scaled: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
    return scaled
