"""Cluster reader: files in slices through a Ray cluster, a store as checkpoint.

    work/DOCUMENT-SETTINGS/FIRST.safetensors    a slice (ingest.cluster.slice_file)

SETTINGS is a hash of all that the pages and vectors depend on. A slice that is there is
done: a run that was killed, or lost a node, takes it as it is. The library's writer reads
the slices in order, as it reads pages on one machine, and deletes them once the document
is in the library.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from ingest.cluster.encoder_actor import EncoderSpec
from ingest.cluster.ray_cluster import RayCluster
from ingest.cluster.remote_encoder import RemoteEncoder, RemoteImageEncoder, RemoteWordEncoder
from ingest.cluster.slice_file import FORMAT, Slice, unpack_slice
from ingest.cluster.slice_task import PAGES, SliceHead, SliceJob, load_bytes
from ingest.encoders.encoder import Encoder, EncoderFacts, Encoding
from ingest.error import ConfigurationError, PageglassError, StorageError
from ingest.files.render import RenderSettings
from ingest.index.manifest import FORMAT as INDEX_FORMAT
from ingest.readers.limits import ReadersBusy, ReadLimits
from ingest.readers.read_ahead import (
    PAGES_AT_ONCE,
    TICK,
    ReadFailure,
    ReadJob,
    ReadPages,
    ReadResult,
    name_part,
    unreadable,
)
from ingest.replica.object_store import ObjectStore

WORK = "work"
"""Key prefix of slices."""


class SliceUnseen(StorageError):
    """A node has written a slice, and this machine does not see it."""

    code = "slice-unseen"


@dataclass(slots=True)
class _File:
    """File that is being read: the reference to its bytes, and which slices are there."""

    job: ReadJob
    folder: str
    done: set[str]
    data: Any = None
    head: SliceHead | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class _Running:
    """Slice in flight; without a reference it is there already."""

    file: _File
    first: int
    reference: Any = field(default=None, compare=False)

    @property
    def key(self) -> str:
        return slice_key(self.file.folder, self.first)


class ClusterReader:
    """Reader of files on a cluster, for `AddSettings.read_jobs` and `load_encoder`.

    `started` counts slices that were given to the cluster.
    """

    def __init__(self, cluster: RayCluster, store: ObjectStore, limits: ReadLimits) -> None:
        self.started = 0
        self._cluster = cluster
        self._store = store
        self._limits = limits
        self._encoders: dict[EncoderSpec, EncoderFacts] = {}
        self._folders: dict[str, str] = {}

    def load(self, spec: str, encoding: Encoding) -> Encoder:
        """Load an encoder on the cluster. Raises what `load_encoder` raises."""
        facts: EncoderFacts | PageglassError = self._cluster.call("describe", (spec, encoding))
        if isinstance(facts, PageglassError):
            raise facts
        self._encoders[spec, encoding] = facts
        kind = RemoteImageEncoder if facts.templates else RemoteEncoder
        return (RemoteWordEncoder if facts.embeds_words else kind)(
            (spec, encoding), facts, self._cluster.call
        )

    def read(
        self, jobs: Iterator[ReadJob], settings: RenderSettings
    ) -> Generator[ReadResult, None, None]:
        """Read and encode files: pages of a file in order, files interleaved.

        Raises:
            ConfigurationError: a node lacks what reading needs.
            SliceUnseen, ObjectStoreError
        """
        reading = _Reading(self, jobs, settings)
        try:
            yield from reading.results()
        finally:
            reading.cancel()

    def forget(self, document_id: str) -> None:
        """Delete the slices of a document that is in the library, or failed."""
        if folder := self._folders.pop(document_id, None):
            self._store.delete(folder)

    def finish(self) -> None:
        """Delete the slices of all that this run has read."""
        for document_id in list(self._folders):
            self.forget(document_id)


class _Reading:
    """State of one `ClusterReader.read`."""

    def __init__(
        self, reader: ClusterReader, jobs: Iterator[ReadJob], settings: RenderSettings
    ) -> None:
        self._reader = reader
        self._cluster = reader._cluster
        self._store = reader._store
        self._jobs = jobs
        self._settings = settings
        self._running: deque[_Running] = deque()
        self._waiting: deque[tuple[_File, int]] = deque()
        facts = reader._encoders.values()
        self._specs = list(reader._encoders)
        self._hash = hash_settings(settings, list(facts))
        preparers = {each.name: each.preparer for each in facts if each.preparer}
        self._preparers = self._cluster.share(preparers)

    def cancel(self) -> None:
        for running in self._running:
            if running.reference is not None:
                self._cluster.cancel(running.reference)

    def results(self) -> Iterator[ReadResult]:
        while True:
            while len(self._running) < self._cluster.room:
                following = self._next()
                if following is None:
                    break
                if not following[0].failed:
                    self._running.append(self._start(*following))
            if not self._running:
                return
            done = self._next_done()
            if done is None:
                yield None
            elif not done.file.failed:
                yield from self._result(done)

    def _next(self) -> tuple[_File, int] | None:
        if self._waiting:
            return self._waiting.popleft()
        job = next(self._jobs, None)
        if job is None:
            return None
        folder = f"{WORK}/{job.document_id}-{self._hash}"
        self._reader._folders[job.document_id] = folder
        return _File(job, folder, set(self._store.children(folder))), 1

    def _start(self, file: _File, first: int) -> _Running:
        running = _Running(file, first)
        if running.key in file.done:
            return running
        if file.data is None:
            try:
                file.data = self._cluster.share(load_bytes(file.job.path))
            except OSError as error:
                file.data = error
        if isinstance(file.data, OSError):
            return running
        inspection, title = file.head or (None, "")
        job = SliceJob(
            file.job.document_id, file.job.name, file.job.path.name, first, inspection, title
        )
        self._reader.started += 1
        reference = self._cluster.start(
            file.data,
            job,
            self._settings,
            self._reader._limits,
            self._preparers,
            self._specs,
            running.key,
        )
        return _Running(file, first, reference)

    def _next_done(self) -> _Running | None:
        """The oldest slice that is done and is the next of its file; None for a tick."""
        heads: dict[int, _Running] = {}
        for running in self._running:
            heads.setdefault(id(running.file), running)
        ready = [running for running in heads.values() if running.reference is None]
        if not ready:
            references = {running.reference: running for running in heads.values()}
            done = self._cluster.wait(list(references), TICK)
            ready = [running for key, running in references.items() if key in done]
        if not ready:
            return None
        self._running.remove(ready[0])
        return ready[0]

    def _result(self, running: _Running) -> Iterator[ReadResult]:
        file, job = running.file, running.file.job
        if running.reference is None and isinstance(file.data, OSError):
            yield self._fail(file, unreadable(job.path.name, file.data))
            return
        if running.reference is not None:
            name = name_part(job.path, running.first)
            head = self._cluster.finish(running.reference, name)
            if isinstance(head, (ConfigurationError, ReadersBusy)):
                raise head
            if isinstance(head, PageglassError):
                yield self._fail(file, head)
                return
        read = self._fetch(running)
        if file.head is None:
            file.head = read.inspection, read.title
            rest = range(1 + PAGES, read.inspection.page_count + 1, PAGES)
            self._waiting.extend((file, first) for first in rest)
        for at in range(0, len(read.pages), PAGES_AT_ONCE):
            yield ReadPages(job, read.inspection, read.pages[at : at + PAGES_AT_ONCE])

    def _fail(self, file: _File, error: PageglassError) -> ReadFailure:
        file.failed = True
        return ReadFailure(file.job, error)

    def _fetch(self, running: _Running) -> Slice:
        job = running.file.job
        try:
            packed = self._store.read(running.key)
        except FileNotFoundError:
            raise SliceUnseen(
                f"A node of the cluster has written {running.key} to {self._store.url}, and it is"
                " not there.",
                hint="Give the library an object store that every node reaches.",
            ) from None
        return unpack_slice(packed, job.document_id, job.name)


def slice_key(folder: str, first: int) -> str:
    """Key of the slice that begins with a page."""
    return f"{folder}/{first:06d}.safetensors"


def hash_settings(settings: RenderSettings, facts: list[EncoderFacts]) -> str:
    """Hash of what a slice depends on besides its file."""
    depends = [
        FORMAT,
        INDEX_FORMAT,
        PAGES,
        settings.dpi,
        settings.ocr,
        settings.second_reader,
        *([each.name, each.model, sorted(each.provenance.items())] for each in facts),
    ]
    return hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:16]
