"""Bring a library up to date with files: the main act of this stage.

Files are read ahead by workers, encoded in batches, and made visible document
by document. Whatever is cut off, by a signal, a full disk or the power, leaves
whole documents behind and is made good by the next run.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import shutil
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ingest.annotate.caption import caption_documents
from ingest.annotate.captioner import Captioner
from ingest.annotate.tag import tag_documents
from ingest.choose import choose_encoders, load_encoders
from ingest.draft import Draft
from ingest.encoders.encoder import Encoder, Encoding, Preparer
from ingest.error import PageglassError, StorageError
from ingest.event import (
    Added,
    Done,
    Dropped,
    DuplicateFound,
    Event,
    Failed,
    FileOpened,
    FilesFound,
    PagesEncoded,
    Removed,
    Tagged,
)
from ingest.files.find import find_files
from ingest.files.ocr import check_ocr
from ingest.files.reader_pool import Job, ReadFailure, ReadPages, read_ahead
from ingest.files.render import RenderSettings
from ingest.files.source import UnreadableFile
from ingest.index.index import Index, drop_index, open_indexes
from ingest.index.quantization import Quantization
from ingest.library.home import Home
from ingest.library.library import Failure, FileStamp, readable
from ingest.library.writer import LibraryWriter
from ingest.page import Document, Rendered
from ingest.pipeline import Pipeline
from ingest.rebuild import fill_indexes, quantize
from ingest.remove import forget, purge
from ingest.replica.object_store import ObjectStoreUnreachable
from ingest.title import find_title

LITTLE_SPACE = 1 << 20
"""Bytes; what goes wrong on a disk with less left went wrong for want of space."""
BATCH_SECONDS = 2.0
"""Pages wait no longer than this for a batch to fill, so that little is lost when a run is cut off."""
GONE = FileStamp(-1, -1)
"""What a path that is not there looks like."""
PUBLISH_EVERY = 60.0
"""Seconds."""
ID_LENGTH = 20
"""Hexadecimal digits of the SHA-256 in a document's id: 80 bits."""


class DiskFull(StorageError):
    """No space is left where the home is."""

    code = "disk-full"


@dataclass(frozen=True, slots=True)
class AddSettings:
    """How to ingest.

    `encoders` are the home's from now on, None those it has; indexes of others
    go. `workers` 0 takes one a core; `retry` reads files again that failed
    before, `redo` every file; `prune` forgets files below the given paths that
    are gone; `labels` are what pictures are tagged with from now on; `caption` is
    who captions them from now on, "none" for nobody, and `load_captioner` makes
    a captioner of its name (without it nothing is captioned); `encoding` says
    how the encoders run; `quantization` how the indexes keep rows, None as they do.
    """

    render: RenderSettings = field(default_factory=RenderSettings)
    encoders: tuple[str, ...] | None = None
    workers: int = 0
    retry: bool = False
    redo: bool = False
    prune: bool = False
    labels: Sequence[str] | None = None
    caption: str | None = None
    load_captioner: Callable[[str], Captioner] | None = None
    encoding: Encoding = field(default_factory=Encoding)
    quantization: Quantization | None = None


def add(
    home: Home,
    paths: Sequence[str | Path],
    settings: AddSettings | None = None,
    *,
    wait: float | None = None,
    on_wait: Callable[[], None] | None = None,
) -> Iterator[Event]:
    """Read what is new or changed among `paths` into the home's library and indexes.

    Args:
        wait: seconds to wait for another writer; None waits as long as it takes.
        on_wait: called once if there is one.

    Raises:
        HomeBusy, HomeUnusable, DiskFull, OcrUnavailable, UnknownEncoder, WeightsMissing, WeightsChanged,
        IndexFormatError, LibraryFormatError: the run cannot go on. What was added stays.
    """
    with home.writing(wait, on_wait):
        try:
            for event in _Run(home, settings or AddSettings()).run(paths):
                yield event
                if isinstance(event, Added):
                    _publish_so_far(home)
        except Exception as error:
            if is_disk_full(error):
                raise _no_space(home) from error
            raise


def _publish_so_far(home: Home) -> None:
    """Let mirrors see what a long run has added; what fails now is tried again, at the latest at its end."""
    with contextlib.suppress(ObjectStoreUnreachable):
        home.publish(every=PUBLISH_EVERY)


def _no_space(home: Home) -> DiskFull:
    return DiskFull(
        f"There is no space left for {home.root}.",
        hint="Make room and run the same command again: it goes on where it stopped.",
    )


def is_disk_full(error: Exception) -> bool:
    """Whether an error of the system, of SQLite or of Chroma means that no space is left."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    # Chroma hands on the words of the SQLite inside it, and of the system.
    words = str(error).lower()
    inside = isinstance(error, sqlite3.Error) or type(error).__module__.startswith("chromadb")
    return inside and ("disk is full" in words or "no space left" in words)


@dataclass(slots=True)
class _Pending:
    """A file that waits to be read, with every path that holds the same bytes."""

    job: Job
    sha256: str
    byte_size: int
    seen: dict[str, FileStamp]


@dataclass(slots=True)
class _Count:
    added: int = 0
    unchanged: int = 0
    named: int = 0
    removed: int = 0
    failed: int = 0
    pages: int = 0


class _Run:
    """One ingest, its state."""

    def __init__(self, home: Home, settings: AddSettings) -> None:
        self._home = home
        self._settings = settings
        self._library = LibraryWriter(home)
        self._wanted = self._settings.encoders or choose_encoders(home).encoders
        self._batch_pages = 0
        self._encoders: list[tuple[Encoder, Index]] = []
        self._pipeline = Pipeline()
        self._pending: dict[str, _Pending] = {}
        self._drafts: dict[str, Draft] = {}
        self._batch: list[Rendered] = []
        self._encoded_at = time.monotonic()
        self._earlier: list[Failure] = []
        self._named = {document.id: document for document in self._library.documents()}
        self._count = _Count()

    def run(self, paths: Sequence[str | Path]) -> Iterator[Event]:
        started = time.monotonic()
        check_ocr(self._settings.render.ocr)
        self._library.sweep()
        purge(self._home, self._library)
        files, to_read = self._look(paths)
        yield FilesFound(len(files), len(to_read))
        self._count.failed += len(self._earlier)
        for failure in self._earlier:
            yield Failed(failure, earlier=True)
        if self._settings.prune:
            yield from self._prune(paths)
        try:
            yield from self._fill()
            yield from self._read(to_read)
            yield from self._caption()
        except Exception as error:
            # Chroma has errors for a full disk that do not say so. Looked at before the drafts make room.
            free = shutil.disk_usage(self._home.root).free
            if not isinstance(error, PageglassError) and free < LITTLE_SPACE:
                raise _no_space(self._home) from error
            raise
        finally:
            self._pipeline.close()
            for draft in self._drafts.values():
                draft.discard()
            for _, index in self._encoders:
                index.records.close()
        yield from self._remove_nameless()
        yield from self._tag()
        if self._count.removed:
            self._library.compact()
        yield Done(
            self._count.added,
            self._count.unchanged,
            self._count.named,
            self._count.removed,
            self._count.failed,
            self._count.pages,
            time.monotonic() - started,
        )

    def _look(self, paths: Sequence[str | Path]) -> tuple[list[Path], list[Path]]:
        names = self._library.names()
        failures = {} if self._retries else {f.path: f for f in self._library.failures()}
        files = [path for path in find_files(paths) if not self._is_ours(path)]
        to_read = []
        for path in files:
            now = _look_at(path) or GONE
            _, was = names.get(str(path), (None, None))
            failure = failures.get(str(path))
            if self._settings.redo or (now != was and not (failure and failure.seen == now)):
                to_read.append(path)
            elif now == was:
                self._count.unchanged += 1
            elif failure:
                self._earlier.append(failure)
        return files, to_read

    def _is_ours(self, path: Path) -> bool:
        """Whether a file is part of the home itself, and not one that was uploaded into it."""
        return self._home.root in path.parents and self._home.uploads not in path.parents

    @property
    def _retries(self) -> bool:
        return self._settings.retry or self._settings.redo or bool(self._settings.render.password)

    def _prune(self, paths: Sequence[str | Path]) -> Iterator[Event]:
        roots = [Path(path).expanduser().absolute() for path in paths]
        known = [*self._library.names(), *(f.path for f in self._library.failures())]
        gone = [
            name
            for name in known
            if any(root == Path(name) or root in Path(name).parents for root in roots)
            and not Path(name).exists()
        ]
        self._library.forget_names(gone)
        yield from self._remove_nameless()

    def _remove_nameless(self) -> Iterator[Event]:
        gone = set(self._library.nameless())
        if not gone:
            return
        # Told by the name they went by, which they have lost.
        documents = [self._named.get(d.id, d) for d in self._library.documents() if d.id in gone]
        forget(self._home, self._library, [d.id for d in documents])
        self._count.removed += len(documents)
        yield from map(Removed, documents)

    def _fill(self) -> Iterator[Event]:
        """Encode for indexes that are new what the library holds already; then drop those not wanted."""
        if self._settings.quantization:
            yield from quantize(
                self._home, self._library, self._wanted, self._settings.quantization
            )
        yield from fill_indexes(self._home, self._library, self._wanted, self._load)
        there = open_indexes(self._home)
        if not any(index.manifest.encoder in self._wanted for index in there):
            return
        for index in there:
            if index.manifest.encoder not in self._wanted:
                drop_index(self._home, index)
                self._library.touch()
                yield Dropped(index.manifest.encoder)

    def _tag(self) -> Iterator[Event]:
        """Give tags to what has none yet, if there are labels."""
        settings = self._settings
        loaded = [encoder for encoder, _ in self._encoders]
        tagged = tag_documents(
            self._home, self._library, settings.encoding, settings.labels, loaded
        )
        if tagged:
            yield Tagged(tagged)

    def _caption(self) -> Iterator[Event]:
        """Caption what has no caption yet, if there is a captioner."""
        settings = self._settings
        yield from caption_documents(
            self._library, self._load, settings.load_captioner, settings.caption
        )

    def _load(self) -> list[tuple[Encoder, Index]]:
        if not self._encoders:
            dpi = str(self._settings.render.dpi)
            self._encoders = [
                (encoder, Index.create(self._home, encoder, self._settings.quantization, dpi=dpi))
                for encoder in load_encoders(self._home, self._wanted, self._settings.encoding)
            ]
            self._batch_pages = max(encoder.batch_pages for encoder, _ in self._encoders)
        return self._encoders

    def _preparers(self) -> dict[str, Preparer]:
        """What workers can do ahead for the encoders."""
        found = {encoder.name: encoder.preparer() for encoder, _ in self._load()}
        return {name: preparer for name, preparer in found.items() if preparer}

    def _read(self, to_read: Sequence[Path]) -> Iterator[Event]:
        if not to_read:
            return
        faults: list[Event] = []
        jobs, settings = self._jobs(to_read, faults), self._settings
        reading = read_ahead(jobs, settings.render, settings.workers, self._preparers())
        with contextlib.closing(reading):
            for result in reading:
                yield from _drain(faults)
                if isinstance(result, ReadFailure):
                    yield from self._set_aside(result.job, result.fault)
                else:
                    yield from self._take(result)
        yield from _drain(faults)
        yield from self._encode()
        yield from self._encode()  # takes what the last batch gave

    def _jobs(self, to_read: Sequence[Path], events: list[Event]) -> Iterator[Job]:
        """Hash each file; give out those whose bytes are new."""
        held = {document.id for document in self._library.documents()}
        for path in to_read:
            try:
                seen = FileStamp.of(path)
                sha256 = _hash(path)
            except OSError as error:
                fault = UnreadableFile(
                    f"{readable(path.name)} cannot be opened: {error.strerror}.",
                    hint="Check that it is there and may be read.",
                )
                # Not what it looked like: a change of permissions alone must bring it back.
                events.append(self._fail(path, None, fault))
                continue
            document_id = sha256[:ID_LENGTH]
            if document_id in self._pending:
                self._pending[document_id].seen[str(path)] = seen
                self._count.named += 1
                events.append(DuplicateFound(str(path), document_id))
            elif document_id in held and not self._settings.redo:
                self._library.set_name(str(path), document_id, seen)
                self._count.named += 1
                events.append(DuplicateFound(str(path), document_id))
            else:
                job = Job(path, document_id, readable(path.name))
                self._pending[document_id] = _Pending(job, sha256, seen.size, {str(path): seen})
                yield job

    def _take(self, read: ReadPages) -> Iterator[Event]:
        pending = self._pending[read.job.document_id]
        draft = self._drafts.get(read.job.document_id)
        if draft is None:
            draft = self._start(pending, read)
            yield FileOpened(str(read.job.path), draft.document.page_count)
        self._batch.extend(replace(page, context=draft.document.title) for page in read.pages)
        waited = time.monotonic() - self._encoded_at
        if len(self._batch) >= self._batch_pages or waited > BATCH_SECONDS:
            yield from self._encode()

    def _start(self, pending: _Pending, read: ReadPages) -> Draft:
        document = Document(
            id=read.job.document_id,
            sha256=pending.sha256,
            name=read.job.name,
            paths=tuple(pending.seen),
            kind=read.inspection.kind,
            title=find_title(read.inspection.title, read.pages[0].words),
            page_count=read.inspection.page_count,
            byte_size=pending.byte_size,
            revision=uuid.uuid4().hex[:12],
            added_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        draft = Draft.start(self._home, [index for _, index in self._load()], document)
        self._drafts[document.id] = draft
        return draft

    def _encode(self) -> Iterator[Event]:
        """Have the pages at hand encoded, and meanwhile write down those of the batch before."""
        batch = [page for page in self._batch if page.page.document_id in self._drafts]
        self._batch.clear()
        self._encoded_at = time.monotonic()
        done = self._pipeline.swap(batch, [encoder for encoder, _ in self._load()])
        if done is None:
            return
        pages, seen = done
        count = 0
        for encoder, index in self._encoders:
            index.fit_center(seen[encoder.name])
        for i, rendered in enumerate(pages):
            # A page of a document that has since turned out to be broken is left out.
            if draft := self._drafts.get(rendered.page.document_id):
                draft.add(rendered, {name: encoded[i] for name, encoded in seen.items()})
                count += 1
        yield PagesEncoded(count)
        yield from self._commit([d for d in self._drafts.values() if d.complete])

    def _commit(self, drafts: Sequence[Draft]) -> Iterator[Event]:
        """Make complete documents visible: index first, library last, so nothing visible lacks a part."""
        whole = []
        for draft in drafts:
            pending = self._pending[draft.document.id]
            if _look_at(pending.job.path) != pending.seen[str(pending.job.path)]:
                fault = UnreadableFile(
                    f"{pending.job.name} changed while it was being read.",
                    hint="Run ingest again when it is no longer being written.",
                )
                yield from self._set_aside(pending.job, fault)
            else:
                whole.append(draft)
        if not whole:
            return
        self._library.begin([draft.document.id for draft in whole])
        for encoder, index in self._encoders:
            for draft in whole:
                draft.writers[encoder.name].close()
            fde_vectors = [
                pair for draft in whole for pair in draft.fde_vectors.get(encoder.name, [])
            ]
            if fde_vectors:
                pages, vectors = zip(*fde_vectors, strict=True)
                index.records.upsert(pages, np.stack(vectors))
        for draft in whole:
            pending = self._pending.pop(draft.document.id)
            document = replace(draft.document, paths=tuple(pending.seen))
            self._library.add(document, draft.rows, draft.images, pending.seen)
            del self._drafts[document.id]
            self._count.added += 1
            self._count.pages += document.page_count
            yield Added(document)
        for _, index in self._encoders:
            index.sweep_revisions([draft.document for draft in whole])
        yield from self._remove_nameless()

    def _set_aside(self, job: Job, fault: PageglassError) -> Iterator[Failed]:
        if draft := self._drafts.pop(job.document_id, None):
            draft.discard()
        self._batch = [p for p in self._batch if p.page.document_id != job.document_id]
        pending = self._pending.pop(job.document_id)
        for path, seen in pending.seen.items():
            yield self._fail(Path(path), seen, fault)

    def _fail(self, path: Path, seen: FileStamp | None, fault: PageglassError) -> Failed:
        reason = readable(fault.message)
        failure = Failure(str(path), seen or GONE, reason, fault.hint)
        self._library.record_failure(failure)
        self._count.failed += 1
        return Failed(failure)


def _drain(events: list[Event]) -> Iterator[Event]:
    yield from events
    events.clear()


def _look_at(path: Path) -> FileStamp | None:
    try:
        return FileStamp.of(path)
    except OSError:
        return None


def _hash(path: Path) -> str:
    if not path.is_file() and path.exists():
        raise OSError(errno.EINVAL, "it is no file")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
