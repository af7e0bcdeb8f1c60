"""A library in shards: written, searched and moved as one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from make_library import copy_home
from make_pdf import make_pdf
from typer.testing import CliRunner

import pageglass
from api.cli.main import app
from ingest.add import AddSettings, add
from ingest.encoders.load import load_encoder
from ingest.event import Added, Done, Moved, Removed
from ingest.file_state import document_id, hash_file
from ingest.files.render import RenderSettings
from ingest.filter import PageFilter
from ingest.library.database import HomeInShards
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.readers.limits import ReadLimits
from ingest.readers.reader_pool import ReaderPool
from ingest.replica.backup import HomeNotEmpty, restore
from ingest.shards import reshard as reshard_module
from ingest.shards.acts import back_up_home, edit_document, remove_documents, verify_home
from ingest.shards.add_to_shards import add_documents
from ingest.shards.grow import count_shards, grow_shards
from ingest.shards.reshard import reshard
from ingest.shards.shard_layout import (
    ShardHome,
    ShardLayout,
    ShardMissing,
    read_layout,
    shard_homes,
)
from ingest.shards.sharded_library import ShardedLibrary, open_library
from retrieval import candidates
from retrieval.hit import Hit
from retrieval.search import Searcher

SETTINGS = AddSettings(render=RenderSettings(ocr="none", dpi=40), encoders=("minilm",), workers=1)
TEXTS = {
    "harbour.txt": "The harbour wall was built of granite in 1873.\n" * 3,
    "lamp.txt": "The keeper lit the lamp at dusk. The lamp burned paraffin.\n",
    "storm.txt": "A storm broke the harbour wall, and the lamp went out.\n" + "Rain fell.\n" * 60,
    "rope.txt": "Rope is sold by the metre. Granite is sold by the ton.\n",
    "visits/2024/report.md": "# Visitors\n\nIn August 6,735 people climbed the tower.\n",
    "visits/2025/report.md": "# Visitors\n\nIn August 7,102 people climbed the tower.\n",
    "menu.txt": "Soup, bread and a harbour view for nine kroner.\n",
}
QUERIES = (
    "Who lit the lamp?",
    "granite harbour wall",
    '"harbour wall" -storm',
    "visitors in August",
    "lamp* OR rope",
    "6,735 people",
    "page 2 of the storm",
    "qzxwv",
)


@pytest.fixture(scope="module", autouse=True)
def loaded() -> Iterator[None]:
    """Encoders, loaded once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("retrieval.query.encode.load_encoder", cache(load_encoder))
        yield


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and then nothing.")  # shard 001
    for name, text in TEXTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def settings() -> Iterator[AddSettings]:
    """Settings of ingests that share a reading worker and the encoder."""
    with closing(ReaderPool(1, ReadLimits())) as readers:
        yield replace(SETTINGS, readers=readers, load_encoder=cache(load_encoder))


@pytest.fixture(scope="module")
def single(files: Path, settings: AddSettings, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("single"))
    list(add(home, [files], settings))
    return home


@pytest.fixture(scope="module")
def three(files: Path, settings: AddSettings, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The same files, ingested into three shards. For reading only."""
    home = Home(tmp_path_factory.mktemp("three"))
    list(reshard(home, 3))
    events = list(add_documents(home, [files], settings))
    assert sum(isinstance(event, Added) for event in events) == len(TEXTS)
    done = events[-1]
    assert isinstance(done, Done)
    assert (done.added, done.pages) == (len(TEXTS), count_pages(home))
    return home


def count_pages(home: Home) -> int:
    return open_library(home).page_count()


@pytest.fixture
def own(three: Home, tmp_path: Path) -> Home:
    return copy_home(three, tmp_path / "own")


def found(
    home: Home, queries: Sequence[str] = QUERIES[:2], exhaustive_pages: int = 1_000
) -> dict[str, list[Hit]]:
    with closing(Searcher(home, exhaustive_pages=exhaustive_pages)) as searcher:
        return {query: searcher.search(query, top=20) for query in queries}


def assert_same(one: dict[str, list[Hit]], other: dict[str, list[Hit]]) -> None:
    assert one.keys() == other.keys()
    for query, mine in one.items():
        theirs = other[query]
        assert [hit.page for hit in mine] == [hit.page for hit in theirs], query
        for a, b in zip(mine, theirs, strict=True):
            assert a.score == pytest.approx(b.score, abs=2e-5), query
            assert a.signals == pytest.approx(b.signals, abs=2e-5), query
            assert a.regions == b.regions


def test_three_shards_rank_as_one_library(single: Home, three: Home) -> None:
    assert all(Library(shard).document_count() for shard in shard_homes(three).values())
    assert_same(found(three, QUERIES), found(single, QUERIES))


def test_so_they_do_through_candidates(
    single: Home, three: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_same(found(three, QUERIES, 0), found(single, QUERIES, 0))
    monkeypatch.setattr(candidates, "RERANK_TOP_K", 3)
    searcher = Searcher(three, exhaustive_pages=0)
    ranking = searcher.rank("granite harbour wall")
    assert len(ranking.pages) < searcher.library.page_count()
    assert str(ranking.pages[ranking.order()[0]].page).startswith("harbour.txt")
    searcher.close()


def test_the_library_reads_as_one(single: Home, three: Home) -> None:
    one, shards = Library(single), open_library(three)
    assert isinstance(shards, ShardedLibrary)
    same = ("name", "id", "paths", "page_count", "title")
    assert [[getattr(d, n) for n in same] for d in shards.documents()] == [
        [getattr(d, n) for n in same] for d in one.documents()
    ]
    assert "2024/report.md" in {document.name for document in shards.documents()}
    assert shards.page_count() == one.page_count()
    assert [r.page for r in shards.page_records()] == [r.page for r in one.page_records()]
    page = shards.page("storm.txt-1")
    assert shards.words(page) == one.words(page)
    assert shards.image(page) == one.image(page)
    only = PageFilter.to([page.document_id])
    assert shards.count(only) == one.count(only)
    assert {d.name for d in shards.documents_in("visits")} == {"2024/report.md", "2025/report.md"}
    with pytest.raises(HomeInShards, match="000"):
        Library(three)
    with pytest.raises(HomeInShards):
        _ = shards._db


def test_more_and_fewer_shards_move_documents_without_encoding(
    own: Home, single: Home, files: Path
) -> None:
    before = found(own)
    searcher = Searcher(own)
    for count in (4, 1):
        for event in reshard(own, count):
            assert isinstance(event, Moved)
            assert_pages(searcher, before)  # searches go on meanwhile
            assert searcher.missing_shards == ()
        assert event.left == 0
        layout = read_layout(own)
        assert layout == ShardLayout(("000", "001", "002", "003")[:count])
        assert {path.name for path in (own.root / "shards").iterdir()} == set(layout.names)
        for name, shard in shard_homes(own).items():
            assert all(layout.shard_of(id_) == name for id_ in Library(shard).document_ids())
        assert verify_home(own) == []
        assert [f.path for f in open_library(own).failures()] == [str(files / "broken.pdf")]
        assert_same(found(own), found(single))
    searcher.close()
    assert list(reshard(own, 1)) == []


def test_a_shard_that_is_given_up_and_made_again_is_opened_again(own: Home) -> None:
    with closing(Searcher(own)) as searcher:
        before = found(own)
        assert_pages(searcher, before)
        for count in (2, 3):
            list(reshard(own, count))
        assert_pages(searcher, before)


def test_a_document_that_is_removed_meanwhile_is_not_moved(own: Home) -> None:
    moves = reshard(own, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingest.shards.reshard.AT_ONCE", 1)
        next(moves)
        (gone, *_) = Library(shard_homes(own)["001"]).document_ids()
        misplaced = reshard_module._misplaced

        def remove_after(shard: ShardHome, layout: ShardLayout) -> list[list[str]]:
            ids = misplaced(shard, layout)
            if [gone] in ids and open_library(own).has(gone):
                remove_documents(own, [gone])
            return ids

        patch.setattr(reshard_module, "_misplaced", remove_after)
        list(moves)
    assert not open_library(own).has(gone)
    assert open_library(own).document_count() == len(TEXTS) - 1
    assert verify_home(own) == []


@pytest.mark.parametrize("count", [4, 2])
def test_documents_that_move_meanwhile_are_removed_and_edited(own: Home, count: int) -> None:
    """Between the look for their shard and the turn to write to it."""
    looked, edited = Library.has, False
    layout = ShardLayout(("000",)).resized(count)
    name, shard = next(
        (id_, n)
        for n, each in shard_homes(own).items()
        for id_ in Library(each).document_ids()
        if layout.shard_of(id_) != n
    )

    def look_before_it_moves(self: Library, document_id: str) -> bool:
        nonlocal edited
        has = looked(self, document_id)
        if self.home.root.name == shard and document_id == name and not edited:
            edited = True
            list(reshard(own, count))
        return has

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Library, "has", look_before_it_moves)
        assert edit_document(own, name, title="Moved").title == "Moved"
    with pytest.MonkeyPatch.context() as patch:
        edited, shard = False, layout.shard_of(name)
        count, layout = 3, ShardLayout(("000",)).resized(3)
        patch.setattr(Library, "has", look_before_it_moves)
        assert [document.id for document in remove_documents(own, [name])] == [name]
    assert edited
    assert not open_library(own).has(name)


def assert_pages(searcher: Searcher, expected: dict[str, list[Hit]]) -> None:
    """The same pages are found, once each."""
    for query, hits in expected.items():
        pages = [hit.page.key for hit in searcher.search(query, top=20)]
        assert sorted(pages) == sorted(hit.page.key for hit in hits)


def test_a_library_becomes_shards(single: Home, tmp_path: Path) -> None:
    home = copy_home(single, tmp_path / "home")
    list(reshard(home, 2))
    assert not (home.root / "library.sqlite3").exists()
    assert verify_home(home) == []
    assert_same(found(home), found(single))


def test_shards_are_added_where_one_is_full(
    single: Home, files: Path, settings: AddSettings, tmp_path: Path
) -> None:
    home = copy_home(single, tmp_path / "home")
    assert list(grow_shards(home, count_pages(home))) == []
    assert read_layout(home) is None
    assert list(grow_shards(Home(tmp_path / "empty"), 1)) == []
    list(grow_shards(home, 4))
    layout = read_layout(home)
    assert layout
    sizes = [Library(shard).page_count() for shard in shard_homes(home).values()]
    assert len(sizes) > 1
    assert max(sizes) <= 4
    assert_same(found(home), found(single))
    for number in range(5):
        (tmp_path / "more").mkdir(exist_ok=True)
        (tmp_path / "more" / f"{number}.txt").write_text(f"Sail number {number}.\n")
    list(add_documents(home, [tmp_path / "more"], settings))
    list(grow_shards(home, 4))
    after = read_layout(home)
    assert after
    assert after.names[: len(layout.names)] == layout.names
    assert len(after.names) > len(layout.names)
    assert max(Library(shard).page_count() for shard in shard_homes(home).values()) <= 4
    assert verify_home(home) == []


def test_a_document_that_is_too_large_has_a_shard_of_its_own() -> None:
    assert count_shards({"a": 9}, 3) == 1
    assert count_shards({}, 3) == 1
    pages = {f"{n:020x}": 1 + n % 3 for n in range(40)} | {"large": 50}
    count = count_shards(pages, 10, 2)
    layout = ShardLayout(("000",)).resized(count)
    placed: dict[str, list[str]] = {}
    for id_ in pages:
        placed.setdefault(layout.shard_of(id_), []).append(id_)
    assert all(len(ids) == 1 or sum(pages[id_] for id_ in ids) <= 10 for ids in placed.values())
    fewer = ShardLayout(("000",)).resized(count - 1)
    sizes = [
        sum(min(pages[id_], 10) for id_ in pages if fewer.shard_of(id_) == n) for n in fewer.names
    ]
    assert max(sizes) > 10


def test_the_option_counts_pages(files: Path, tmp_path: Path) -> None:
    settings = {"PAGEGLASS_HOME": str(tmp_path / "home"), "PAGEGLASS_SHARD_PAGES": "1"}
    command = [
        "ingest",
        str(files / "visits"),
        "--shards",
        "auto",
        "--ocr",
        "none",
        "--encoder",
        "minilm",
    ]
    CliRunner().invoke(app, [*command, "--dpi", "40", "--workers", "1"], env=settings)
    home = Home(tmp_path / "home")
    assert count_pages(home) == 2
    assert max(Library(shard).page_count() for shard in shard_homes(home).values()) == 1
    for wrong in ("0", "many", "1001"):
        done = CliRunner().invoke(app, ["ingest", "--shards", wrong], env=settings)
        assert done.exit_code
        assert "shards" in done.stderr
    with pageglass.open(tmp_path / "client", shard_pages=1, ocr="none", dpi=40, workers=1) as lib:
        lib.ingest(files / "visits", shards="auto", encoder="minilm")
    assert read_layout(Home(tmp_path / "client")) == read_layout(home)


@pytest.mark.parametrize("killed_at", ["take", "forget"])
def test_a_move_that_is_killed_loses_and_doubles_nothing(
    own: Home, single: Home, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    where = "row_copier.RowCopier.take" if killed_at == "take" else "move.forget"
    with monkeypatch.context() as patch:
        patch.setattr(f"ingest.shards.{where}", kill)
        with pytest.raises(Killed):
            list(reshard(own, 4))
    expected = found(single)
    with closing(Searcher(own)) as searcher:
        # Where a document is in two shards its words count twice, but it is found once.
        assert_pages(searcher, expected)
    assert open_library(own).document_count() == len(TEXTS)
    list(reshard(own, 4))
    assert verify_home(own) == []
    assert_same(found(own), expected)


@pytest.mark.parametrize("how", ["gone", "no database", "not a database"])
def test_a_shard_that_is_down_is_told_and_comes_back(own: Home, how: str) -> None:
    searcher = Searcher(own)
    every = {hit.page.key for hit in searcher.search("harbour", top=50)}
    shard = shard_homes(own)["001"]
    lost = {record.page.key for record in Library(shard).page_records()}
    aside = own.root / "aside"
    shutil.copytree(shard.root, aside)
    if how == "gone":
        shutil.rmtree(shard.root)
    else:
        for path in shard.root.glob("library.sqlite3*"):
            path.unlink()
        if how == "not a database":
            (shard.root / "library.sqlite3").write_bytes(b"nonsense" * 2_000)
    for each in (searcher, Searcher(own))[how == "not a database" :]:  # one that is open reads on
        assert {hit.page.key for hit in each.search("harbour", top=50)} == every - lost
        assert each.missing_shards == ("001",)
    assert open_library(own).shards().keys() == {"000", "002"}
    assert any("Shard 001" in sentence for sentence in verify_home(own))
    with pytest.raises(ShardMissing, match="001"):
        list(add_documents(own, [], SETTINGS))
    shutil.rmtree(shard.root, ignore_errors=True)
    aside.rename(shard.root)
    assert {hit.page.key for hit in searcher.search("harbour", top=50)} == every
    assert searcher.missing_shards == ()
    searcher.close()


@pytest.fixture
def changing(own: Home, files: Path, tmp_path: Path) -> tuple[Home, Path]:
    folder = Path(shutil.copytree(files, tmp_path / "changing"))
    return own, folder


def test_ingest_changes_and_removal(
    changing: tuple[Home, Path], files: Path, settings: AddSettings
) -> None:
    home, folder = changing
    done = list(add_documents(home, [folder], settings))[-1]
    assert isinstance(done, Done)
    assert (done.added, done.named) == (0, len(TEXTS))  # the same bytes under other names
    library = open_library(home)
    assert {Path(failure.path).parent for failure in library.failures()} == {files, folder}
    (folder / "lamp.txt").write_text("The lamp is electric now.\n")
    whole = folder / "broken.pdf"
    for number in range(20):  # until another shard takes it
        make_pdf(whole, f"Whole {number}")
        layout = read_layout(home)
        if layout and layout.shard_of(document_id(hash_file(whole))) != "001":
            break
    events = list(add_documents(home, [folder], settings))
    assert sum(isinstance(event, Added) for event in events) == 2
    assert {Path(failure.path).parent for failure in library.failures()} == {files}
    remove_documents(home, [library.document(str(whole)).id])
    assert sum(str(folder / "lamp.txt") in d.paths for d in library.documents()) == 1
    unchanged = list(add_documents(home, [folder], settings))[-1]
    assert isinstance(unchanged, Done)
    assert (unchanged.added, unchanged.unchanged) == (0, len(TEXTS))
    (new,) = [d for d in library.documents() if d.paths == (str(folder / "lamp.txt"),)]
    assert edit_document(home, new.id, title="Bulbs", tags=["light"]).title == "Bulbs"
    assert library.tag_counts() == {"light": 1}
    assert [d.id for d in remove_documents(home, [new.id])] == [new.id]
    assert not library.has(new.id)
    (folder / "menu.txt").unlink()
    pruned = list(add_documents(home, [folder], replace(settings, prune=True)))
    assert not any(isinstance(event, Removed) for event in pruned)  # the other file has it still
    assert verify_home(home) == []


def test_a_file_that_is_moved_slowly_keeps_its_document(
    own: Home, settings: AddSettings, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    whole = "Nets are mended in winter.\n"
    (folder / "nets.txt").write_text(whole)
    list(add_documents(own, [folder], settings))
    before = open_library(own).document("nets.txt")
    (folder / "nets.txt").unlink()
    moved = folder / "winter.txt"
    for at in range(8):  # half-written files of several contents, for several shards
        moved.write_text(whole[: 3 + at])
        following = replace(settings, prune=True, is_settled=lambda path: path != moved)
        assert not any(isinstance(e, Removed) for e in add_documents(own, [folder], following))
    moved.write_text(whole)
    list(add_documents(own, [folder], replace(settings, prune=True)))
    after = open_library(own).document("winter.txt")
    assert (after.id, after.revision) == (before.id, before.revision)


def test_a_backup_has_every_shard(three: Home, own: Home, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    content = back_up_home(three, file)
    assert (content.documents, content.pages) == (len(TEXTS), count_pages(three))
    home = Home(tmp_path / "restored")
    restore(home, file)
    assert read_layout(home) == read_layout(three)
    assert verify_home(home) == []
    assert_same(found(home), found(three))
    with pytest.raises(HomeNotEmpty):
        restore(home, file)
    shutil.rmtree(own.root / "shards" / "001")
    with pytest.raises(ShardMissing, match="001"):
        back_up_home(own, tmp_path / "c.tar")
    assert not (tmp_path / "c.tar").exists()
