"""Kept folders: copies of the files of remote folders, in a home."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from ingest.disk.atomic import discard
from ingest.event import Event, Failed, FileFetched, FolderListed
from ingest.fetch.bucket_folder import BucketFolder
from ingest.fetch.fetch import MAX_NAME
from ingest.fetch.fetch_policy import FetchPolicy, UrlRefused, UrlUnreachable
from ingest.fetch.remote_folder import RemoteFile, RemoteFolder
from ingest.fetch.remote_url import is_bucket_url
from ingest.fetch.web_folder import WebFolder
from ingest.file_state import MISSING, Failure
from ingest.library.database import LibraryNotFound
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter


def open_folder(url: str, policy: FetchPolicy) -> RemoteFolder:
    """Remote folder of a URL.

    Raises:
        MissingExtra, UrlRefused
    """
    return BucketFolder(url, policy) if is_bucket_url(url) else WebFolder(url, policy)


def kept_place(home: Home, url: str) -> Path:
    """Where the copy of a remote file or folder is: the parts of its URL as folders."""
    parts = urlsplit(url)
    names = (parts.scheme, parts.netloc, *unquote(parts.path).split("/"))
    return home.remote.joinpath(*map(_file_name, filter(None, names)))


def keep_folder(home: Home, folder: RemoteFolder, *, again: bool = False) -> Iterator[Event]:
    """Bring the copies of a folder's files up to date, and delete those of no file.

    What tells that a file has not changed is kept in the library: such a file is not
    fetched, nor is one whose document was removed.

    Args:
        again: fetch files whose copy is not there, though they have not changed.

    Raises:
        UrlRefused, UrlUnreachable: the folder cannot be listed; no copy has changed then.
        ReadOnlyMirror
    """
    home.check_writable()
    files = list(folder.files())
    yield FolderListed(folder.url, len(files))
    if not files:
        raise UrlUnreachable(
            f"No file of a kind that is read was found at {folder.url}.",
            hint="Check the address; what was read from there before stays.",
        )
    known, fresh = _validators(home), dict[str, str]()
    places: set[Path] = set()
    try:
        for file in files:
            place = kept_place(home, file.url)
            places.add(place)
            before = known.get(_key(home, place), "") if place.is_file() or not again else ""
            try:
                after = _fetch(home, folder, file, place, before)
            except (UrlRefused, UrlUnreachable) as error:
                yield Failed(Failure(file.url, MISSING, error.message, error.hint))
                continue
            if after is not None:
                fresh[_key(home, place)] = after
                yield FileFetched(file.url)
    finally:
        _note(home, fresh)
    gone = _find_others(kept_place(home, folder.url), places)
    # A file that comes back is fetched, unlike one whose document was removed.
    _note(home, {_key(home, place): "" for place in gone})
    _delete(kept_place(home, folder.url), gone)


def _key(home: Home, place: Path) -> str:
    """Hash of a copy's place: the library keeps no more of one whose document was removed."""
    return hashlib.sha256(os.fsencode(place.relative_to(home.remote))).hexdigest()


def _fetch(
    home: Home, folder: RemoteFolder, file: RemoteFile, place: Path, known: str
) -> str | None:
    home.staging.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="url-", dir=home.staging) as staging:
        fetched = Path(staging, "file")
        validator = folder.fetch(file, fetched, known)
        if validator is not None:
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                fetched.replace(place)
            except OSError as error:
                raise UrlRefused(
                    f"{file.url} has no place beside the others: {error.strerror}.",
                    hint="Copy it to this machine under another name.",
                ) from error
    return validator


def _validators(home: Home) -> dict[str, str]:
    try:
        library = Library(home)
    except LibraryNotFound:
        return {}
    try:
        return library.validators()
    finally:
        library.close()


def _note(home: Home, validators: dict[str, str]) -> None:
    if validators:
        with home.writing(publish=False):
            library = LibraryWriter(home)
            library.set_validators(validators)
            library.close()


def _find_others(root: Path, places: Collection[Path]) -> list[Path]:
    """Copies of files that the listing does not have any more."""
    copies = (Path(folder, name) for folder, _, names in os.walk(root) for name in names)
    return [copy for copy in copies if copy not in places]


def _delete(root: Path, copies: Sequence[Path]) -> None:
    """Delete copies, and folders that are empty then."""
    for copy in copies:
        discard(copy)
    for folder, _, _ in os.walk(root, topdown=False) if copies else ():
        if not os.listdir(folder):
            os.rmdir(folder)


def _file_name(part: str) -> str:
    """A part of a URL as the name of a file or folder."""
    if part in {".", ".."} or "\0" in part or "\\" in part:
        part = quote(part, safe="").replace(".", "%2E")
    if len(os.fsencode(part)) <= MAX_NAME:
        return part
    stem, suffix = os.path.splitext(part)
    head = os.fsencode(stem)[: MAX_NAME - 40].decode("utf-8", "ignore")
    return f"{head}~{hashlib.sha256(part.encode()).hexdigest()[:16]}{suffix[:12]}"
