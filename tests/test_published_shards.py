"""A library in shards, published to an object store, and mirrors that read it as one."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from make_library import copy_home
from typer.testing import CliRunner

from api.cli.main import app
from api.engine import Engine
from api.settings import Settings
from ingest import add as adding
from ingest.add import AddSettings, add
from ingest.encoders.load import load_encoder
from ingest.event import Added, Moved
from ingest.files.render import RenderSettings
from ingest.index.index import open_indexes
from ingest.index.server import RecordsMissing, Server
from ingest.library.home import Home, ReadOnlyMirror
from ingest.library.keys import HEAD
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter
from ingest.replica import mirror as mirrors
from ingest.replica.head import Head, ShardsHead, read_head
from ingest.replica.mirrored_library import MirroredLibrary
from ingest.replica.object_store import ObjectStore, ObjectStoreRefused
from ingest.replica.snapshot_blocks import BLOCKS, block_key, unpack_digests
from ingest.shards.acts import edit_document, remove_documents, verify_home
from ingest.shards.add_to_shards import add_documents
from ingest.shards.connect import connect_home
from ingest.shards.reshard import reshard
from ingest.shards.shard_layout import ShardMissing, moves_mark, read_layout, shard_homes
from ingest.shards.sharded_library import open_library
from retrieval.hit import Hit
from retrieval.search import Searcher

PLAIN = AddSettings(render=RenderSettings(dpi=40, ocr="none"), encoders=("minilm",), workers=1)
QUESTION = "Which lamp is in the lighthouse?"
TEXTS = {
    "lamp.txt": "The lamp in the lighthouse burns paraffin.\n",
    "keeper.txt": "The keeper lights the lamp at dusk.\n" + "It rains.\n" * 60,
    "menu.txt": "Soup, bread and a view of the lighthouse.\n",
    "rope.txt": "Rope is sold by the metre, lamps by the piece.\n",
    "boat.txt": "The boat brings paraffin every second week.\n",
}


class Cut(BaseException):
    """What a kill is: nothing more comes."""


@pytest.fixture(autouse=True)
def always_checking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let mirrors read the head each time, and searchers share their encoders."""
    monkeypatch.setattr(mirrors, "CHECK", 0.0)
    monkeypatch.setattr("retrieval.query.encode.load_encoder", cache(load_encoder))


@pytest.fixture(scope="module")
def two_shards(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A library of texts in two shards. Not to be changed."""
    folder = tmp_path_factory.mktemp("texts")
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    home = Home(tmp_path_factory.mktemp("two"))
    list(add(home, [folder], PLAIN))
    list(reshard(home, 2))
    assert all(Library(shard).document_count() for shard in shard_homes(home).values())
    return home


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    """An empty store in a folder."""
    return ObjectStore(f"file://{tmp_path}/store")


@pytest.fixture
def writer(two_shards: Home, store: ObjectStore, tmp_path: Path) -> Home:
    """A copy of the library, published."""
    home = connect_home(copy_home(two_shards, tmp_path / "home").root, store=store)
    list(add_documents(home, [], PLAIN))
    return home


@pytest.fixture
def mirror(writer: Home, store: ObjectStore, tmp_path: Path) -> Home:
    return connect_home(tmp_path / "mirror", store=store)


def found(home: Home, query: str = QUESTION, exhaustive_pages: int = 1_000) -> list[Hit]:
    with closing(Searcher(home, exhaustive_pages=exhaustive_pages)) as searcher:
        return searcher.search(query, top=20)


def pages(home: Home) -> list[str]:
    """Keys of every page that is found."""
    return sorted(hit.page.key for hit in found(home, "paraffin lamp rope boat soup rain keeper"))


def read_all(home: Home) -> int:
    """Every page's image and vectors in every shard; how many pages the library has."""
    library = open_library(home)
    for its_library in library.shards().values():
        documents = its_library.documents()
        for index in open_indexes(its_library.home) if documents else ():
            assert all(index.vectors(d).page_count == d.page_count for d in documents)
    for record in library.page_records():
        assert library.image(record.page)[:4] == b"RIFF"
    return len(library.page_records())


def counted(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[int]:
    """A number of calls of the store after which it cuts off, put into the list."""
    left = [10_000]

    def wrap(act: Callable[..., Any]) -> Callable[..., Any]:
        def cut(*given: Any) -> Any:
            if left[0] == 0:
                raise Cut
            left[0] -= 1
            return act(*given)

        return cut

    for name in names:
        monkeypatch.setattr(ObjectStore, name, wrap(getattr(ObjectStore, name)))
    return left


def test_a_mirror_finds_in_the_samples_what_the_writer_finds(
    own_home: Home, store: ObjectStore, tmp_path: Path
) -> None:
    writer = connect_home(own_home.root, store=store)
    list(reshard(writer, 2))
    mirror = connect_home(tmp_path / "mirror", store=store)
    for query in ("a lighthouse by the sea", "operating revenue", "등대", '"water level" -rope'):
        here = found(writer, query)
        assert here
        assert found(mirror, query) == here
    assert open_library(mirror).documents() == open_library(writer).documents()
    page = here[0].page
    assert open_library(mirror).image(page) == open_library(writer).image(page)
    assert read_all(mirror) == open_library(writer).page_count()


def test_so_it_does_through_candidates(
    two_shards: Home, store: ObjectStore, chroma_server: Server, tmp_path: Path
) -> None:
    root = copy_home(two_shards, tmp_path / "home").root
    writer = connect_home(root, chroma_server, store)
    list(add_documents(writer, [], PLAIN))
    here = found(writer, exhaustive_pages=0)
    assert here
    assert found(connect_home(tmp_path / "one", chroma_server, store), exhaustive_pages=0) == here
    with pytest.raises(RecordsMissing, match="records"):
        found(connect_home(tmp_path / "two", store=store), exhaustive_pages=0)


def test_a_mirror_answers_as_the_writer_does(
    writer: Home, mirror: Home, store: ObjectStore
) -> None:
    asked = []
    for home in (writer, mirror):
        settings = {"PAGEGLASS_HOME": str(home.root), "PAGEGLASS_STORE": store.url}
        done = CliRunner().invoke(app, ["ask", "What does the lamp burn?"], env=settings)
        assert done.exit_code == 0
        asked.append(done.stdout)
    assert "paraffin" in asked[0]
    assert asked[0] == asked[1]


def test_s3_holds_shards_too(two_shards: Home, s3: str, tmp_path: Path) -> None:
    store = ObjectStore(f"{s3}/{tmp_path.name}")
    writer = connect_home(copy_home(two_shards, tmp_path / "home").root, store=store)
    list(add_documents(writer, [], PLAIN))
    assert found(connect_home(tmp_path / "mirror", store=store)) == found(writer)


def test_only_shards_that_changed_are_sent(
    writer: Home, mirror: Home, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    put, write = ObjectStore.put, ObjectStore.write

    def note(self: ObjectStore, keys: Any) -> None:
        sent.extend(f"{self.url.removeprefix(store.url)}/{key}" for key in keys)

    monkeypatch.setattr(ObjectStore, "put", lambda s, paths: (note(s, paths), put(s, paths)))
    monkeypatch.setattr(ObjectStore, "write", lambda s, k, data: (note(s, [k]), write(s, k, data)))
    head = read_head(store)
    assert isinstance(head, ShardsHead)
    list(add_documents(writer, [], PLAIN))
    assert sent == []
    assert read_head(store) == head
    before = {name: Library(shard).document_count() for name, shard in shard_homes(writer).items()}
    spare = tmp_path / "spare.txt"
    spare.write_text("A spare lamp.\n")
    list(add_documents(writer, [spare], PLAIN))
    holder = next(
        n for n, s in shard_homes(writer).items() if Library(s).document_count() > before[n]
    )
    assert {key.split("/")[2] for key in sent if key != "/head.json"} == {holder}
    assert "spare.txt" in {document.name for document in open_library(mirror).documents()}


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 99])
def test_a_removed_document_leaves_nothing_in_the_bucket(
    writer: Home, mirror: Home, store: ObjectStore, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    """When the command that removes it ends; cut off there, when the next one does."""
    with closing(Searcher(mirror)) as searcher:
        gone = searcher.search(QUESTION, top=1)[0].page.document_id
        left = counted(monkeypatch, "delete")
        left[0] = cut
        with suppress(Cut):
            remove_documents(writer, [gone])
        if cut < 99:
            left[0] = 99
            list(add_documents(writer, [], PLAIN))
        files = [p for p in Path(store.url.removeprefix("file://")).rglob("*") if p.is_file()]
        assert not [path for path in files if gone in str(path)]
        head = read_head(store)
        assert isinstance(head, ShardsHead)
        for name, its_head in head.shards.items():
            its = store.below(f"shards/{name}")
            digests = unpack_digests(its.read(its_head.library_key))
            assert set(its.children(BLOCKS)) == set(map(block_key, digests))
            assert len(its.children("library")) == len(its.children("contents")) == 1
        assert gone not in {hit.page.document_id for hit in searcher.search(QUESTION, top=20)}
    cached = [path.name for path in (mirror.root / "mirror" / "cache").iterdir()]
    assert cached
    assert not [name for name in cached if gone in name]


@pytest.mark.parametrize("count", [3, 1])
def test_a_mirror_follows_a_rebalancing(
    writer: Home, mirror: Home, store: ObjectStore, count: int
) -> None:
    before = pages(mirror)
    with closing(Searcher(mirror)) as searcher:
        for event in reshard(writer, count):
            assert isinstance(event, Moved)
            assert len(searcher.search("paraffin lamp rope boat soup rain keeper", top=20)) == len(
                before
            )
        assert (
            sorted(h.page.key for h in searcher.search("lamp rope boat soup rain", top=20))
            == before
        )
        assert searcher.missing_shards == ()
    assert found(mirror) == found(writer)
    assert read_layout(mirror) == read_layout(writer)
    folders = {f"shards/{name}" for name in shard_homes(writer)}
    assert set(store.children("shards")) == folders
    assert {path.name for path in (mirror.root / "mirror" / "shards").iterdir()} == {
        folder.removeprefix("shards/") for folder in folders
    }


@pytest.mark.parametrize("count", [3, 1])
def test_a_rebalancing_cut_off_anywhere_leaves_every_page(
    writer: Home, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """The moves are done but not published; each try publishes a step more."""
    expected = pages(writer)
    with monkeypatch.context() as patch:
        patch.setattr("ingest.shards.connect.StorePublisher.publish", lambda *_: None)
        list(reshard(writer, count))
    head = store.read(HEAD)
    left = counted(monkeypatch, "write", "put", "delete")
    for cuts in range(100):
        left[0] = cuts
        try:
            list(add_documents(writer, [], PLAIN))
            break
        except Cut:
            left[0] = 10_000
            mirror = connect_home(tmp_path / f"cut{cuts}", store=store)
            assert read_all(mirror) == len(expected)
    assert cuts > 5
    assert store.read(HEAD) != head
    assert pages(connect_home(tmp_path / "after", store=store)) == expected


@pytest.mark.parametrize("count", [3, 1])
def test_another_process_meets_every_page_while_a_mirror_is_brought_up(
    writer: Home, mirror: Home, store: ObjectStore, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Shards are brought up one by one; a reader that has asked a moment ago sees some of them."""
    expected = pages(mirror)
    list(reshard(writer, count))
    take, seen = MirroredLibrary.take, []

    def watched(self: MirroredLibrary, head: Head) -> None:
        take(self, head)
        monkeypatch.setattr(mirrors.Mirror, "refresh", lambda *_, **__: None)
        seen.append(sorted(record.page.key for record in open_library(mirror).page_records()))
        monkeypatch.setattr(mirrors.Mirror, "refresh", refresh)

    refresh = mirrors.Mirror.refresh
    monkeypatch.setattr(MirroredLibrary, "take", watched)
    assert pages(mirror) == expected
    assert seen
    assert all(keys == expected for keys in seen)


def test_a_move_that_is_killed_is_published_whole(
    writer: Home, mirror: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: object) -> None:
        raise Cut

    expected = pages(mirror)
    with monkeypatch.context() as patch:
        patch.setattr("ingest.shards.move.forget", kill)
        with pytest.raises(Cut):
            list(reshard(writer, 3))
    assert pages(mirror) == expected
    name = open_library(writer).documents()[0].id
    edit_document(writer, name, title="Lamps")  # publishes all shards
    assert sum(s.document_count() for s in open_library(mirror).shards().values()) > len(TEXTS)
    assert pages(mirror) == expected
    assert open_library(mirror).document_count() == len(TEXTS)
    list(reshard(writer, 3))
    assert pages(mirror) == expected
    assert verify_home(writer) == []


def test_a_published_library_becomes_one_in_shards(
    two_shards: Home, store: ObjectStore, tmp_path: Path
) -> None:
    (tmp_path / "lamp.txt").write_text(TEXTS["lamp.txt"])
    (tmp_path / "rope.txt").write_text(TEXTS["rope.txt"])
    writer = connect_home(tmp_path / "home", store=store)
    list(add_documents(writer, [tmp_path / "lamp.txt", tmp_path / "rope.txt"], PLAIN))
    engine = Engine(connect_home(tmp_path / "mirror", store=store), Settings(rerank="none"))
    before = [hit.page for hit in engine.searcher().search(QUESTION)]
    assert len(before) == 2
    list(reshard(writer, 2))
    assert engine.searcher().library.generation  # takes what has been published
    assert [hit.page for hit in engine.searcher().search(QUESTION)] == before
    assert engine.library().shards().keys() == {"000", "001"}
    engine.close()
    for kind in ("library", "contents", BLOCKS, "pages"):
        assert not [key for key in store.children(kind) if store.exists(key)]
    assert not (tmp_path / "mirror" / "mirror" / "library.sqlite3").exists()


def test_a_mirror_in_shards_cannot_be_written(mirror: Home) -> None:
    name = open_library(mirror).documents()[0].id
    writes: list[Callable[[], object]] = [
        lambda: list(add_documents(mirror, ["data/samples"], PLAIN)),
        lambda: remove_documents(mirror, [name]),
        lambda: edit_document(mirror, name, title="Mine"),
        lambda: list(reshard(mirror, 3)),
        lambda: verify_home(mirror),
    ]
    for write in writes:
        with pytest.raises(ReadOnlyMirror, match="is a mirror of"):
            write()


def test_a_long_run_is_published_as_it_goes(
    writer: Home, mirror: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not while documents move."""
    monkeypatch.setattr(adding, "PUBLISH_EVERY", 0.0)
    layout, notes = read_layout(writer), []
    assert layout
    while len(notes) < 3:  # of one shard
        text = f"Note {len(notes)}{'.' * random.randint(1, 1_000)}\n"
        if layout.shard_of(hashlib.sha256(text.encode()).hexdigest()[:20]) == "001":
            notes.append(tmp_path / f"note{len(notes)}.txt")
            notes[-1].write_text(text)
    added = (event for event in add_documents(writer, notes, PLAIN) if isinstance(event, Added))

    def mirrored() -> set[str]:
        return {document.id for document in open_library(mirror).documents()}

    first, second = next(added), next(added)
    assert first.document.id in mirrored()
    with writer.writing(publish=False):  # as a rebalancing does
        next(added)
        assert second.document.id not in mirrored()
    assert not list(added)
    assert {note.name for note in notes} <= {d.name for d in open_library(mirror).documents()}


def test_a_shard_that_is_being_written_is_published_by_its_writer(
    writer: Home, mirror: Home
) -> None:
    shards = shard_homes(writer)
    names = {name: Library(shard).documents()[0].id for name, shard in shards.items()}

    def mirrored() -> set[str]:
        return {document.id for document in open_library(mirror).documents()}

    with shards["001"].writing():
        library = LibraryWriter(shards["001"])
        library.remove([names["001"]])
        library.close()
        remove_documents(writer, [names["000"]])
        assert mirrored().isdisjoint({names["000"]})
        assert names["001"] in mirrored()
        moves_mark(writer).touch()  # now one alone could lose a document
        shards["000"].publish()
        assert moves_mark(writer).exists()
        with shards["000"].writing(publish=False):
            LibraryWriter(shards["000"]).touch()
            shards["000"].publish()
        assert moves_mark(writer).exists()
    assert names["001"] not in mirrored()
    assert not moves_mark(writer).exists()


def test_a_store_that_is_down_is_no_shard_that_is_down(
    mirror: Home, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer from the shards that happen to be cached would be no answer."""
    with closing(Searcher(mirror)) as searcher:
        assert searcher.search(QUESTION)
        monkeypatch.setattr(mirrors, "CHECK", 1_000.0)
        shutil.rmtree(store.url.removeprefix("file://"))
        shutil.rmtree(mirror.root / "mirror" / "cache")
        with pytest.raises(ObjectStoreRefused, match="holds no library"):
            searcher.search("Where is rope sold?")


def test_a_shard_that_is_down_is_published_by_none(writer: Home, mirror: Home) -> None:
    name = open_library(writer).documents()[0].id
    (shard_homes(writer)["001"].root / "library.sqlite3").rename(writer.root / "aside")
    expected = pages(mirror)
    with pytest.raises(ShardMissing, match="001"):
        remove_documents(writer, [name])
    assert pages(mirror) == expected
