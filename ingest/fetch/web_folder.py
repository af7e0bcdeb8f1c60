"""Web folder: files that the listing of a web server links to, also below it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx

from ingest.fetch.clean_url import clean_url
from ingest.fetch.fetch import open_url, write_body
from ingest.fetch.fetch_policy import FetchPolicy, UrlRefused, UrlUnreachable
from ingest.fetch.remote_folder import MAX_FILES, RemoteFile, is_wanted

MAX_LISTINGS = 2_000
"""Folders that are listed."""
MAX_LISTING = 10_000_000
"""Bytes of a listing."""
_LISTING = {"Accept": "text/html"}


class WebFolder:
    """Folder of a web server as a `RemoteFolder`; files are fetched as by `fetch`."""

    def __init__(self, url: str, policy: FetchPolicy) -> None:
        self.url = clean_url(url.strip()).partition("?")[0]
        self._given = url.strip()
        self._policy = policy

    def files(self) -> Iterator[RemoteFile]:
        """Follow the links of the listing that lead below it; see `RemoteFolder`."""
        waiting, seen, count = deque([self._given]), {self.url}, 0
        listings = 0
        while waiting:
            if (listings := listings + 1) > MAX_LISTINGS or count > MAX_FILES:
                raise UrlRefused(
                    f"{self.url} has more than {MAX_LISTINGS:,} folders or {MAX_FILES:,} files.",
                    hint="Name the folders below it one by one.",
                )
            here = waiting.popleft()
            for link in self._links(here):
                url = clean_url(link)
                if url in seen or not url.startswith(self.url) or urlsplit(url).query:
                    continue
                seen.add(url)
                if url.endswith("/"):
                    waiting.append(link)
                elif is_wanted(urlsplit(url).path):
                    count += 1
                    yield RemoteFile(url, link)

    def fetch(self, file: RemoteFile, path: Path, known: str) -> str | None:
        """Download a file where it has changed; see `RemoteFolder`."""
        kind, _, value = known.partition(" ")
        name = {"tag": "If-None-Match", "time": "If-Modified-Since"}.get(kind)
        headers = {"Accept": "*/*"} | ({name: value} if name else {})
        with open_url(file.key, self._policy, headers) as response:
            if known and response.status_code == httpx.codes.NOT_MODIFIED:
                return None
            write_body(response, path, self._policy)
            tag, time = response.headers.get("etag"), response.headers.get("last-modified")
        return f"tag {tag}" if tag else f"time {time}" if time else ""

    def _links(self, url: str) -> list[str]:
        """Links of a listing, absolute."""
        with open_url(url, self._policy, _LISTING) as response:
            kind = response.headers.get("content-type", "")
            if response.status_code != httpx.codes.OK:
                raise UrlUnreachable(
                    f"{clean_url(url)} answers with status {response.status_code}.",
                    hint="Check the address.",
                )
            if "html" not in kind:
                raise UrlRefused(
                    f"{clean_url(url)} is no listing of files, but {kind[:100] or 'of no kind'}.",
                    hint="Name the files themselves, or a folder that the server lists.",
                )
            body = bytearray()
            for piece in response.iter_bytes(1 << 16):
                body += piece
                if len(body) > MAX_LISTING:
                    raise UrlRefused(
                        f"The listing {clean_url(url)} is longer than {MAX_LISTING / 1e6:g} MB.",
                        hint="Name the folders below it one by one.",
                    )
        parser = _Links()
        parser.feed(body.decode("utf-8", "replace"))
        return [urldefrag(urljoin(url, link))[0] for link in parser.found]


class _Links(HTMLParser):
    """Targets of the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the target of a link."""
        if tag == "a":
            self.found += [value.strip() for name, value in attrs if name == "href" and value]
