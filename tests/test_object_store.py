"""Homes published to a folder and to an S3 API, and mirrors that read them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient
from make_library import copy_home
from pydantic import ValidationError
from typer.testing import CliRunner

from api.cli.main import app
from api.diagnostics.examine import examine
from api.http.app import create_app
from api.settings import Settings
from ingest import add as adding
from ingest.add import AddSettings, add
from ingest.event import Added, Event
from ingest.extras import MissingExtra
from ingest.files.render import RenderSettings
from ingest.filter import PageFilter
from ingest.index.index import open_indexes
from ingest.index.server import RecordsMissing, Server
from ingest.library.database import LibraryNotFound
from ingest.library.home import Home, ReadOnlyMirror
from ingest.library.keys import HEAD
from ingest.library.library import Library
from ingest.remove import remove
from ingest.replica import mirror as mirrors
from ingest.replica import publish as publishing
from ingest.replica.head import ObjectStoreFormatError, read_head
from ingest.replica.object_store import (
    ObjectStore,
    ObjectStoreRefused,
    ObjectStoreUnreachable,
)
from ingest.replica.publish import ObjectStoreTaken
from ingest.replica.snapshot_blocks import BLOCKS, block_key, unpack_digests
from ingest.shards.connect import connect_home
from ingest.verify import verify
from retrieval.search import Searcher

QUESTION = "Which lamp is in the lighthouse?"
PLAIN = AddSettings(render=RenderSettings(dpi=40, ocr="none"), encoders=("minilm",), workers=1)
TEXTS = {
    "lamp.txt": "The lamp in the lighthouse burns paraffin.\n",
    "keeper.txt": "The keeper lights the lamp at dusk.\n" + "It rains.\n" * 60,
    "menu.txt": "Soup, bread and a view of the lighthouse.\n",
    "rope.txt": "Rope is sold by the metre, lamps by the piece.\n",
}


@pytest.fixture(scope="module")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A library of four texts: an S3 API takes its time for every file. Not to be changed."""
    folder = tmp_path_factory.mktemp("texts")
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    home = Home(tmp_path_factory.mktemp("small"))
    list(add(home, [folder], PLAIN))
    return home


@pytest.fixture
def own_home(small_home: Home, tmp_path: Path) -> Home:
    """A copy of it, to be changed at will."""
    return copy_home(small_home, tmp_path / "home")


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty store of each kind."""
    if request.param == "folder":
        return ObjectStore(f"file://{tmp_path}/store")
    return ObjectStore(f"{request.getfixturevalue('s3')}/{tmp_path.name}")


@pytest.fixture
def folder(tmp_path: Path) -> ObjectStore:
    """An empty store in a folder."""
    return ObjectStore(f"file://{tmp_path}/store")


@pytest.fixture(autouse=True)
def always_checking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let mirrors read the head each time."""
    monkeypatch.setattr(mirrors, "CHECK", 0.0)


class Cut(BaseException):
    """What a kill is to the store: nothing more comes."""


def found(home: Home, exhaustive_pages: int = 1_000) -> list[Any]:
    searcher = Searcher(home, exhaustive_pages=exhaustive_pages)
    try:
        return searcher.search(QUESTION, top=5)
    finally:
        searcher.close()


def read_all(home: Home) -> int:
    """Every page's image and vectors; how many pages."""
    library, count = Library(home), 0
    indexes = open_indexes(home)
    assert indexes
    for document in library.documents():
        for index in indexes:
            assert index.vectors(document).page_count == document.page_count
        for record in library.page_records(PageFilter.to([document.id])):
            assert library.image(record.page)[:4] == b"RIFF"
            count += 1
    return count


def test_two_mirrors_find_what_the_writer_finds(
    own_home: Home, store: ObjectStore, tmp_path: Path
) -> None:
    writer = connect_home(own_home.root, store=store)
    list(add(writer, [], PLAIN))
    here = found(writer)
    page = here[0].page
    for name in ("one", "two"):
        mirror = connect_home(tmp_path / name, store=store)
        assert found(mirror) == here
        assert Library(mirror).image(page) == Library(writer).image(page)
        assert Library(mirror).image_path(page).read_bytes() == Library(writer).image(page)
        assert all(index.has(Library(mirror).documents()[0]) for index in open_indexes(mirror))
    assert not (tmp_path / "one" / "library.sqlite3").exists()


def test_mirrors_ask_the_chroma_server_for_candidates(
    own_home: Home, folder: ObjectStore, chroma_server: Server, tmp_path: Path
) -> None:
    writer = connect_home(own_home.root, chroma_server, folder)
    list(add(writer, [], PLAIN))
    here = found(writer, exhaustive_pages=0)
    assert here
    assert found(connect_home(tmp_path / "one", chroma_server, folder), exhaustive_pages=0) == here
    with pytest.raises(RecordsMissing, match="records"):
        found(connect_home(tmp_path / "two", store=folder), exhaustive_pages=0)


def test_what_is_there_is_not_sent_again(
    own_home: Home, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = connect_home(own_home.root, store=store)
    list(add(writer, [], PLAIN))
    sent: list[str] = []
    put, write = ObjectStore.put, ObjectStore.write
    monkeypatch.setattr(
        ObjectStore, "put", lambda self, paths: (sent.extend(paths), put(self, paths))
    )
    monkeypatch.setattr(
        ObjectStore, "write", lambda self, key, data: (sent.append(key), write(self, key, data))
    )
    head = read_head(store)
    list(add(writer, [], PLAIN))
    assert sent == []
    assert read_head(store) == head
    gone = Library(writer).documents()[0]
    remove(writer, [gone.id])
    assert {key.split("/")[0] for key in sent} == {
        "blocks", "library", "contents", "head.json",
    }  # fmt: skip


def test_a_running_mirror_sees_removals(
    own_home: Home, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = connect_home(own_home.root, store=store)
    list(add(writer, [], PLAIN))
    mirror = connect_home(tmp_path / "mirror", store=store)
    searcher = Searcher(mirror)
    first = searcher.search(QUESTION, top=5)[0].page
    old = searcher.library.document(first.document_id)
    monkeypatch.setattr(publishing, "GRACE", 0.0)
    remove(writer, [first.document_id])
    folders = [key for key in store.children("pages") if first.document_id in key]
    assert not [key for folder in folders for key in store.children(folder)]
    hits = searcher.search(QUESTION, top=5)
    assert hits
    assert first.document_id not in {hit.page.document_id for hit in hits}
    assert old not in searcher.library.documents()
    cached = [path.name for path in (tmp_path / "mirror" / "mirror" / "cache").iterdir()]
    assert cached
    assert not [name for name in cached if first.document_id in name]
    searcher.close()


def test_a_mirror_that_meets_what_is_deleted_takes_the_newest(
    own_home: Home, folder: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has read the head a moment ago, and does not look again until something is missing."""
    writer = connect_home(own_home.root, store=folder)
    list(add(writer, [], PLAIN))
    monkeypatch.setattr(mirrors, "CHECK", 1_000.0)
    mirror = connect_home(tmp_path / "mirror", store=folder)
    searcher = Searcher(mirror)
    first = searcher.search(QUESTION, top=1)[0].page
    monkeypatch.setattr(publishing, "GRACE", 0.0)
    remove(writer, [first.document_id])
    shutil.rmtree(tmp_path / "mirror" / "mirror" / "cache")
    hits = searcher.search(QUESTION, top=5)
    assert hits
    assert first.document_id not in {hit.page.document_id for hit in hits}
    searcher.close()


def test_what_is_not_needed_stays_for_a_while(
    own_home: Home, folder: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until another publish that is late enough, where nothing was removed."""
    writer = connect_home(own_home.root, store=folder)
    list(add(writer, [], PLAIN))
    before = set(folder.children("library"))
    spare = tmp_path / "spare.txt"
    spare.write_text("A spare lamp.\n")
    list(add(writer, [spare], PLAIN))
    assert set(folder.children("library")) > before
    monkeypatch.setattr(publishing, "GRACE", 0.0)
    list(add(writer, [], PLAIN))
    assert len(folder.children("library")) == len(folder.children("contents")) == 1
    assert folder.read("stale.json") == b"{}"


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 99])
def test_a_removed_document_leaves_nothing_in_the_bucket(
    own_home: Home, folder: ObjectStore, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    """When the command that removes it ends; cut off there, when the next one does."""
    writer = connect_home(own_home.root, store=folder)
    list(add(writer, [], PLAIN))
    gone = Library(writer).documents()[0].id
    delete, left = ObjectStore.delete, cut

    def counted(self: ObjectStore, key: str) -> None:
        nonlocal left
        if left == 0:
            raise Cut
        left -= 1
        delete(self, key)

    monkeypatch.setattr(ObjectStore, "delete", counted)
    with suppress(Cut):
        remove(writer, [gone])
    if cut < 99:
        left = 99
        list(add(writer, [], PLAIN))
    files = [path for path in Path(folder.url.removeprefix("file://")).rglob("*") if path.is_file()]
    assert not [path for path in files if gone in str(path)]
    for kind in ("library", "contents"):
        assert len(folder.children(kind)) == 1
    digests = unpack_digests(folder.read(read_head(folder).library_key))  # type: ignore[union-attr]
    assert set(folder.children(BLOCKS)) == set(map(block_key, digests))


def test_a_publish_cut_off_anywhere_leaves_the_head_whole(
    own_home: Home, folder: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document goes and one comes; cut before each of the steps, one by one, and while files are put."""
    spare = tmp_path / "spare.txt"
    writer = connect_home(own_home.root, store=folder)
    list(add(writer, [], PLAIN))
    pages = read_all(connect_home(tmp_path / "before", store=folder))
    head = folder.read(HEAD)
    alone = Home(own_home.root)
    remove(alone, [Library(alone).documents()[0].id])
    spare.write_text("A spare lamp.\n")
    list(add(alone, [spare], PLAIN))
    monkeypatch.setattr(publishing, "GRACE", 0.0)
    left = 0

    def counted(act: Callable[..., Any]) -> Callable[..., Any]:
        def cut(*given: Any) -> Any:
            nonlocal left
            if left == 0:
                raise Cut
            left -= 1
            return act(*given)

        return cut

    monkeypatch.setattr(ObjectStore, "write", counted(ObjectStore.write))
    monkeypatch.setattr(ObjectStore, "delete", counted(ObjectStore.delete))
    put = counted(ObjectStore.put)
    monkeypatch.setattr(
        ObjectStore,
        "put",
        lambda self, paths: [put(self, {key: path}) for key, path in paths.items()],
    )
    cuts = 0
    while True:
        left = cuts
        try:
            list(add(writer, [], PLAIN))
            break
        except Cut:
            new = folder.read(HEAD) != head
            mirror = connect_home(tmp_path / f"cut{cuts}", store=folder)
            assert read_all(mirror) == (pages if not new else Library(writer).page_count())
            cuts += 1
    assert cuts > 2
    assert read_all(connect_home(tmp_path / "after", store=folder)) == Library(writer).page_count()
    assert verify(writer) == []


def test_a_small_cache_stays_small(own_home: Home, folder: ObjectStore, tmp_path: Path) -> None:
    writer = connect_home(own_home.root, store=folder)
    list(add(writer, [], PLAIN))
    home = connect_home(tmp_path / "mirror", store=folder)
    mirror = home.replica
    assert isinstance(mirror, mirrors.Mirror)
    assert mirror
    sizes = [path.stat().st_size for path in own_home.root.glob("index/*/*.safetensors")]
    mirror.cache.most = int(1.2 * max(sizes))
    assert sum(sizes) > mirror.cache.most
    searcher = Searcher(home)
    here = found(writer)
    for _ in range(2):
        assert searcher.search(QUESTION, top=5) == here
        files = list(mirror.cache.folder.iterdir())
        assert sum(file.stat().st_size for file in files) <= mirror.cache.most
        held = {mirror.cache.path(key) for key in mirror._opened}
        assert held <= set(files)
    [reader] = searcher._shards._readers.values()
    assert reader._snapshot
    assert not reader._snapshot.opened
    for file in files:  # by another process
        file.unlink()
    mirror.refresh()
    assert not mirror._opened
    assert searcher.search(QUESTION, top=5) == here
    searcher.close()


def test_a_mirror_cannot_be_written(own_home: Home, folder: ObjectStore, tmp_path: Path) -> None:
    list(add(connect_home(own_home.root, store=folder), [], PLAIN))
    mirror = connect_home(tmp_path / "mirror", store=folder)
    name = Library(mirror).documents()[0].id
    with pytest.raises(ReadOnlyMirror, match="without the store"):
        list(add(mirror, ["data/samples"]))
    with pytest.raises(ReadOnlyMirror):
        remove(mirror, [name])
    settings = {"PAGEGLASS_HOME": str(tmp_path / "mirror"), "PAGEGLASS_STORE": folder.url}
    done = CliRunner().invoke(app, ["remove", "--yes", name], env=settings)
    assert done.exit_code == 1
    assert "is a mirror of" in done.stderr
    done = CliRunner().invoke(app, ["list"], env=settings)
    assert done.exit_code == 0
    with TestClient(create_app(mirror, Settings(workers=1)), "http://127.0.0.1") as client:
        response = client.post("/v1/documents?wait=true", files={"files": ("a.pdf", b"%PDF-1.4")})
        assert response.status_code == 409
        assert response.json()["type"] == "urn:pageglass:problem:read-only-mirror"
        hits = client.post("/v1/search", json={"query": QUESTION}).json()["hits"]
        assert client.get(f"/v1/pages/{hits[0]['page']}/image").status_code == 200
    assert not list((tmp_path / "mirror").glob("uploads/*/*"))


def test_a_long_run_is_published_as_it_goes(
    folder: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "PUBLISH_EVERY", 0.0)
    writer, mirror = (
        connect_home(tmp_path / "home", store=folder),
        connect_home(tmp_path / "mirror", store=folder),
    )
    note = tmp_path / "note.txt"
    note.write_text("A note.\n")
    run = cast("Generator[Event]", add(writer, [note], PLAIN))
    with pytest.raises(LibraryNotFound):
        Library(mirror)
    assert any(isinstance(event, Added) for event in run)
    next(run)  # the run goes on, and is then cut off
    run.close()
    assert [document.name for document in Library(mirror).documents()] == ["note.txt"]
    assert read_all(mirror) == 1


def test_a_store_belongs_to_one_home(own_home: Home, folder: ObjectStore, tmp_path: Path) -> None:
    list(add(connect_home(own_home.root, store=folder), [], PLAIN))
    other = copy_home(own_home, tmp_path / "other").root
    (other / "id").unlink()
    with pytest.raises(ObjectStoreTaken, match="another home"):
        list(add(connect_home(other, store=folder), [], PLAIN))
    findings = examine(connect_home(other, store=folder), Settings(store=folder.url))
    assert next(f for f in findings if f.topic == "store").state == "broken"


def test_stores_that_cannot_be_used(own_home: Home, s3: str, tmp_path: Path) -> None:
    with pytest.raises(MissingExtra, match="pip install gcsfs"):
        ObjectStore("gs://bucket/prefix").read(HEAD)
    with pytest.raises(ObjectStoreUnreachable, match="nonsense"):
        ObjectStore("nonsense://bucket/prefix").read(HEAD)
    with pytest.raises(ObjectStoreRefused, match="bucket"):
        list(
            add(
                connect_home(own_home.root, store=ObjectStore("s3://no-such-bucket/prefix")),
                [],
                PLAIN,
            )
        )
    newer = ObjectStore(f"{s3}/newer")
    newer.write(HEAD, b'{"format": 99}')
    with pytest.raises(ObjectStoreFormatError, match="same version"):
        Library(connect_home(tmp_path / "mirror", store=newer))
    assert verify(own_home) == []


def test_the_doctor_asks_the_store(own_home: Home, folder: ObjectStore, tmp_path: Path) -> None:
    settings = Settings(store=folder.url)

    def finding(home: Home) -> tuple[str, str]:
        one = next(f for f in examine(home, settings) if f.topic == "store")
        return one.state, one.detail

    writer = connect_home(own_home.root, store=folder)
    assert finding(writer) == ("ok", "empty yet: the next ingest publishes to it")
    list(add(writer, [], PLAIN))
    assert "published up to" in finding(writer)[1]
    assert "is a mirror" in finding(connect_home(tmp_path / "mirror", store=folder))[1]


@pytest.mark.parametrize(
    "url", ["bucket", "s3://", "s3://key:secret@bucket/a", "simplecache::s3://b/c"]
)
def test_addresses_that_cannot_be(url: str) -> None:
    with pytest.raises(ValidationError) as told:
        Settings(store=url)
    assert "secret" not in str(told.value)


def test_no_store_is_the_default() -> None:
    assert Settings().published() is None
    assert Settings(store=" ").published() is None
    assert Settings(store="s3://a/b/").published() == ObjectStore("s3://a/b", 10_000)
