"""Events of an ingest, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.file_state import Failure
from ingest.page import Document, Page


@dataclass(frozen=True, slots=True)
class FilesFound:
    """Files found, and how many of them are new or changed."""

    files: int
    to_read: int


@dataclass(frozen=True, slots=True)
class FolderListed:
    """Files of kinds that are read in a remote folder."""

    url: str
    files: int


@dataclass(frozen=True, slots=True)
class FileFetched:
    """A new or changed file of a remote folder was fetched."""

    url: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Files of kinds that are not read, by path; an attachment by `attachment_path`."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StayedRemoved:
    """Files of a folder whose documents were removed, and that are left out since."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileOpened:
    """A file is being read."""

    path: str
    page_count: int


@dataclass(frozen=True, slots=True)
class LoadingModels:
    """Encoders are being loaded."""

    encoders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PagesRead:
    """The pages of a file up to `number` have been rendered and read."""

    path: str
    number: int
    page_count: int


@dataclass(frozen=True, slots=True)
class PagesEncoded:
    """Pages rendered, read and encoded since the last such event."""

    pages: int


@dataclass(frozen=True, slots=True)
class Added:
    """A document is complete in the library."""

    document: Document


@dataclass(frozen=True, slots=True)
class DuplicateFound:
    """A path holds bytes that the library already has."""

    path: str
    document_id: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A file failed; `earlier` if it failed in an earlier run and is unchanged since."""

    failure: Failure
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class Removed:
    """A document was removed: its file changed, or was pruned."""

    document: Document


@dataclass(frozen=True, slots=True)
class Gone:
    """File that is gone from a folder; its document, which has no other, stays."""

    path: str
    document_id: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """The index of an encoder that is no longer wanted was dropped."""

    encoder: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """Pages that received tags."""

    pages: int


@dataclass(frozen=True, slots=True)
class Captioned:
    """Images of a page that received captions; `left` pages are still to be captioned."""

    page: Page
    pictures: int
    left: int


@dataclass(frozen=True, slots=True)
class Indexed:
    """A document was added to an index that lacked it."""

    document: Document
    encoder: str


@dataclass(frozen=True, slots=True)
class Quantized:
    """An index was converted to another quantization (ingest.index.quantization)."""

    encoder: str
    quantization: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Documents were moved from one shard to another; `left` are still to be moved."""

    documents: int
    source: str
    target: str
    left: int


@dataclass(frozen=True, slots=True)
class Done:
    """Totals of a run.

    `unchanged` files were not opened; `noted` of the pages were read in part;
    `left_out` files are of kinds that are not read.
    """

    added: int
    unchanged: int
    named: int
    removed: int
    failed: int
    pages: int
    seconds: float
    noted: int = 0
    left_out: int = 0


Event = (
    FilesFound
    | FolderListed
    | FileFetched
    | LeftOut
    | StayedRemoved
    | FileOpened
    | LoadingModels
    | PagesRead
    | PagesEncoded
    | Added
    | DuplicateFound
    | Failed
    | Removed
    | Gone
    | Dropped
    | Tagged
    | Captioned
    | Indexed
    | Quantized
    | Moved
    | Done
)
