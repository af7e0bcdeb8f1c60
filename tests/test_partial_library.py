"""Searches of homes that lack words, vectors or a whole index."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from make_library import copy_home
from make_pdf import make_pdf
from PIL import Image
from tiny_models import make_colpali

from ingest.add import AddSettings, add
from ingest.files.render import RenderSettings
from ingest.index.index import open_indexes
from ingest.library.home import Home
from retrieval.error import PageNotEncoded
from retrieval.search import Searcher

PLAIN = RenderSettings(dpi=60, ocr="none")
PAGES = {
    "lamp": "The lamp of the lighthouse is lit at six. Oil is kept in the cellar.",
    "boat": "The boat is called Heron and lies at the northern quay.",
    "bread": "Bread is baked twice a week, with rye from the mainland.",
    "post": "Letters leave on Tuesday with the mail boat.",
}


def make_files(folder: Path) -> Path:
    folder.mkdir()
    for name, text in PAGES.items():
        make_pdf(folder / f"{name}.pdf", text)
    make_scan(folder / "scan.pdf", "The well is forty feet deep and was dug by hand.")
    return folder


def make_scan(path: Path, text: str) -> None:
    """A page that is a picture of a page."""
    make_pdf(path, text)
    with pymupdf.open(path) as pdf:
        picture = pdf[0].get_pixmap(dpi=60).tobytes("png")
    path.unlink()
    scan = pymupdf.open()
    scan.new_page().insert_image((0, 0, 595, 842), stream=picture)
    scan.save(path)


def ingest(home: Home, folder: Path, *encoders: str) -> Home:
    settings = AddSettings(render=PLAIN, workers=1, encoders=encoders or None)
    list(add(home, [folder], settings))
    return home


@pytest.fixture(scope="module")
def colpali(tmp_path_factory: pytest.TempPathFactory) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return f"colpali:{make_colpali(tmp_path_factory.mktemp('colpali'))}"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_files(tmp_path_factory.mktemp("missing") / "files")


@pytest.fixture(scope="module")
def worded(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Home:
    """MiniLM alone: for reading only."""
    return ingest(Home(tmp_path_factory.mktemp("worded")), files, "minilm")


def names(searcher: Searcher, query: str) -> list[str]:
    return [hit.page.document_name for hit in searcher.search(query)]


def test_an_unread_scan_is_ranked_by_what_an_encoder_of_pages_sees(
    tmp_path: Path, files: Path, colpali: str
) -> None:
    searcher = Searcher(ingest(Home(tmp_path / "home"), files, colpali))
    ranking = searcher.rank("the boat called Heron")
    found = [record.page.document_name for record in ranking.pages]
    scan = found.index("scan.pdf")
    late, bm25 = ranking.signals[f"late.{colpali}"], ranking.signals["bm25"]
    assert np.flatnonzero(np.isnan(bm25)).tolist() == [scan]
    assert not np.isnan(late).any()
    z_late = (late - late.mean()) / late.std()
    z_bm25 = (bm25 - np.nanmean(bm25)) / np.nanstd(bm25)
    expected = np.where(np.isnan(z_bm25), z_late, (z_late + z_bm25) / 2)
    assert ranking.order() == np.argsort(-expected).tolist()
    hit = next(h for h in searcher.search("the boat called Heron") if "scan" in str(h.page))
    assert "bm25" not in hit.signals
    searcher.close()


def test_a_scan_without_words_is_not_found_by_words_and_harms_no_other(
    tmp_path: Path, worded: Home, files: Path
) -> None:
    searcher = Searcher(worded)
    without = shutil.copytree(files, tmp_path / "files")
    (without / "scan.pdf").unlink()
    others = Searcher(ingest(Home(tmp_path / "home"), without, "minilm"))
    query = "How deep is the well?"
    assert "scan.pdf" not in names(searcher, query)
    assert [h.score for h in searcher.search(query)] == pytest.approx(
        [h.score for h in others.search(query)], abs=0.01
    )
    searcher.close()
    others.close()


def test_words_find_pages_that_an_index_does_not_hold_yet(tmp_path: Path, worded: Home) -> None:
    home = copy_home(worded, tmp_path / "home")
    (index,) = open_indexes(home)
    boat = next(d for d in Searcher(home).library.documents() if d.name == "boat.pdf")
    index.path(boat).unlink()
    searcher = Searcher(home)
    first = searcher.search("Which quay does the Heron lie at?")[0]
    assert first.page.document_name == "boat.pdf"
    assert set(first.signals) == {"bm25"}
    assert first.regions == ()
    with pytest.raises(PageNotEncoded):
        searcher.explain("Heron", first.page)
    assert names(searcher, "When is the lamp lit?")[0] == "lamp.pdf"
    searcher.close()


def test_words_are_searched_where_no_index_reads_them(tmp_path: Path, sample_home: Home) -> None:
    home = copy_home(sample_home, tmp_path / "home")
    shutil.rmtree(home.index / "minilm")
    shutil.rmtree(home.index / "e5", ignore_errors=True)  # It is on some platforms only.
    searcher = Searcher(home)
    query = "How many steps do you have to climb to reach the lamp?"
    hits = searcher.search(query)
    before = Searcher(sample_home).rank(query)
    assert hits[0].page == before.pages[int(np.nanargmax(before.signals["bm25"]))].page
    assert 0 < hits[0].score <= 1
    photo = searcher.search("sailboat", images=True)[0]
    assert photo.page.document_name == "sailboat.png"
    searcher.close()


def test_no_index_at_all(tmp_path: Path, worded: Home) -> None:
    home = copy_home(worded, tmp_path / "home")
    shutil.rmtree(home.index / "minilm")
    searcher = Searcher(home)
    assert names(searcher, "Heron")[0] == "boat.pdf"
    assert searcher.search("?!") == []
    searcher.close()


@pytest.mark.parametrize("query", ["what is it", "of the", "zxqv blorf", "?!", "ก ข", "💡", "漢"])
def test_questions_without_a_known_word_rank_every_page_that_has_words(
    worded: Home, query: str
) -> None:
    searcher = Searcher(worded)
    hits = searcher.search(query)
    assert sorted(h.page.document_name for h in hits) == sorted(f"{name}.pdf" for name in PAGES)
    assert all(np.isfinite(h.score) for h in hits)
    assert hits == sorted(hits, key=lambda h: -h.score)
    searcher.close()


def test_unknown_words_do_not_hide_the_known_one(worded: Home) -> None:
    searcher = Searcher(worded)
    assert names(searcher, "zxqv blorf bread")[0] == "bread.pdf"
    assert names(searcher, "ก ข Heron")[0] == "boat.pdf"
    searcher.close()


def test_a_library_of_one_page_finds_it_whatever_is_asked(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    make_pdf(folder / "boat.pdf", PAGES["boat"])
    searcher = Searcher(ingest(Home(tmp_path / "home"), folder, "minilm"))
    near, far = (searcher.search(q)[0].score for q in ("Where does the boat lie?", "tax law"))
    assert 0 < far < near < 1
    searcher.close()


def test_pages_that_are_the_same_score_the_same(tmp_path: Path) -> None:
    pdf = pymupdf.open()
    for _ in range(4):
        pdf.new_page().insert_textbox((72, 72, 500, 700), PAGES["lamp"], fontsize=14)
    (tmp_path / "files").mkdir()
    pdf.save(tmp_path / "files" / "same.pdf")
    searcher = Searcher(ingest(Home(tmp_path / "home"), tmp_path / "files", "minilm"))
    hits = searcher.search("When is the lamp lit?")
    assert [hit.page.number for hit in hits] == [1, 2, 3, 4]
    assert len({hit.score for hit in hits}) == 1
    searcher.close()


def test_a_page_of_pictures_is_found_by_its_caption_among_pages_of_words(
    tmp_path: Path, files: Path
) -> None:
    from ingest.library.writer import LibraryWriter

    folder = shutil.copytree(files, tmp_path / "files")
    Image.effect_mandelbrot((300, 200), (-2, -1.5, 1, 1.5), 30).convert("RGB").save(
        folder / "dial.png"
    )
    home = ingest(Home(tmp_path / "home"), folder, "minilm")
    library = LibraryWriter(home)
    picture = next(d for d in library.documents() if d.name == "dial.png")
    page = library.page(f"{picture.id}-1")
    with home.writing():
        library.set_captions(page, "someone", {0: "the brass dial of a sundial"})
    searcher = Searcher(home)
    # The index does not know the caption before the next ingest; the words do.
    assert names(searcher, "brass sundial")[0] == "dial.png"
    searcher.close()
