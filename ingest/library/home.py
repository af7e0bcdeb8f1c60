"""The one folder where everything lives, and the lock that lets one writer in at a time.

HOME/library.sqlite3     documents, names, pages, words (ingest.library.library)
HOME/pages/DOCUMENT/     page images
HOME/index/ENCODER/      manifest and multi-vectors (ingest.index.index)
HOME/index/chroma/       one record a page
HOME/uploads/            files that came over HTTP and have no other place
HOME/staging/            half-written things; emptied by the next writer
HOME/writer.lock         held by whoever writes
HOME/id                  what tells homes apart that share a Chroma server
HOME/mirror/             in place of all but the lock, where the library is another's (ingest.replica.mirror)
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ingest.error import ConflictError, StorageError, UnavailableError
from ingest.library.atomic import discard

if TYPE_CHECKING:
    from ingest.index.server import Server
    from ingest.replica.mirror import Mirror
    from ingest.replica.object_store import ObjectStore


class HomeBusy(UnavailableError):
    """Another process is writing to the home."""

    code = "home-busy"


class HomeUnusable(StorageError):
    """The home cannot be made or written."""

    code = "home-unusable"


class ReadOnlyMirror(ConflictError):
    """The home is a mirror of another, and cannot be written."""

    code = "read-only-mirror"


class Home:
    """Paths below one data folder. Making one creates the folder, nothing else.

    Args:
        server: the Chroma server that holds the records of the indexes; None keeps them in the home.
        store: where a writer publishes the home to; a home without a library of its own mirrors it.
    """

    def __init__(
        self, root: Path | str, server: Server | None = None, store: ObjectStore | None = None
    ) -> None:
        self.server = server
        self.store = store
        self._mirror: Mirror | None = None
        self._published = float("-inf")
        self.root = Path(root).expanduser().absolute()
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HomeUnusable(
                f"The data folder {self.root} cannot be made: {error.strerror}.",
                hint="Choose another with --home or PAGEGLASS_HOME.",
            ) from error
        self.pages = self.root / "pages"
        self.staging = self.root / "staging"
        self.uploads = self.root / "uploads"

    @property
    def mirror(self) -> Mirror | None:
        """What the home reads, if it has a store and no library of its own, and something was published.

        Raises:
            ObjectStoreError: the store cannot be asked.
        """
        if self.store is None or (self.root / "library.sqlite3").exists():
            return None
        if self._mirror is None:
            from ingest.replica.mirror import find_mirror

            self._mirror = find_mirror(self.root / "mirror", self.store)
        return self._mirror

    @property
    def database(self) -> Path:
        """The library's file."""
        mirror = self.mirror
        return mirror.database if mirror else self.root / "library.sqlite3"

    @property
    def index(self) -> Path:
        """The folder of indexes."""
        mirror = self.mirror
        return mirror.index if mirror else self.root / "index"

    @property
    def chroma(self) -> Path:
        """The embedded Chroma's folder."""
        return self.index / "chroma"

    @property
    def id(self) -> str:
        """Twelve random hexadecimal digits of this home, made when first asked for."""
        path = self.root / "id"
        if not path.exists():
            fresh = self.root / f".id.{uuid.uuid4().hex}"
            fresh.write_text(uuid.uuid4().hex[:12], encoding="utf-8")
            try:
                os.link(fresh, path)  # unlike a rename, it lets the first of two win
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_text(encoding="utf-8")

    @contextmanager
    def writing(
        self,
        timeout: float | None = None,
        on_wait: Callable[[], None] | None = None,
        *,
        publish: bool = True,
    ) -> Iterator[None]:
        """Hold the writer's lock; the kernel lets go of it when the process dies.

        Args:
            timeout: seconds to wait for another writer; None waits as long as it takes.
            on_wait: called once if there is somebody to wait for.
            publish: to the store, if there is one, once all went well.

        Raises:
            HomeBusy: another writer kept the lock past the timeout.
            ReadOnlyMirror: the library is another home's.
            ObjectStoreError: the store cannot be published to; what was written stays in the home.
        """
        if self.mirror:
            raise ReadOnlyMirror(
                f"{self.root} is a mirror of {self.mirror.store.url}, and cannot be written.",
                hint="Do it where the library is, or without PAGEGLASS_STORE.",
            )
        try:
            lock = FileLock(self.root / "writer.lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                if on_wait:
                    on_wait()
                lock.acquire(timeout=-1 if timeout is None else timeout)
        except Timeout as error:
            raise HomeBusy(
                f"Another process is writing to {self.root}.",
                hint="Try again when it has finished.",
            ) from error
        except OSError as error:
            raise HomeUnusable(
                f"The data folder {self.root} cannot be written: {error.strerror}.",
                hint="Check its permissions and the space left on the disk.",
            ) from error
        try:
            if self.store and publish:
                from ingest.replica.publish import check_owner

                check_owner(self, self.store)  # before work that could not be published
            yield
            if publish:
                self.publish()
        finally:
            lock.release()

    def publish(self, every: float = 0.0) -> None:
        """Publish to the store, if there is one. The writer's lock must be held.

        Args:
            every: seconds from the last time, or from the first that was asked, before which nothing is done.

        Raises:
            ObjectStoreError
        """
        if self.store is None:
            return
        from ingest.replica.publish import publish

        if every and self._published == float("-inf"):
            self._published = time.monotonic()
        if time.monotonic() - self._published >= every:
            publish(self, self.store)
            self._published = time.monotonic()

    def delete_uploads(self, paths: Sequence[str]) -> None:
        """Delete those of the files that live in the home itself."""
        for path in map(Path, paths):
            if self.uploads in path.parents:
                discard(path.parent if path.parent != self.uploads else path)

    def size(self) -> int:
        """Bytes on disk below the home."""
        return sum(
            os.lstat(os.path.join(folder, name)).st_size
            for folder, _, names in os.walk(self.root)
            for name in names
        )
