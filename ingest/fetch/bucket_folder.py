"""Bucket folder: objects of a bucket, or files of a server, by fsspec."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from ingest.error import PageglassError
from ingest.extras import missing_extra, require
from ingest.fetch.clean_url import clean_url
from ingest.fetch.fetch_policy import FetchPolicy, UrlRefused, UrlUnreachable
from ingest.fetch.remote_folder import MAX_FILES, RemoteFile, is_wanted

_TAGS = ("ETag", "etag", "md5Hash", "content_md5", "checksum")
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "modify", "modified")


class BucketFolder:
    """Folder of a bucket as a `RemoteFolder`.

    Credentials are those that fsspec's backend finds in its environment.

    Raises:
        MissingExtra, UrlRefused
    """

    def __init__(self, url: str, policy: FetchPolicy) -> None:
        self.url = clean_url(url.strip())
        self._policy = policy
        parts = urlsplit(url.strip())
        if parts.password or "::" in url:
            raise UrlRefused(
                f"{self.url} was given with a password or a chain of protocols.",
                hint="Give the plain URL; credentials come from the environment.",
            )
        self._system, root = self._open(url.strip())
        self._root = root.rstrip("/")
        # Of a bucket the path begins with its name, of a server it lacks the name.
        host = parts.netloc.rpartition("@")[2]
        named = self._root.partition("/")[0] == host
        self._head = f"{parts.scheme.lower()}://" + ("" if named else f"{host}/")
        self.url = self._url_of(self._root)

    def files(self) -> Iterator[RemoteFile]:
        """List objects; see `RemoteFolder`."""
        with self._told():
            found = self._system.find(self._root, detail=True)
        if not found:
            raise UrlUnreachable(
                f"There is nothing at {self.url}.", hint="Check the bucket and the prefix."
            )
        wanted = sorted(name for name in found if is_wanted(name))
        for name in wanted[:MAX_FILES]:
            yield RemoteFile(self._url_of(name), name, _validator(found[name]))

    def fetch(self, file: RemoteFile, path: Path, known: str) -> str | None:
        """Copy an object to a path; see `RemoteFolder`."""
        if file.validator and file.validator == known:
            return None
        with self._told():
            size = self._system.size(file.key)
            if size and size > self._policy.max_bytes:
                raise UrlRefused(
                    f"{file.url} is larger than {self._policy.max_bytes / 1e6:g} MB.",
                    hint="Copy it to this machine, or raise the limit.",
                )
            try:
                self._system.get_file(file.key, str(path))
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        return file.validator

    def _url_of(self, name: str) -> str:
        return self._head + quote(name.lstrip("/"), safe="/")

    def _open(self, url: str) -> tuple[Any, str]:
        require("fsspec", extra="store", feature=f"Reading {self.url}")
        import fsspec  # type: ignore[import-untyped]

        with self._told():
            try:
                system, root = fsspec.url_to_fs(url, use_listings_cache=False)
            except ImportError as error:
                raise missing_extra("store", f"Reading {self.url}", [str(error.name)]) from error
        return system, root

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Translate errors of fsspec, whose texts may repeat signed addresses."""
        try:
            yield
        except PageglassError:
            raise
        except FileNotFoundError as error:
            raise UrlUnreachable(
                f"There is nothing at {self.url}.", hint="Check the bucket and the prefix."
            ) from error
        except PermissionError as error:
            raise UrlRefused(
                f"{self.url} does not let us in.",
                hint="Give credentials that may list and read it.",
            ) from error
        except Exception as error:
            raise UrlUnreachable(
                f"{self.url} cannot be read ({type(error).__name__}).",
                hint="Check the address, the network and the credentials.",
            ) from error


def _validator(info: dict[str, Any]) -> str:
    """What of a listing tells a changed object: its tag, else size and time."""
    for name in _TAGS:
        if info.get(name):
            return f"tag {info[name]}"
    time = next((info[name] for name in _TIMES if info.get(name)), None)
    return f"size {info.get('size')} time {time}" if time is not None else ""
