"""Document assembly: pages encoded in batches, complete documents committed.

Pages come in from the readers, of several documents at once. A batch is encoded
while the one before is written down. A document becomes visible when its last
page is: index first, library last, so that nothing visible lacks a part.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np

from ingest.encoders.encoder import Encoder
from ingest.encoders.page_batch import is_full
from ingest.error import PageglassError
from ingest.event import Added, DuplicateFound, Event, Failed, FileOpened, PagesEncoded, PagesRead
from ingest.file_state import MISSING, Failure, FileStamp, stamp_of
from ingest.files.source import UnreadableFile
from ingest.index.index import Index
from ingest.index.inverted.update import MAX_UNLISTED, update_lists
from ingest.index.vocabulary.update_vocabulary import update_vocabulary
from ingest.library.documents import readable
from ingest.library.home import Home
from ingest.library.names import attachment_path
from ingest.library.writer import LibraryWriter
from ingest.page import Document, Rendered
from ingest.readers.read_ahead import ReadJob, ReadPages
from ingest.run.count import IngestCount
from ingest.run.draft import Draft
from ingest.run.pipeline import Pipeline
from ingest.run.title import find_title

log = logging.getLogger(__name__)

TICK = 0.5
"""Seconds between looks whether another writer waits."""
BATCH_SECONDS = 2.0
"""Pages wait no longer than this for a batch to fill, so that little is lost when a run is cut off."""


@dataclass(frozen=True, slots=True)
class Attached:
    """Place of an attachment: id and path of its PDF, and its name there."""

    parent_id: str
    parent_path: str
    name: str

    @property
    def address(self) -> str:
        """Its address (`ingest.library.names`)."""
        return attachment_path(self.parent_path, self.name)


@dataclass(slots=True)
class PendingFile:
    """File that waits to be read, with the stamps of its paths.

    `stamps` has every path that holds the same bytes. `attached_to` has the PDFs that it
    is attached to: the id and path of each and its name there.
    """

    job: ReadJob
    sha256: str
    byte_size: int
    stamps: dict[str, FileStamp]
    attached_to: list[Attached] = field(default_factory=list)


class DocumentAssembler:
    """Drafts of the documents that are being read.

    Args:
        load: gives the encoders with their indexes; called when the first page comes.
        give_way: lets other writers in; called while a batch is being encoded.
        redo: replace documents that the library has.
        record_failures: whether the library keeps a note of each file that cannot be read.
    """

    def __init__(
        self,
        home: Home,
        library: LibraryWriter,
        load: Callable[[], list[tuple[Encoder, Index]]],
        count: IngestCount,
        give_way: Callable[[], None],
        *,
        redo: bool = False,
        record_failures: bool = True,
    ) -> None:
        self.pending: dict[str, PendingFile] = {}
        self.committed: set[str] = set()
        self.count = count
        self.load = load
        self._home = home
        self._library = library
        self._give_way = give_way
        self._redo = redo
        self._record_failures = record_failures
        self._pipeline = Pipeline()
        self._drafts: dict[str, Draft] = {}
        self._batch: list[Rendered] = []
        self._encoded_at = time.monotonic()
        self._unlisted = 0

    def close(self) -> None:
        """Discard what is not complete."""
        self._pipeline.close()
        for draft in self._drafts.values():
            draft.discard()

    def take(self, read: ReadPages) -> Iterator[Event]:
        """Add pages that were read.

        Pages are encoded where a batch is full or has waited long enough.
        """
        pending = self.pending[read.job.document_id]
        draft = self._drafts.get(read.job.document_id)
        if draft is None:
            draft = self._start(pending, read)
            yield FileOpened(str(read.job.path), draft.document.page_count)
        last = read.pages[-1].page.number
        yield PagesRead(str(read.job.path), last, draft.document.page_count)
        for page in read.pages:
            self._batch.append(replace(page, context=draft.document.title))
            if is_full(self._batch, self._batch_pages()):
                yield from self.encode()
        if time.monotonic() - self._encoded_at > BATCH_SECONDS:
            yield from self.encode()

    def _start(self, pending: PendingFile, read: ReadPages) -> Draft:
        # What is said or shown first in a recording is not its title.
        words = [] if read.pages[0].page.span else [page.words for page in read.pages]
        title = find_title(read.inspection.title, words[0] if words else (), words[1:])
        document = Document(
            id=read.job.document_id,
            sha256=pending.sha256,
            name=read.job.name,
            paths=tuple(pending.stamps),
            kind=read.inspection.kind,
            title=title.text,
            page_count=read.inspection.page_count,
            byte_size=pending.byte_size,
            revision=uuid.uuid4().hex[:12],
            added_at=datetime.now(UTC).isoformat(timespec="seconds"),
            title_source=title.source,
        )
        draft = Draft.start(self._home, [index for _, index in self.load()], document)
        draft.has_attachments = read.inspection.has_attachments
        draft.photo = read.inspection.photo
        self._drafts[document.id] = draft
        return draft

    def encode(self) -> Iterator[Event]:
        """Start encoding the pages at hand, and write down those of the batch before."""
        batch = [page for page in self._batch if page.page.document_id in self._drafts]
        self._batch.clear()
        self._encoded_at = time.monotonic()
        done = self._pipeline.swap(batch, [encoder for encoder, _ in self.load()])
        if done is None:
            return
        pages, encoding = done
        while not wait([encoding], TICK).done:
            self._give_way()
        encoded = encoding.result()
        count = 0
        for encoder, index in self.load():
            index.fit_center(encoded[encoder.name])
        for i, rendered in enumerate(pages):
            # A page of a document that has since turned out to be broken is left out.
            if draft := self._drafts.get(rendered.page.document_id):
                draft.add(rendered, {name: vectors[i] for name, vectors in encoded.items()})
                count += 1
        yield PagesEncoded(count)
        yield from self._commit([d for d in self._drafts.values() if d.complete])

    def _commit(self, drafts: Sequence[Draft]) -> Iterator[Event]:
        """Make complete documents visible: index first, library last, so nothing visible lacks a part."""
        whole = []
        for draft in drafts:
            pending = self.pending[draft.document.id]
            seen = pending.stamps.get(str(pending.job.path))
            if seen and stamp_of(pending.job.path) != seen:
                error = UnreadableFile(
                    f"{pending.job.name} changed while it was being read.",
                    hint="Run ingest again when it is no longer being written.",
                )
                yield from self.set_aside(pending.job, error)
            elif not self._redo and self._library.has(draft.document.id):
                yield from self._give_names(pending)
            elif not draft.readable:
                yield from self.set_aside(pending.job, _no_page(draft))
            else:
                whole.append(draft)
        if not whole:
            return
        self._library.begin([draft.document.id for draft in whole])
        for encoder, index in self.load():
            for draft in whole:
                draft.writers[encoder.name].close()
            fde_vectors = [
                pair for draft in whole for pair in draft.fde_vectors.get(encoder.name, [])
            ]
            if fde_vectors:
                pages, vectors = zip(*fde_vectors, strict=True)
                index.records.upsert(pages, np.stack(vectors))
        for draft in whole:
            pending = self.pending.pop(draft.document.id)
            notes = tuple((row.number, row.note) for row in draft.rows if row.note)
            document = replace(
                draft.document,
                paths=tuple(pending.stamps),
                notes=notes,
                attached_to=tuple(place.address for place in pending.attached_to),
            )
            self._library.add(
                document,
                draft.rows,
                draft.images,
                pending.stamps,
                [(place.parent_id, place.name) for place in pending.attached_to],
                has_attachments=draft.has_attachments and bool(pending.stamps),
                photo=draft.photo,
            )
            del self._drafts[document.id]
            self.committed.add(document.id)
            self.count.added += 1
            self.count.pages += document.page_count
            self._unlisted += document.page_count
            self.count.noted += len(document.notes)
            yield Added(document)
        for _, index in self.load():
            index.sweep_revisions([draft.document for draft in whole])
        if self._unlisted > MAX_UNLISTED:
            self.list_pages()

    def list_pages(self) -> None:
        """Bring the indexes' inverted lists and vocabulary up to the library."""
        self._unlisted = 0
        for encoder, index in self.load():
            update_lists(index, self._library.documents())
            update_vocabulary(encoder, index, self._library)

    def _give_names(self, pending: PendingFile) -> Iterator[Event]:
        """Another run has added the same bytes: they gain the names that were read here."""
        id_ = pending.job.document_id
        self._drafts.pop(id_).discard()
        del self.pending[id_]
        for path, seen in pending.stamps.items():
            self._library.set_name(path, id_, seen)
            self.count.named += 1
            yield DuplicateFound(path, id_)
        for place in pending.attached_to:
            yield self.attach(place, id_)

    def attach(self, place: Attached, document_id: str) -> DuplicateFound:
        """Record that the library has an attachment already."""
        self._library.attach(place.parent_id, place.name, document_id)
        self.count.named += 1
        return DuplicateFound(place.address, document_id)

    def set_aside(self, job: ReadJob, error: PageglassError) -> Iterator[Failed]:
        """Discard the draft of a file that failed; record this for each of its paths."""
        if draft := self._drafts.pop(job.document_id, None):
            draft.discard()
        self._batch = [p for p in self._batch if p.page.document_id != job.document_id]
        pending = self.pending.pop(job.document_id)
        for path, seen in pending.stamps.items():
            yield self.fail(path, seen, error)
        for place in pending.attached_to:
            yield self.fail(place.address, None, error, record=False)

    def fail(
        self, path: str, seen: FileStamp | None, error: PageglassError, *, record: bool = True
    ) -> Failed:
        """Record a failure; the file is not read again until its stamp changes."""
        failure = Failure(path, seen or MISSING, readable(error.message), error.hint)
        if record and self._record_failures:
            self._library.record_failure(failure)
        log.info("failed: %s (%s)", readable(path), error.code)
        self.count.failed += 1
        return Failed(failure)

    def _batch_pages(self) -> int:
        return max(encoder.batch_pages for encoder, _ in self.load())


def _no_page(draft: Draft) -> UnreadableFile:
    """Error for a document none of whose pages could be read."""
    first = draft.rows[0].note
    if draft.document.page_count > 1:
        first = f"No page of {draft.document.name} can be read. {first}"
    return UnreadableFile(first, hint="Save it again from its source, or copy it again.")
