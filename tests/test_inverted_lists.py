"""Inverted lists: written, followed, checked, published; and what they find."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from threading import Lock
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import load

from benchmarks import ratios, tiled_lists
from benchmarks.made_home import NAME, MadeEncoder, build, open_searcher, read_questions
from ingest.filter import ALL_PAGES, PageFilter
from ingest.index.index import Index, open_indexes
from ingest.index.inverted import update as updating
from ingest.index.inverted.check import check_lists
from ingest.index.inverted.codebook import assign_lists, train_codebook
from ingest.index.inverted.codes import read_codes, write_codes
from ingest.index.inverted.lists import InvalidLists, InvertedLists, read_lists
from ingest.index.inverted.update import page_codes, update_lists
from ingest.index.quantization import pack_signs
from ingest.library.home import Home
from ingest.library.pages import split_key
from ingest.library.writer import LibraryWriter
from ingest.remove import forget
from ingest.replica.object_store import ObjectStore
from ingest.replica.publish import publish
from ingest.shards.connect import connect_home
from retrieval import nearest_pages
from retrieval.listed_pages import ListedPages
from retrieval.nearest_pages import find_nearest
from retrieval.scoring.list_scores import score_lists
from retrieval.search import Searcher
from retrieval.snapshot import LibrarySnapshot

PAGES, DOCUMENTS = 75, 3


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of small libraries, written again after ten pages."""
    monkeypatch.setattr(updating, "MIN_PAGES", 10)
    monkeypatch.setattr(updating, "MAX_UNLISTED", 9)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of three documents of 25 made pages with lists, and a question for every page."""
    root = tmp_path_factory.mktemp("made") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(updating, "MIN_PAGES", 10)
        build(root, PAGES, 130, PAGES)
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "home"))


def only_index(root: Path) -> Index:
    (index,) = open_indexes(Home(root))
    return index


def lists_of(index: Index) -> InvertedLists:
    lists = read_lists(index.lists_path)
    assert lists
    return lists


def test_a_codebook_has_the_mean_of_each_cluster():
    about = np.where(np.random.default_rng(1).random((4, 64)) < 0.5, -1, 1).astype(np.float32)
    rows = np.repeat(about, 30, axis=0)
    rows[np.arange(120), np.arange(120) % 64] *= -1  # each row differs in one place
    codes = pack_signs(rows)
    codebook = train_codebook(codes, 64, 16)
    assert np.linalg.norm(codebook, axis=1) == pytest.approx(1)
    assert (codebook == train_codebook(codes.copy(), 64, 16)).all()
    assert ((about / 8) @ codebook.T).max(axis=1).min() > 0.95
    nearest = assign_lists(codes, codebook, 64)
    assert (nearest == (rows @ codebook.T).argmax(axis=1)).all()


def test_a_page_is_in_the_lists_of_its_centroids(made):
    index = only_index(made)
    lists = lists_of(index)
    assert (lists.page_count, len(lists.documents)) == (PAGES, DOCUMENTS)
    place = 0
    for document in LibraryWriter(Home(made)).documents():
        assert lists.ids[place // 25] == document.id
        for codes in page_codes(index, document):
            own = set(assign_lists(codes, lists.codebook, 128).tolist())
            there = {i for i in range(len(lists.codebook)) if place in lists.members(i)}
            assert there == own
            place += 1


def test_listed_codes_are_those_of_the_vector_files(made):
    index = only_index(made)
    lists = lists_of(index)
    codes = read_codes(index.codes_path, lists.documents)
    assert codes
    pages = [p for d in LibraryWriter(Home(made)).documents() for p in page_codes(index, d)]
    places = np.array([PAGES - 1, 3, 4, 60])
    taken, offsets = codes.take(places)
    assert offsets.tolist() == np.cumsum([0, *(len(pages[i]) for i in places)]).tolist()
    assert (taken == np.concatenate([pages[i] for i in places])).all()
    for one, other in zip(codes.pages(25, 50), pages[25:50], strict=True):
        assert (one == other).all()
    assert read_codes(index.codes_path, lists.documents, codes) is codes
    assert read_codes(index.codes_path, lists.documents[::-1]) is None


def test_codes_of_pages_of_unlike_lengths_and_none(tmp_path):
    random = np.random.default_rng(5)
    pages = [random.integers(0, 256, (n, 3), np.uint8) for n in (2, 0, 5, 1)]
    write_codes(tmp_path / "codes", ["a-1", "b-2"], iter(pages), 3)
    codes = read_codes(tmp_path / "codes", ["a-1", "b-2"])
    assert codes
    taken, offsets = codes.take(np.array([3, 1, 0]))
    assert offsets.tolist() == [0, 1, 1, 3]
    assert (taken == np.concatenate([pages[3], pages[0]])).all()
    assert [len(page) for page in codes.pages(1, 4)] == [0, 5, 1]
    tensors = load((tmp_path / "codes").read_bytes())
    assert (tensors["codes"] == np.concatenate(pages)).all()
    assert tensors["offsets"].tolist() == [0, 2, 2, 7, 8]


def test_scores_are_those_of_the_slow_loop(made):
    lists = lists_of(only_index(made))
    query = read_questions(made).rows[3]
    weights = np.linspace(0, 1, len(query)).astype(np.float32)
    expected = np.zeros(PAGES)
    for row, weight in zip(query, weights / weights.sum(), strict=True):
        products = lists.codebook @ row
        visited = np.argsort(-products)[:4]
        for page in range(PAGES):
            met = [products[i] for i in visited if page in lists.members(i)]
            expected[page] += weight * (max(met) - products[visited[-1]]) if met else 0
    assert score_lists(query, weights, lists, 4) == pytest.approx(expected, abs=1e-5)


def test_the_page_that_is_asked_for_is_near_the_front(made):
    index = only_index(made)
    documents = {d.id: d for d in LibraryWriter(Home(made)).documents()}
    listed = ListedPages.of(lists_of(index), documents)
    asked = read_questions(made)
    ones = np.ones(asked.rows.shape[1], np.float32)
    places = []
    for rows, key in zip(asked.rows, asked.sought, strict=True):
        found = listed.addresses(
            listed.nearest(index.center_query(rows), ones, PAGES, ALL_PAGES, ())
        )
        assert len(set(found)) == len(found)
        places.append(found.index(split_key(key)))
    assert (
        np.mean(places) < PAGES / 5
    )  # 256 lists say little; a library that needs them has thousands
    some = PageFilter((min(documents),), first=4, last=20)
    found = listed.addresses(listed.nearest(asked.rows[0], ones, 5, some, [min(documents)]))
    assert len(found) == 5
    assert all(id_ == min(documents) and 4 <= number <= 20 for id_, number in found)


def test_a_search_asks_the_lists_and_not_chroma(root, monkeypatch):
    monkeypatch.setattr(Index, "nearest", lambda *_: pytest.fail("Chroma was asked"))
    asked = read_questions(root)
    searcher = open_searcher(root, asked, exhaustive=0)
    first = [searcher.search(str(i), top=1)[0].page.key for i in range(20)]
    assert np.mean([key == sought for key, sought in zip(first, asked.sought, strict=False)]) > 0.9
    # Removed since the lists were written, or come since: both before they are written again.
    home = Home(root)
    library = LibraryWriter(home)
    monkeypatch.setattr(updating, "MAX_UNLISTED", 1_000)
    gone, stays, _ = library.documents()
    before = read_lists(only_index(root).lists_path)
    forget(home, library, [gone.id])
    assert before
    assert lists_of(only_index(root)).documents == before.documents
    assert gone.id not in {
        hit.page.document_id for i in range(20) for hit in searcher.search(str(i), top=50)
    }
    index = only_index(root)
    unlisted = replace(before, documents=(before.documents[0], "x-y", before.documents[2]))
    unlisted.write(index.lists_path)
    library.touch()
    searcher.close()
    searcher = open_searcher(root, asked, exhaustive=0)
    number = next(i for i, key in enumerate(asked.sought) if key.startswith(stays.id))
    assert searcher.search(str(number), top=1)[0].page.key == asked.sought[number]
    searcher.close()


def test_lists_are_written_again_when_much_has_changed(root):
    home = Home(root)
    library, index = LibraryWriter(home), only_index(root)
    documents = library.documents()
    before = lists_of(index)
    assert not update_lists(index, documents)
    forget(home, library, [documents[0].id])
    assert lists_of(index).documents == before.documents
    assert update_lists(index, library.documents())
    after = lists_of(index)
    assert after.ids == [document.id for document in documents[1:]]
    assert not list(check_lists(index, library.documents()))
    # What is listed already is taken over: the lists are those made of nothing, with this codebook.
    whole = updating._merge(
        index, before, {n: documents[int(n[:20], 16)] for n in before.documents}
    )
    assert (whole.postings == before.postings).all()
    assert (whole.ends == before.ends).all()
    index.remove([documents[1].id])
    assert update_lists(index, documents[2:])
    assert lists_of(index).page_count == 25
    assert not update_lists(index, [])
    assert not index.lists_path.exists()


def test_a_library_that_has_outgrown_its_codebook_gets_another(root, monkeypatch):
    index, documents = only_index(root), LibraryWriter(Home(root)).documents()
    replace(lists_of(index), trained=1).write(index.lists_path)
    assert not update_lists(index, documents)
    monkeypatch.setattr(updating, "MAX_UNLISTED", -2)
    assert update_lists(index, documents)
    assert lists_of(index).trained == PAGES


@pytest.mark.parametrize("damage", ["none", "of other documents", "cut off"])
def test_a_search_finds_the_same_with_and_without_listed_codes(root, damage):
    home, index, asked = Home(root), only_index(root), read_questions(root)
    documents = LibraryWriter(home).documents()

    def found() -> list[list[str]]:
        searcher = open_searcher(root, asked, exhaustive=0)
        hits = [[hit.page.key for hit in searcher.search(str(i), top=5)] for i in range(10)]
        searcher.close()
        return hits

    before = found()
    if damage == "none":
        index.codes_path.unlink()
    elif damage == "of other documents":
        write_codes(index.codes_path, ["x-1"], [np.zeros((2, 16), np.uint8)], 16)
    else:
        index.codes_path.write_bytes(index.codes_path.read_bytes()[:5_000])
        with pytest.raises(InvalidLists, match=r"inverted\.codes is damaged"):
            read_codes(index.codes_path, lists_of(index).documents)
        assert any("cannot be read" in problem for problem in check_lists(index, documents))
    if damage != "cut off":
        assert found() == before
    assert update_lists(index, documents)
    assert read_codes(index.codes_path, lists_of(index).documents)
    assert not update_lists(index, documents)
    assert found() == before


def test_codes_of_another_page_are_told(root):
    index, documents = only_index(root), LibraryWriter(Home(root)).documents()
    names = lists_of(index).documents
    codes = read_codes(index.codes_path, names)
    assert codes
    write_codes(index.codes_path, names, codes.pages(0, PAGES)[::-1], 16)
    problems = list(check_lists(index, documents))
    assert problems
    assert all("listed centroids" in problem for problem in problems)


@pytest.mark.parametrize("damage", ["cut off", "no file", "other lists", "pages of none"])
def test_damage_is_told_and_made_good(root, damage):
    index, documents = only_index(root), LibraryWriter(Home(root)).documents()
    lists = lists_of(index)
    if damage == "cut off":
        index.lists_path.write_bytes(index.lists_path.read_bytes()[:5_000])
        with pytest.raises(InvalidLists, match=r"inverted\.lists is damaged"):
            read_lists(index.lists_path)
    elif damage == "no file":
        index.lists_path.unlink()
        assert not list(check_lists(index, documents))
    elif damage == "other lists":
        replace(lists, postings=lists.postings[::-1]).write(index.lists_path)
    else:
        replace(lists, postings=lists.postings + np.uint32(PAGES)).write(index.lists_path)
    if damage != "no file":
        assert any("inverted lists" in problem for problem in check_lists(index, documents))
    if damage in ("other lists", "pages of none"):
        index.lists_path.unlink()
    assert update_lists(index, documents)
    assert not list(check_lists(index, documents))


def test_benchmarks_of_lists_run(made, monkeypatch, capsys):
    monkeypatch.setattr(
        "sys.argv", ["tiled_lists", str(made), "--pages", "200", "--questions", "2"]
    )
    tiled_lists.main()
    assert "225 pages of 9 documents" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["ratios", "--pages", "60", "--rounds", "1"])
    with pytest.raises(SystemExit):
        ratios.main()
    assert "inverted lists" in capsys.readouterr().out


def publish_made(root: Path, store: ObjectStore) -> None:
    """Publish a made home, with files in the places of what it lacks."""
    home, index = Home(root), only_index(root)
    for document in LibraryWriter(home).documents():
        for number in range(1, document.page_count + 1):
            (home.pages / document.id / f"{number}.webp").write_bytes(b"RIFF")
    for name in ("probe.png", "probe.npz"):
        (index.folder / name).write_bytes(b"")
    publish(home, store)


def test_a_mirror_has_the_lists(root, tmp_path):
    home, index = Home(root), only_index(root)
    store = ObjectStore(f"file://{tmp_path}/store")
    publish_made(root, store)
    mirror = connect_home(tmp_path / "mirror", store=store)
    (there,) = open_indexes(mirror)
    assert there.lists_path.read_bytes() == index.lists_path.read_bytes()
    asked = read_questions(root)
    searcher = Searcher(mirror, exhaustive_pages=0)  # no Chroma server, and no records
    searcher._encoder._encoders[NAME] = MadeEncoder(asked.rows)  # type: ignore[assignment]
    assert searcher.search("0", top=1)[0].page.key == asked.sought[0]
    searcher.close()
    index.lists_path.unlink()
    publish(home, store)
    assert mirror.replica
    mirror.replica.refresh(now=True)
    assert not there.lists_path.exists()


def test_a_mirror_chooses_the_candidates_of_the_writer(root, tmp_path, monkeypatch):
    """By page centroids, which come without the rows of documents that are not scored."""
    monkeypatch.setattr(nearest_pages, "LISTED_TOP_K", 40)
    store = ObjectStore(f"file://{tmp_path}/store")
    publish_made(root, store)
    asked, chosen = read_questions(root), []
    for home in (Home(root), connect_home(tmp_path / "mirror", store=store)):
        searcher = Searcher(home, exhaustive_pages=0)
        (index,) = open_indexes(home)
        shard = SimpleNamespace(
            snapshot=LibrarySnapshot.read(searcher.library, None, 0),
            library=searcher.library,
            lock=Lock(),
        )
        every = list(shard.snapshot.documents)
        chosen.append(
            [
                find_nearest(shard, index, rows, weights, ALL_PAGES, every, 3, compared=False)
                for rows, weights in ((r, np.ones(len(r), np.float32)) for r in asked.rows[:5])
            ]
        )
        searcher.close()
    assert chosen[0] == chosen[1]
    assert all(len(each.scores) == 3 for each in chosen[1])
    cached = [path.name for path in (tmp_path / "mirror" / "mirror" / "cache").iterdir()]
    assert sum(name.endswith(".centroids") for name in cached) == DOCUMENTS
    assert not [name for name in cached if name.endswith(".safetensors")]
