"""Fetch: a file by its URL, written to a folder.

The host's name is resolved once, every address is checked, and the connection goes to
an address that was checked: a name that changes its address meanwhile (DNS rebinding)
leads nowhere else. Redirects are followed by hand and checked alike. Proxies and
credentials of the environment are not used. Nothing is opened here.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import httpx

from ingest.fetch.addresses import is_public, resolve
from ingest.fetch.clean_url import clean_url
from ingest.fetch.fetch_policy import FetchPolicy, UrlRefused, UrlUnreachable
from ingest.files.open import is_readable_head

MAX_REDIRECTS = 5
SECONDS = 60.0
"""Time for a whole file."""
HEAD = 1_024
MAX_NAME = 200
"""Bytes of a file's name; file systems take 255."""
MAX_URL = 4_096
FILES = {"Accept": "image/*, application/pdf"}

Resolve = Callable[[str, int], list[str]]


def file_name(url: str) -> str:
    """Name of the file that a URL is kept under: the clean URL, with % for slashes."""
    name = quote(clean_url(url.strip()), safe="")
    if len(name) <= MAX_NAME:
        return name
    return f"{name[: MAX_NAME - 20]}~{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def fetch(url: str, folder: Path, policy: FetchPolicy, *, resolve: Resolve = resolve) -> Path:
    """Fetch a PDF or image into a folder, under its URL as its name.

    Args:
        resolve: gives the addresses of a host and a port.

    Raises:
        UrlRefused: the URL, an address, the size or the content is not allowed.
        UrlUnreachable: it cannot be reached, or takes too long.
    """
    path = folder / file_name(url)
    with open_url(url, policy, resolve=resolve) as response:
        write_body(response, path, policy, is_readable_head)
    return path


@contextlib.contextmanager
def open_url(
    url: str,
    policy: FetchPolicy,
    headers: Mapping[str, str] = FILES,
    *,
    resolve: Resolve = resolve,
) -> Iterator[httpx.Response]:
    """Response to a GET request, after redirects; its body is still to be read.

    Raises:
        UrlRefused: the URL or an address is not allowed.
        UrlUnreachable: it cannot be reached.
    """
    here = url.strip().partition("#")[0]
    timeout = httpx.Timeout(20.0)
    try:
        with httpx.Client(trust_env=False, follow_redirects=False, timeout=timeout) as client:
            for _ in range(MAX_REDIRECTS + 1):
                with _get(client, here, policy, headers, resolve) as response:
                    if not response.has_redirect_location:
                        yield response
                        return
                    here = str(httpx.URL(here).join(response.headers["location"]))
    except httpx.InvalidURL as error:
        raise UrlRefused(
            f"{clean_url(url)[:MAX_URL]!r} is no URL: {error}.", hint="Give one of a file."
        ) from error
    except (httpx.HTTPError, OSError) as error:
        raise UrlUnreachable(
            f"{clean_url(url)} cannot be fetched: {_reason(error)}.",
            hint="Check the address, or try again.",
        ) from error
    raise UrlRefused(
        f"{clean_url(url)} leads on more than {MAX_REDIRECTS} times.",
        hint="Give the address of the file.",
    )


@contextlib.contextmanager
def _get(
    client: httpx.Client,
    url: str,
    policy: FetchPolicy,
    headers: Mapping[str, str],
    resolve: Resolve,
) -> Iterator[httpx.Response]:
    """Response of a checked address of the URL's host."""
    parsed = httpx.URL(url)
    if parsed.scheme not in {"http", "https"} or not parsed.host or len(url) > MAX_URL:
        raise UrlRefused(
            f"{clean_url(url)[:MAX_URL]} is no http or https URL.", hint="Give one of a file."
        )
    if parsed.userinfo:
        raise UrlRefused(
            f"A URL of {parsed.host} has a user name or password in it.",
            hint="Fetch the file yourself and give its path.",
        )
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    addresses = resolve(parsed.host, port)
    if not policy.allow_private and not all(map(is_public, addresses)):
        raise UrlRefused(
            f"{parsed.host} is in a private network, from which nothing is fetched.",
            hint="Fetch the file yourself, or allow private addresses.",
        )
    request = client.build_request(
        "GET",
        parsed.copy_with(host=addresses[0]),
        headers={"Host": parsed.netloc.decode(), **headers},
        extensions={"sni_hostname": parsed.host, "url": url},
    )
    response = client.send(request, stream=True)
    try:
        yield response
    finally:
        response.close()


def write_body(
    response: httpx.Response,
    path: Path,
    policy: FetchPolicy,
    is_readable: Callable[[bytes], bool] = lambda _head: True,
) -> None:
    """Write a body to its file.

    Args:
        is_readable: whether the first bytes are those of a file that is read.

    Raises:
        UrlRefused: the size or the content is not allowed.
        UrlUnreachable: the status is another than 200, or it takes too long.
    """
    url, ends = clean_url(str(response.request.extensions["url"])), time.monotonic() + SECONDS
    if response.status_code != httpx.codes.OK:
        raise UrlUnreachable(
            f"{url} answers with status {response.status_code}.", hint="Check the address."
        )
    # A body that grows when it is unpacked counts unpacked.
    size, head = 0, b""
    try:
        with path.open("wb") as file:
            for piece in response.iter_bytes(1 << 16):
                size += len(piece)
                if size > policy.max_bytes:
                    raise _too_large(url, policy)
                if time.monotonic() > ends:
                    raise UrlUnreachable(
                        f"{url} did not arrive within {SECONDS:g} s.", hint="Try again later."
                    )
                if len(head) < HEAD:
                    head += piece[: HEAD - len(head)]
                file.write(piece)
        if not is_readable(head):
            kind = response.headers.get("content-type", "of no kind that is read").partition(";")[0]
            raise UrlRefused(
                f"{url} is neither a PDF nor an image, but {kind[:100]}.",
                hint="Give the address of the file itself, not of a page that shows it.",
            )
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _too_large(url: str, policy: FetchPolicy) -> UrlRefused:
    return UrlRefused(
        f"{url} is larger than {policy.max_bytes / 1e6:g} MB.",
        hint="Fetch a smaller file, or raise the limit.",
    )


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "the server does not answer in time"
    return str(error).rstrip(".") or type(error).__name__
