"""Folders of buckets and of web servers: listed, fetched once, moved, removed, without credentials."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import pytest
from make_pdf import make_pdf

from api.ingestion import IngestOptions, plan_ingest, run_ingest
from api.settings import Settings
from ingest.event import Added, Event, Failed, FileFetched, FolderListed, Removed, StayedRemoved
from ingest.extras import MissingExtra
from ingest.fetch import bucket_folder
from ingest.fetch.clean_url import clean_url
from ingest.fetch.fetch_policy import FetchPolicy, UrlRefused
from ingest.fetch.keep_folder import kept_place, open_folder
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter
from ingest.remove import remove
from ingest.verify import verify

SETTINGS = Settings.model_construct(
    encoder="minilm", images="conse", ocr="none", workers=1, dpi=40, fetch_private=True
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def ingest(home: Home, *urls: str, **options: Any) -> list[Event]:
    plan = plan_ingest(home, SETTINGS, IngestOptions(encoder="minilm", **options))
    return list(run_ingest(home, urls, plan))


def fetched(events: Sequence[Event]) -> list[str]:
    return [event.url.rpartition("/")[2] for event in events if isinstance(event, FileFetched)]


def names(home: Home) -> set[str]:
    return {document.name for document in Library(home).documents()}


@pytest.fixture
def bucket(s3: str, tmp_path: Path) -> tuple[str, Any, Path]:
    """URL of a folder in a bucket with two PDFs, its file system, and a folder of PDFs."""
    files = fsspec.filesystem("s3", use_listings_cache=False)
    for name in ("a", "b", "c"):
        make_pdf(tmp_path / f"{name}.pdf", f"Lamp {name}")
    url = f"{s3}/{tmp_path.name}"
    files.put_file(str(tmp_path / "a.pdf"), f"{url}/2024/a.pdf")
    files.put_file(str(tmp_path / "b.pdf"), f"{url}/2024/maps/b.pdf")
    files.pipe_file(f"{url}/2024/data.bin", b"of no kind that is read")
    return f"{url}/2024", files, tmp_path


def test_objects_are_fetched_once_and_move_with_their_tags(
    home: Home, bucket: tuple[str, Any, Path]
) -> None:
    url, files, folder = bucket
    events = ingest(home, url)
    assert events[0] == FolderListed(url, 2)
    assert fetched(events) == ["a.pdf", "b.pdf"]
    assert names(home) == {"a.pdf", "b.pdf"}
    assert [d.name for d in Library(home).documents_in("2024/maps")] == ["b.pdf"]
    assert fetched(ingest(home, url)) == []

    [document] = Library(home).documents_in("maps")
    with home.writing():
        writer = LibraryWriter(home)
        writer.set_document_tags(document.id, ["map"])
        writer.close()
    files.mv(f"{url}/maps/b.pdf", f"{url}/plans/b2.pdf")
    files.put_file(str(folder / "c.pdf"), f"{url}/a.pdf")
    events = ingest(home, f"{url}/", prune=True)
    assert fetched(events) == ["a.pdf", "b2.pdf"]
    assert [event.document.name for event in events if isinstance(event, Removed)] == ["a.pdf"]
    [moved] = Library(home).documents_in("plans")
    assert (moved.id, moved.name, moved.tags) == (document.id, "b2.pdf", ("map",))
    assert names(home) == {"a.pdf", "b2.pdf"}
    assert verify(home) == []


def test_objects_that_are_gone_go_with_prune_and_not_where_nothing_is_listed(
    home: Home, bucket: tuple[str, Any, Path]
) -> None:
    url, files, folder = bucket
    ingest(home, url)
    files.rm(f"{url}/a.pdf")
    ingest(home, url)
    assert names(home) == {"a.pdf", "b.pdf"}
    ingest(home, url, prune=True)
    assert names(home) == {"b.pdf"}
    files.put_file(str(folder / "a.pdf"), f"{url}/a.pdf")  # with the ETag that it had
    assert fetched(ingest(home, url)) == ["a.pdf"]
    files.rm(f"{url}/a.pdf")
    ingest(home, url, prune=True)
    files.rm(url, recursive=True)
    [failed] = [e for e in ingest(home, url, prune=True) if isinstance(e, Failed)]
    assert failed.failure.reason == f"There is nothing at {url}."
    assert names(home) == {"b.pdf"}


def test_a_removed_object_is_fetched_again_only_when_asked(
    home: Home, bucket: tuple[str, Any, Path]
) -> None:
    url, _, _ = bucket
    ingest(home, url)
    [document] = [d for d in Library(home).documents() if d.name == "a.pdf"]
    remove(home, [document.id])
    assert not kept_place(home, f"{url}/a.pdf").exists()
    assert kept_place(home, f"{url}/maps/b.pdf").is_file()
    assert fetched(ingest(home, url)) == []
    assert names(home) == {"b.pdf"}
    events = ingest(home, url, again=True)
    assert fetched(events) == ["a.pdf"]
    assert not [event for event in events if isinstance(event, StayedRemoved)]
    assert names(home) == {"a.pdf", "b.pdf"}


def test_one_object_and_large_ones(
    home: Home, bucket: tuple[str, Any, Path], tmp_path: Path
) -> None:
    url, _, _ = bucket
    folder = open_folder(f"{url}/a.pdf", FetchPolicy(max_bytes=10))
    [file] = folder.files()
    with pytest.raises(UrlRefused, match=r"a\.pdf is larger than 1e-05 MB"):
        folder.fetch(file, tmp_path / "x", "")
    assert folder.fetch(file, tmp_path / "x", file.validator) is None
    assert [e.document.name for e in ingest(home, f"{url}/a.pdf") if isinstance(e, Added)] == [
        "a.pdf"
    ]


def test_backends_that_are_not_installed_are_named(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket_folder, "require", lambda *_, **__: None)
    with pytest.raises(MissingExtra, match="Reading gs://papers/ needs"):
        open_folder("gs://papers/", FetchPolicy())
    [failed] = [e for e in ingest(home, "gs://papers/") if isinstance(e, Failed)]
    assert failed.failure.path == "gs://papers/"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path, list[str]]]:
    """Address of a server that lists a folder, the folder, and what was asked for with its status."""
    asked: list[str] = []
    root = tmp_path / "www"
    (root / "docs" / "old years").mkdir(parents=True)

    class Handler(SimpleHTTPRequestHandler):
        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            asked.append(f"{self.path} {int(code)}")

        def log_message(self, *_: object) -> None:
            pass

    handler = partial(Handler, directory=str(root))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", root, asked
    finally:
        server.shutdown()
        server.server_close()


def test_a_listing_of_a_web_server_is_read_below_it(
    home: Home, web: tuple[str, Path, list[str]]
) -> None:
    base, root, asked = web
    make_pdf(root / "outside.pdf", "Outside")
    make_pdf(root / "docs" / "a.pdf", "Lamp")
    make_pdf(root / "docs" / "old years" / "b & c.pdf", "Boat")
    events = ingest(home, f"{base}/docs/?token=hush")
    assert sorted(fetched(events)) == ["a.pdf", "b%20%26%20c.pdf"]
    assert names(home) == {"a.pdf", "b & c.pdf"}
    assert [d.name for d in Library(home).documents_in("docs/old years")] == ["b & c.pdf"]

    asked.clear()
    assert fetched(ingest(home, f"{base}/docs/")) == []
    assert sorted(line for line in asked if ".pdf" in line) == [
        "/docs/a.pdf 304",
        "/docs/old%20years/b%20%26%20c.pdf 304",
    ]
    (root / "docs" / "a.pdf").rename(root / "docs" / "lamp.pdf")
    assert fetched(ingest(home, f"{base}/docs/")) == ["lamp.pdf"]
    assert names(home) == {"lamp.pdf", "b & c.pdf"}
    [failed] = [e for e in ingest(home, f"{base}/none/", prune=True) if isinstance(e, Failed)]
    assert "/none/ answers with status 404." in failed.failure.reason
    assert "hush" not in everything(home)


def everything(home: Home) -> str:
    """All that a home says in files and names of files."""
    texts = [str(path) for path in home.root.rglob("*")]
    with sqlite3.connect(home.database) as db:
        texts += list(db.iterdump())
    return "\n".join(texts)


def test_links_that_lead_elsewhere_are_not_followed(
    home: Home, web: tuple[str, Path, list[str]]
) -> None:
    base, root, asked = web
    links = [
        "../outside.pdf",
        "//127.0.0.1:9/b.pdf",
        "?C=N;O=D",
        "a.pdf?download=1",
        "%2e%2e/x.pdf",
    ]
    page = "".join(f"<a href='{link}'>x</a>" for link in [*links, "a.pdf", "a.pdf#top"])
    (root / "docs" / "index.html").write_text(page)
    make_pdf(root / "docs" / "a.pdf", "Lamp")
    make_pdf(root / "outside.pdf", "Outside")
    ingest(home, f"{base}/docs/")
    assert names(home) == {"a.pdf"}
    assert not [line for line in asked if "outside" in line]
    assert home.remote in kept_place(home, f"{base}/docs/%2e%2e/%2e%2e/x.pdf").parents


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://ada:pw@a.org:81/x.pdf#top", "https://a.org:81/x.pdf"),
        ("https://a.org/x?page=2&X-Amz-Signature=1f&X-Amz-Date=3", "https://a.org/x?page=2"),
        ("https://a.org/x?sv=2024&sp=r&sig=4", "https://a.org/x"),
        ("https://a.org/x?sv=2024&sp=r", "https://a.org/x?sv=2024&sp=r"),
        ("https://a.org/x?access_token=4&q=1", "https://a.org/x?q=1"),
        ("http://[::1/x?sig=2", "http://[::1/x"),
    ],
)
def test_credentials_are_taken_out_of_urls(url: str, clean: str) -> None:
    assert clean_url(url) == clean


def test_passwords_in_bucket_urls_are_refused_and_not_repeated() -> None:
    with pytest.raises(UrlRefused) as caught:
        open_folder("sftp://ada:hush@example.org/papers", FetchPolicy())
    assert "hush" not in str(caught.value)
