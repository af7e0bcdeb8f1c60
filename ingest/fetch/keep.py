"""Kept files: what was fetched by URL, in a home, as long as its document."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from ingest.fetch.fetch import fetch, file_name
from ingest.fetch.fetch_policy import FetchPolicy
from ingest.file_state import hash_file
from ingest.library.home import Home


def keep_url(home: Home, url: str, policy: FetchPolicy) -> Path:
    """Fetch a file into a home's uploads.

    One that has not changed there stays untouched.

    Raises:
        UrlRefused, UrlUnreachable, ReadOnlyMirror
    """
    home.check_writable()
    name = file_name(url)
    kept = home.uploads / f"url-{hashlib.sha256(name.encode()).hexdigest()[:20]}" / name
    home.staging.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="url-", dir=home.staging) as folder:
        fetched = fetch(url, Path(folder), policy)
        if not kept.is_file() or hash_file(kept) != hash_file(fetched):
            kept.parent.mkdir(parents=True, exist_ok=True)
            fetched.replace(kept)
    return kept
