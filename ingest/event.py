"""What an ingest tells of itself while it runs. Plain values; nothing here acts."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.file_state import Failure
from ingest.page import Document, Page


@dataclass(frozen=True, slots=True)
class FilesFound:
    """How many files were found, and how many of them are new or changed."""

    files: int
    to_read: int


@dataclass(frozen=True, slots=True)
class FileOpened:
    """A file is being read."""

    path: str
    page_count: int


@dataclass(frozen=True, slots=True)
class PagesEncoded:
    """So many more pages are rendered, read and encoded."""

    pages: int


@dataclass(frozen=True, slots=True)
class Added:
    """A document is in the library, whole."""

    document: Document


@dataclass(frozen=True, slots=True)
class DuplicateFound:
    """A path turned out to hold bytes that the library already has."""

    path: str
    document_id: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A file was set aside; `earlier` if that was in an earlier run and it has not changed since."""

    failure: Failure
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class Removed:
    """A document is gone: its file changed, or was pruned."""

    document: Document


@dataclass(frozen=True, slots=True)
class Dropped:
    """The index of an encoder that is no longer wanted is gone."""

    encoder: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """So many more pages have tags."""

    pages: int


@dataclass(frozen=True, slots=True)
class Captioned:
    """So many pictures of a page have captions now; `left` pages wait still."""

    page: Page
    pictures: int
    left: int


@dataclass(frozen=True, slots=True)
class Indexed:
    """A document that an index lacked is in it now."""

    document: Document
    encoder: str


@dataclass(frozen=True, slots=True)
class Quantized:
    """An index keeps its rows in another way now (ingest.index.quantization)."""

    encoder: str
    quantization: str


@dataclass(frozen=True, slots=True)
class Done:
    """The sum of a run. `unchanged` files were not even opened."""

    added: int
    unchanged: int
    named: int
    removed: int
    failed: int
    pages: int
    seconds: float


Event = (
    FilesFound
    | FileOpened
    | PagesEncoded
    | Added
    | DuplicateFound
    | Failed
    | Removed
    | Dropped
    | Tagged
    | Captioned
    | Indexed
    | Quantized
    | Done
)
