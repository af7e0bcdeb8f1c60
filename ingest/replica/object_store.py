"""Object store: a bucket or shared folder, by fsspec.

Knows no pages; `ingest.replica.publish` decides what lies under which key, and `ingest.replica.head`
what the newest of it is. Each backend of fsspec has errors of its own: all come out
as faults here, but for FileNotFoundError where a key is read.
Client: https://filesystem-spec.readthedocs.io
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest.disk.atomic import aside
from ingest.error import PageglassError, StorageError
from ingest.extras import EXTRAS, MissingExtra, missing_extra, require

AT_ONCE = 500
"""Files handed to fsspec together; it sends several of them at a time."""
OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"}
"""What is put there appears whole; elsewhere it is written aside and renamed."""


class ObjectStoreError(StorageError):
    """The object store cannot be used."""

    code = "object-store"


class ObjectStoreUnreachable(ObjectStoreError):
    """The store does not answer, or not as it should."""

    code = "object-store-unreachable"


class ObjectStoreRefused(ObjectStoreError):
    """The store answers and denies access."""

    code = "object-store-refused"


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """Object store at a URL of fsspec (`s3://BUCKET/PREFIX`, `file:///FOLDER`).

    Args:
        cache_mb: megabytes that a mirror keeps on disk of what it fetched.
    """

    url: str
    cache_mb: int = 10_000

    def below(self, prefix: str) -> ObjectStore:
        """The part of the store under a key prefix, as a store of its own."""
        return replace(self, url=f"{self.url}/{prefix}")

    def read(self, key: str) -> bytes:
        """The bytes under a key.

        Raises:
            FileNotFoundError: there are none.
            ObjectStoreError
        """
        with self._told():
            files, root = self._open()
            return bytes(files.cat_file(f"{root}/{key}"))

    def fetch(self, key: str, path: Path) -> None:
        """Copy what is under a key into a file.

        Raises:
            FileNotFoundError: there is nothing.
            ObjectStoreError
        """
        with self._told():
            files, root = self._open()
            files.get_file(f"{root}/{key}", str(path))

    def exists(self, key: str) -> bool:
        """Whether something is under a key."""
        with self._told():
            files, root = self._open()
            return bool(files.exists(f"{root}/{key}"))

    def write(self, key: str, data: bytes) -> None:
        """Write bytes under a key atomically."""
        with self._writing() as (files, root):
            if _is_folder(files):
                target = _ready(root, key)
                with aside(target) as file:
                    file.write(data)
            elif _is_object_store(files):
                files.pipe_file(f"{root}/{key}", data)
            else:
                with _renamed(files, f"{root}/{key}") as beside:
                    files.pipe_file(beside, data)

    def put(self, paths: Mapping[str, Path]) -> None:
        """Write files under keys, each atomically."""
        keys = list(paths)
        with self._writing() as (files, root):
            if _is_object_store(files):
                for at in range(0, len(keys), AT_ONCE):
                    some = keys[at : at + AT_ONCE]
                    files.put([str(paths[key]) for key in some], [f"{root}/{key}" for key in some])
                return
            for key, path in paths.items():
                if _is_folder(files):
                    with path.open("rb") as source, aside(_ready(root, key)) as file:
                        shutil.copyfileobj(source, file, 1 << 20)
                else:
                    with _renamed(files, f"{root}/{key}") as beside:
                        files.put_file(str(path), beside)

    def children(self, key: str) -> list[str]:
        """Keys directly below one, files and folders."""
        with self._told():
            files, root = self._open()
            try:
                found = files.ls(f"{root}/{key}", detail=False)
            except FileNotFoundError:
                return []
            paths = {str(path).rstrip("/") for path in found}
            paths.discard(f"{root}/{key}")  # an empty folder, where a server keeps such
            names = {path.rsplit("/", 1)[-1] for path in paths}
            return sorted(f"{key}/{name}" for name in names)

    def delete(self, key: str) -> None:
        """Delete a key or all below it; a missing key is no error."""
        with self._told():
            files, root = self._open()
            try:
                files.rm(f"{root}/{key}", recursive=True)
            except FileNotFoundError:
                return

    def _open(self) -> tuple[Any, str]:
        """The file system, and the path in it that all keys are below."""
        require("fsspec", extra="store", feature=f"The object store {self.url}")
        import fsspec  # type: ignore[import-untyped]
        from fsspec.registry import known_implementations  # type: ignore[import-untyped]

        protocol = self.url.partition("://")[0]
        try:
            # A listing that is kept would hide what others have written since.
            files, root = fsspec.url_to_fs(self.url, use_listings_cache=False)
        except ImportError as error:
            package = known_implementations.get(protocol, {}).get("class", protocol).split(".")[0]
            if package in EXTRAS["store"].modules:
                raise missing_extra("store", f"The object store {self.url}", [package]) from error
            raise MissingExtra(
                f"The object store {self.url} needs {package}, which is not installed.",
                hint=f"Run: pip install {package}.",
            ) from error
        return files, root.rstrip("/")

    @contextmanager
    def _writing(self) -> Iterator[tuple[Any, str]]:
        with self._told():
            files, root = self._open()
            try:
                yield files, root
            except FileNotFoundError as error:
                raise ObjectStoreRefused(
                    f"Nothing can be written to the store {self.url}: {str(error)[:300]}",
                    hint="Make the bucket or folder first, or check the address of the store.",
                ) from error

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Translate errors of fsspec into those of this program."""
        try:
            yield
        except (PageglassError, FileNotFoundError):
            raise
        except PermissionError as error:
            raise ObjectStoreRefused(
                f"The store {self.url} does not let us in: {str(error)[:300]}",
                hint="Give credentials that may read it, and for whoever ingests, write it.",
            ) from error
        except Exception as error:
            raise ObjectStoreUnreachable(
                f"The store {self.url} cannot be used: {str(error)[:300]}",
                hint="Check the address of the store, the network and the credentials.",
            ) from error


def _is_folder(files: Any) -> bool:
    return "file" in _protocols(files)


def _is_object_store(files: Any) -> bool:
    return bool(OBJECT_STORES & _protocols(files))


def _protocols(files: Any) -> set[str]:
    return {files.protocol} if isinstance(files.protocol, str) else set(files.protocol)


def _ready(root: str, key: str) -> Path:
    """The path of a key in a folder, with the folder it lies in."""
    path = Path(root, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def _renamed(files: Any, path: str) -> Iterator[str]:
    """A path beside another; what is written there is renamed into place."""
    folder, _, name = path.rpartition("/")
    files.makedirs(folder, exist_ok=True)
    beside = f"{folder}/.{name}.{uuid.uuid4().hex}"
    yield beside
    files.mv(beside, path)
