"""Home: the data folder of a library, and its writer lock.

The lock admits one writer at a time.

HOME/library.sqlite3     documents, names, pages, words (ingest.library)
HOME/pages/DOCUMENT/     page images
HOME/index/ENCODER/      manifest and multi-vectors (ingest.index)
HOME/index/chroma/       one record a page
HOME/uploads/            files that came over HTTP and have no other place
HOME/glossary.toml       ratios and line items of the user's own (retrieval.query.glossary)
HOME/jobs.sqlite3, jobs/ uploads that are waiting (api.jobs)
HOME/staging/            half-written files; those of dead runs go with the next writer
HOME/work/               pages that a Ray cluster has read (ingest.cluster)
HOME/sessions.sqlite3     browsers that are signed in (api.http.protect.sessions)
HOME/writer.*            whose turn it is to write (ingest.library.lock)
HOME/reserve             space kept for removing on a full disk (ingest.reserve)
HOME/id                  what tells homes apart that share a Chroma server
HOME/mirror/             in place of all but the lock, where the library is another's (ingest.replica)
HOME/shards.json, shards/NAME/    in place of a library, one in shards, each a home (ingest.shards)
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from ingest.disk.atomic import discard
from ingest.disk.full_disk import disk_full, is_disk_full
from ingest.error import ConflictError
from ingest.file_state import folder_size
from ingest.library.keys import SHARDS_FILE, Replica
from ingest.library.lock import HomeBusy, HomeUnusable, WriterLock
from ingest.library.names import REMOTE

__all__ = ["Home", "HomeBusy", "HomeUnusable", "ReadOnlyMirror", "WriterLock"]


class ReadOnlyMirror(ConflictError):
    """The home is a mirror of another, and cannot be written."""

    code = "read-only-mirror"


class RecordServer(Protocol):
    """The server that holds the records of the indexes in place of an embedded Chroma."""

    @property
    def url(self) -> str:
        """Its address."""
        ...

    def connect(self) -> Any:
        """A client of the server."""
        ...

    def translated_errors(self) -> AbstractContextManager[None]:
        """A context in which the client's errors become errors of this program."""
        ...

    def delete_collections(self, head: str) -> None:
        """Delete every collection whose name begins so."""
        ...


class Publisher(Protocol):
    """Publishes a home elsewhere after each write."""

    def check(self, home: Home) -> None:
        """Raise where the home may not be published."""
        ...

    def publish(self, home: Home, shard: str = "", *, held: bool = False) -> None:
        """Publish the home as it is now; the writer's lock is held.

        Args:
            shard: the one that must be published, of a home in shards.
            held: its writer's lock is held too, so that no other may be waited for.
        """
        ...


class Home:
    """Paths below one data folder.

    Args:
        server: holds the records of the indexes; None keeps them in the home.
        find_replica: gives what the home reads, from a folder, where it has no library of its own.
        publisher: publishes what is written.
        create: create the folder where it is missing, and nothing else.
        uploads: the folder of uploads, of a shard that of the home that it is part of.

    Raises:
        HomeUnusable: the folder cannot be made.
    """

    def __init__(
        self,
        root: Path | str,
        server: RecordServer | None = None,
        *,
        find_replica: Callable[[Path], Replica | None] | None = None,
        publisher: Publisher | None = None,
        create: bool = True,
        uploads: Path | None = None,
    ) -> None:
        self.server = server
        self.publisher = publisher
        self._find_replica = find_replica
        self._replica: Replica | None = None
        self._published = float("-inf")
        self.root = Path(root).expanduser().absolute()
        try:
            if create:
                self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HomeUnusable(
                f"The data folder {self.root} cannot be made: {error.strerror}.",
                hint="Give another data folder.",
            ) from error
        self.pages = self.root / "pages"
        self.staging = self.root / "staging"
        self.uploads = uploads or self.root / "uploads"
        self.remote = self.uploads / REMOTE

    @property
    def replica(self) -> Replica | None:
        """What the home reads, if it has no library of its own and one was published.

        Raises:
            ObjectStoreError: the store cannot be asked.
        """
        own = (self.root / name for name in ("library.sqlite3", SHARDS_FILE))
        if self._find_replica is None or any(path.exists() for path in own):
            return None
        if self._replica is None:
            self._replica = self._find_replica(self.root / "mirror")
        return self._replica

    @property
    def shards_file(self) -> Path:
        """The list of shards, which only a home in shards has."""
        replica = self.replica
        return replica.shards_file if replica else self.root / SHARDS_FILE

    @property
    def database(self) -> Path:
        """The library's file."""
        replica = self.replica
        return replica.database if replica else self.root / "library.sqlite3"

    @property
    def index(self) -> Path:
        """The folder of indexes."""
        replica = self.replica
        return replica.index if replica else self.root / "index"

    @property
    def chroma(self) -> Path:
        """The embedded Chroma's folder."""
        return self.index / "chroma"

    @property
    def id(self) -> str:
        """Twelve random hexadecimal digits of this home, made when first asked for."""
        path = self.root / "id"
        if not path.exists():
            beside = self.root / f".id.{uuid.uuid4().hex}"
            beside.write_text(uuid.uuid4().hex[:12], encoding="utf-8")
            try:
                os.link(beside, path)  # unlike a rename, it lets the first of two win
            except FileExistsError:
                pass
            finally:
                beside.unlink()
        return path.read_text(encoding="utf-8")

    def check_writable(self) -> None:
        """Refuse to write to a mirror.

        Raises:
            ReadOnlyMirror: the library is another home's.
        """
        if replica := self.replica:
            raise ReadOnlyMirror(
                f"{self.root} is a mirror of {replica.url}, and cannot be written.",
                hint="Write where the library is, or open the data folder without the store.",
            )

    @contextmanager
    def writing(
        self,
        timeout: float | None = None,
        on_wait: Callable[[], None] | None = None,
        *,
        publish: bool = True,
    ) -> Iterator[WriterLock]:
        """Hold the writer's lock; the kernel releases it when the process dies.

        A long writer calls `give_way` of what it gets.

        Args:
            timeout: seconds to wait for another writer; None waits without a limit.
            on_wait: called once if there is another writer.
            publish: publish once all went well, if there is a publisher.

        Raises:
            HomeBusy: another writer kept the lock past the timeout.
            HomeUnusable: the folder cannot be written.
            DiskFull: what was done while the lock was held found no space.
            ReadOnlyMirror: the library is another home's.
            ObjectStoreError: the home cannot be published; what was written stays.
        """
        self.check_writable()
        lock = WriterLock(self.root)
        lock.acquire(timeout, on_wait)
        try:
            if self.publisher and publish:
                self.publisher.check(self)  # before work that could not be published
            yield lock
            if publish:
                self.publish()
        except Exception as error:
            if is_disk_full(error, self.root):
                raise disk_full(self.root) from error
            raise
        finally:
            lock.release()

    def publish(self, every: float = 0.0) -> None:
        """Publish the home, if it has a publisher. The writer's lock must be held.

        Args:
            every: seconds since the last time, or the first call, before which nothing is done.

        Raises:
            ObjectStoreError
        """
        if self.publisher is None:
            return
        if every and self._published == float("-inf"):
            self._published = time.monotonic()
        if time.monotonic() - self._published >= every:
            self.publisher.publish(self)
            self._published = time.monotonic()

    def delete_uploads(self, paths: Sequence[str]) -> None:
        """Delete those of the files that live in the home itself."""
        for path in map(Path, paths):
            if self.remote in path.parents:
                discard(path)
            elif self.uploads in path.parents:
                discard(path.parent if path.parent != self.uploads else path)

    def free_bytes(self) -> int:
        """Bytes free on the disk of the home, or where it would be."""
        there = next(folder for folder in (self.root, *self.root.parents) if folder.exists())
        return shutil.disk_usage(there).free

    def size(self) -> int:
        """Bytes on disk below the home, without the reserve."""
        reserve = self.root / "reserve"
        return folder_size(self.root) - (reserve.stat().st_size if reserve.exists() else 0)
