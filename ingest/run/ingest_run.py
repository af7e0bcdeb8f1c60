"""One ingest: scan, read, encode, commit, caption, tag, remove."""

from __future__ import annotations

import contextlib
import shutil
import time
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ingest.annotate.caption import caption_documents
from ingest.annotate.tag import tag_documents
from ingest.choose import choose_encoders, load_encoders
from ingest.disk.full_disk import disk_full, has_little_space
from ingest.encoders.encoder import Encoder, Preparer
from ingest.encoders.load import reads_clips
from ingest.error import ConflictError, PageglassError
from ingest.event import (
    Added,
    Dropped,
    Event,
    Failed,
    FilesFound,
    Gone,
    LeftOut,
    LoadingModels,
    Removed,
    StayedRemoved,
    Tagged,
)
from ingest.file_state import stamp_of
from ingest.files.formats.office import readable_suffixes
from ingest.index.index import Index, drop_index, open_indexes
from ingest.library.home import Home, WriterLock
from ingest.library.writer import LibraryWriter
from ingest.ocr.load_ocr import check_ocr
from ingest.readers.read_ahead import ReadFailure, ReadJob, read_ahead
from ingest.readers.reader_pool import ReaderPool
from ingest.rebuild import fill_indexes, quantize
from ingest.remove import forget, purge
from ingest.run.assemble import DocumentAssembler
from ingest.run.attached import AttachmentFolder, read_attachments, unopened_files
from ingest.run.count import IngestCount
from ingest.run.jobs import JobMaker
from ingest.run.scan import FileScan, find_moved, missing_paths, scan_files
from ingest.run.settings import AddSettings


class IndexesChanged(ConflictError):
    """Another run has dropped or remade the indexes that this one writes."""

    code = "indexes-changed"


class IngestRun:
    """State of one ingest.

    The writer's lock must be held. While files are read and captions written it
    is given way now and then; what others wrote meanwhile is taken into account.
    """

    def __init__(self, home: Home, settings: AddSettings, lock: WriterLock) -> None:
        self._home = home
        self._settings = settings
        self._lock = lock
        self._library = LibraryWriter(home)
        self._wanted = settings.encoders or choose_encoders(home).encoders
        self._encoders: list[tuple[Encoder, Index]] = []
        self._named = {document.id: document for document in self._library.documents()}
        self._count = IngestCount()
        self._assembler = DocumentAssembler(
            home,
            self._library,
            self._load,
            self._count,
            self._give_way,
            redo=settings.redo,
            record_failures=settings.record_failures,
        )
        self._waiting: list[Event] = []
        self._sizes_to_read: set[int] = set()
        self._converted = home.staging / f"converted-{uuid.uuid4().hex}"
        office = replace(settings.render.office, folder=self._converted)
        video = replace(settings.render.video, clips=any(map(reads_clips, self._wanted)))
        self._render = replace(settings.render, office=office, video=video)
        self._jobs = JobMaker(self._library, self._assembler, self._waiting, settings.redo)

    def run(self, paths: Sequence[str | Path]) -> Iterator[Event]:
        """Events of the run, the last of them `Done`."""
        started = time.monotonic()
        check_ocr(self._settings.render.ocr)
        purge(self._home, self._library)
        scan = self._scan(paths)
        yield FilesFound(scan.found, len(scan.to_read))
        if scan.left_out:
            self._count.left_out += len(scan.left_out)
            yield LeftOut(scan.left_out)
        if scan.removed:
            yield StayedRemoved(scan.removed)
        self._count.unchanged += scan.unchanged
        self._count.failed += len(scan.failed_before)
        for failure in scan.failed_before:
            yield Failed(failure, earlier=True)
        try:
            yield from self._fill()
            if scan.to_read and not self._encoders:
                yield LoadingModels(self._wanted)
            yield from self._read(scan)
            if not scan.unsettled:  # a file that was moved may be among them
                yield from self._forget_missing(paths)
            yield from self._caption()
            if self._encoders:
                self._assembler.list_pages()
        except Exception as error:
            # Chroma has errors for a full disk that do not say so. Asked before the drafts make room.
            if not isinstance(error, PageglassError) and has_little_space(self._home.root):
                raise disk_full(self._home.root) from error
            raise
        finally:
            self._assembler.close()
            shutil.rmtree(self._converted, ignore_errors=True)
            self._close_records()
        yield from self._remove_nameless()
        yield from self._tag()
        if self._count.removed:
            self._library.compact()
        yield self._count.done(time.monotonic() - started)

    def _scan(self, paths: Sequence[str | Path]) -> FileScan:
        settings = self._settings
        retry = settings.retry or bool(settings.render.password)
        return scan_files(
            self._home,
            self._library,
            paths,
            redo=settings.redo,
            retry=retry,
            again=settings.again,
            accepts=settings.accepts,
            suffixes=readable_suffixes(settings.render.office),
            is_settled=settings.is_settled,
        )

    def _forget_missing(self, paths: Sequence[str | Path]) -> Iterator[Event]:
        """Forget files that are gone, once those that moved have their new path."""
        if self._settings.prune:
            self._library.forget_names(missing_paths(self._library, paths))
            yield from self._remove_nameless()
            return
        moved, gone = find_moved(self._library, paths)
        if moved:
            self._library.forget_names(moved)
        for path, id_ in gone.items():
            yield Gone(path, id_)

    def _remove_nameless(self, but: Collection[int] = ()) -> Iterator[Event]:
        """Remove documents without a path, but those with one of some sizes in bytes."""
        # What was attached to a document that goes has no place then either.
        while gone := set(self._library.nameless()):
            every = [d for d in self._library.documents() if d.byte_size not in but]
            # Reported by the name that they have lost.
            documents = [self._named.get(d.id, d) for d in every if d.id in gone]
            if not documents:
                return
            forget(self._home, self._library, [d.id for d in documents])
            self._count.removed += len(documents)
            yield from map(Removed, documents)

    def _fill(self) -> Iterator[Event]:
        """Encode for indexes that are new what the library holds already; then drop those not wanted."""
        settings, written = self._settings, (self._home, self._library, self._wanted)
        if settings.quantization:
            yield from quantize(*written, settings.quantization)
        yield from fill_indexes(*written, self._load, settings.limits)
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
            self._library, self._load, settings.load_captioner, settings.caption, self._give_way
        )

    def _give_way(self) -> None:
        """Let waiting writers in; call it where no document is half committed."""
        if self._settings.on_tick:
            self._settings.on_tick()
        if self._lock.give_way(self._close_records):
            self._catch_up()

    def _close_records(self) -> None:
        for _, index in self._encoders:
            index.records.close()

    def _catch_up(self) -> None:
        """Take in what other writers have changed.

        Raises:
            IndexesChanged: they dropped or remade an index of this run.
        """
        for _, index in self._encoders:
            if not index.reread():
                raise IndexesChanged(
                    f"The index of {index.manifest.encoder} was dropped or remade by another run.",
                    hint="What was added before stays. Ingest the same files again.",
                )
        documents = self._library.documents()
        self._named |= {document.id: document for document in documents}
        self._assembler.committed &= {document.id for document in documents}

    def _load(self) -> list[tuple[Encoder, Index]]:
        if not self._encoders:
            dpi = str(self._settings.render.dpi)
            self._encoders = [
                (encoder, Index.create(self._home, encoder, self._settings.quantization, dpi=dpi))
                for encoder in load_encoders(
                    self._home, self._wanted, self._settings.encoding, self._settings.load_encoder
                )
            ]
        return self._encoders

    def _preparers(self) -> dict[str, Preparer]:
        """What workers can do ahead for the encoders."""
        found = {encoder.name: encoder.preparer() for encoder, _ in self._load()}
        return {name: preparer for name, preparer in found.items() if preparer}

    def _read(self, scan: FileScan) -> Iterator[Event]:
        """Read files, then what is attached to PDFs among them or of a run that was cut off."""
        if scan.to_read:
            self._sizes_to_read = {s.size for s in map(stamp_of, scan.to_read) if s}
            with self._readers() as pool:
                jobs = self._jobs.of_files(scan.to_read, scan.named)
                yield from self._read_jobs(pool, jobs)
        if files := unopened_files(self._library):
            with AttachmentFolder(self._home) as folder, self._readers() as pool:
                parents = read_attachments(files, folder, self._render, pool, self._give_way)
                yield from self._read_jobs(pool, self._jobs.of_attachments(parents))

    def _read_jobs(self, pool: ReaderPool, jobs: Iterator[ReadJob]) -> Iterator[Event]:
        read_jobs, preparers = self._settings.read_jobs, self._preparers()
        reading = (
            read_jobs(jobs, self._render)
            if read_jobs
            else read_ahead(jobs, self._render, pool, preparers)
        )
        with contextlib.closing(reading):
            for result in reading:
                yield from _drain(self._waiting)
                if isinstance(result, ReadFailure):
                    yield from self._assembler.set_aside(result.job, result.error)
                elif result:
                    yield from self._with_removals(self._assembler.take(result))
                self._give_way()
        yield from _drain(self._waiting)
        yield from self._with_removals(self._assembler.encode())
        yield from self._with_removals(self._assembler.encode())  # takes what the last batch gave

    @contextlib.contextmanager
    def _readers(self) -> Iterator[ReaderPool]:
        """The workers that read: those given, else of this run alone."""
        settings = self._settings
        if settings.readers:
            yield settings.readers
            return
        with contextlib.closing(ReaderPool(settings.workers, settings.limits)) as pool:
            yield pool

    def _with_removals(self, events: Iterator[Event]) -> Iterator[Event]:
        """After documents were added, remove those whose last path went to one of them."""
        added = False
        for event in events:
            added = added or isinstance(event, Added)
            yield event
        if added:
            # A file not looked at yet may be one that moved.
            yield from self._remove_nameless(self._sizes_to_read)


def _drain(events: list[Event]) -> Iterator[Event]:
    yield from events
    events.clear()
