"""Remote sources of an ingest: URLs of files and folders, as files in the home."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from ingest.event import Event, Failed
from ingest.extras import MissingExtra
from ingest.fetch.clean_url import clean_url
from ingest.fetch.fetch_policy import FetchPolicy, UrlRefused, UrlUnreachable
from ingest.fetch.keep import keep_url
from ingest.fetch.keep_folder import keep_folder, kept_place, open_folder
from ingest.fetch.remote_url import is_remote, is_remote_folder
from ingest.file_state import MISSING, Failure
from ingest.library.home import Home


def fetch_remote(
    home: Home, sources: Sequence[str | Path], policy: FetchPolicy, *, again: bool = False
) -> Generator[Event, None, list[str | Path]]:
    """Fetch what is new or changed among sources; returns paths in place of URLs.

    A URL that cannot be fetched is an event. What is kept of it is read all the same.

    Args:
        again: fetch files too whose documents were removed.

    Raises:
        ReadOnlyMirror
    """
    paths: list[str | Path] = []
    for source in sources:
        if not is_remote(source):
            paths.append(source)
            continue
        url = str(source).strip()
        try:
            if is_remote_folder(url):
                folder = open_folder(url, policy)
                if (place := kept_place(home, folder.url)).exists():
                    paths.append(place)  # also where the folder cannot be listed now
                yield from keep_folder(home, folder, again=again)
                if place not in paths and place.exists():
                    paths.append(place)
            else:
                paths.append(keep_url(home, url, policy))
        except (UrlRefused, UrlUnreachable, MissingExtra) as error:
            yield Failed(Failure(clean_url(url), MISSING, error.message, error.hint))
    return paths
