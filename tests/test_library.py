"""Reads of a library: documents, pages, filters, full text, annotations, snapshots."""

from __future__ import annotations

import math
import os
import sqlite3
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from make_library import STAMP, make_image, make_words, render, write_document

from ingest.file_state import Failure
from ingest.filter import ALL_PAGES, PageFilter
from ingest.library.database import LibraryFormatError, LibraryNotFound
from ingest.library.documents import DocumentNotFound
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.pages import PageNotFound
from ingest.library.writer import LibraryWriter
from ingest.page import Box, Page, Word

TOP: Box = (0.1, 0.1, 0.9, 0.4)
BOTTOM: Box = (0.1, 0.5, 0.9, 0.8)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def writer(home: Home) -> LibraryWriter:
    return LibraryWriter(home)


@pytest.fixture
def library(writer: LibraryWriter) -> Library:
    """A reader with a connection of its own."""
    return Library(writer.home)


def set_format(home: Home, number: int) -> None:
    with sqlite3.connect(home.database) as database:
        database.execute(f"PRAGMA user_version = {number}")
    database.close()


def keys(library: Library, filter: PageFilter) -> list[str]:
    return [f"{r.page.document_name}-{r.page.number}" for r in library.page_records(filter)]


# --- opening


def test_reading_never_creates_a_library(home: Home) -> None:
    with pytest.raises(LibraryNotFound, match="no library"):
        Library(home)
    assert not home.database.exists()


def test_an_empty_file_is_no_library(home: Home) -> None:
    home.database.touch()
    with pytest.raises(LibraryNotFound):
        Library(home)


@pytest.mark.parametrize(("number", "says"), [(99, "format 99"), (1, "old format 1")])
def test_another_format_is_refused(
    home: Home, writer: LibraryWriter, number: int, says: str
) -> None:
    set_format(home, number)
    with pytest.raises(LibraryFormatError, match=says):
        Library(home)


# --- documents


def test_documents_are_sorted_by_name(library: Library, writer: LibraryWriter) -> None:
    for name in ("c.pdf", "a.pdf", "b.pdf"):
        write_document(writer, name, "words")
    assert [document.name for document in library.documents()] == ["a.pdf", "b.pdf", "c.pdf"]


def test_a_document_is_read_as_it_was_written(library: Library, writer: LibraryWriter) -> None:
    written = write_document(writer, "a.pdf", "one", "two", title="A title", revision="r7")
    assert library.documents() == [written]
    assert library.document(written.id) == written


def test_a_document_is_named_by_the_first_of_its_paths(
    library: Library, writer: LibraryWriter
) -> None:
    write_document(writer, "x", "words", paths=["/two/b.pdf", "/one/z.pdf"])
    [document] = library.documents()
    assert document.paths == ("/one/z.pdf", "/two/b.pdf")
    assert document.name == "z.pdf"


def test_a_document_without_a_path_is_named_by_its_id(
    library: Library, writer: LibraryWriter
) -> None:
    written = write_document(writer, "x", "words", paths=[])
    assert library.documents()[0].name == written.id
    assert library.page_records()[0].page.document_name == written.id


def test_a_name_that_is_no_utf8_is_printable(library: Library, writer: LibraryWriter) -> None:
    path = os.fsdecode(b"/files/caf\xe9.pdf")
    write_document(writer, "x", "words", paths=[path])
    assert library.documents()[0].name == r"caf\xe9.pdf"
    assert library.documents()[0].paths == (path,)
    assert list(library.names()) == [path]


def test_a_document_is_found_by_id_head_path_or_name(
    library: Library, writer: LibraryWriter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written = write_document(writer, "a.pdf", "words", paths=[str(tmp_path / "files" / "a.pdf")])
    write_document(writer, "b.pdf", "words")
    monkeypatch.chdir(tmp_path)
    for wanted in (written.id, written.id[:6], written.paths[0], "files/a.pdf", "a.pdf"):
        assert library.document(wanted).id == written.id


def test_a_decomposed_name_is_the_composed_one(library: Library, writer: LibraryWriter) -> None:
    written = write_document(writer, "한국어 é.pdf", "words")
    assert library.document(unicodedata.normalize("NFD", "한국어 é.pdf")) == written


def test_an_id_goes_before_a_name(library: Library, writer: LibraryWriter) -> None:
    first = write_document(writer, "a.pdf", "words")
    write_document(writer, "b.pdf", "words", paths=[f"/files/{first.id}"])
    assert library.document(first.id) == first


def test_a_head_of_fewer_than_six_characters_is_not_taken(
    library: Library, writer: LibraryWriter
) -> None:
    written = write_document(writer, "a.pdf", "words")
    with pytest.raises(DocumentNotFound, match="no document"):
        library.document(written.id[:5])


def test_a_name_of_two_documents_is_refused_with_both_ids(
    library: Library, writer: LibraryWriter
) -> None:
    one = write_document(writer, "1", "words", paths=["/one/a.pdf"])
    two = write_document(writer, "2", "words", paths=["/two/a.pdf"])
    with pytest.raises(DocumentNotFound, match="fits 2 documents") as caught:
        library.document("a.pdf")
    assert one.id in caught.value.hint
    assert two.id in caught.value.hint
    assert library.document("/two/a.pdf").id == two.id


def test_a_head_of_two_ids_is_refused(library: Library, writer: LibraryWriter) -> None:
    write_document(writer, "a.pdf", "words", document_id="abcdef00000000000000")
    write_document(writer, "b.pdf", "words", document_id="abcdef11111111111111")
    with pytest.raises(DocumentNotFound, match="fits 2 documents"):
        library.document("abcdef")
    assert library.document("abcdef1").name == "b.pdf"


def test_names_and_failures_are_read_with_their_stamps(
    library: Library, writer: LibraryWriter
) -> None:
    written = write_document(writer, "a.pdf", "words")
    failures = [Failure(f"/files/{name}", STAMP, "It is broken.", "Mend it.") for name in "zy"]
    for failure in failures:
        writer.record_failure(failure)
    assert library.names() == {"/files/a.pdf": (written.id, STAMP)}
    assert library.failures() == failures[::-1]


# --- pages


def test_a_page_is_found_by_its_key(library: Library, writer: LibraryWriter) -> None:
    written = write_document(writer, "a.pdf", "one", "two")
    page = Page(written.id, 2, "a.pdf")
    assert page.key == f"{written.id}-2"
    assert library.page(page.key) == page
    assert library.page(f"{written.id[:8]}-2") == page
    assert str(page) == "a.pdf, page 2"


@pytest.mark.parametrize("number", ["0", "3", "x", "", "1.5"])
def test_a_key_of_no_page_is_refused(library: Library, writer: LibraryWriter, number: str) -> None:
    written = write_document(writer, "a.pdf", "one", "two")
    with pytest.raises(PageNotFound if number.isdecimal() else DocumentNotFound):
        library.page(f"{written.id}-{number}")


def test_a_key_of_no_document_is_refused(library: Library) -> None:
    with pytest.raises(DocumentNotFound):
        library.page("0a1b2c3d4e5f-1")


def test_words_keep_their_order_and_boxes(library: Library, writer: LibraryWriter) -> None:
    written = write_document(writer, "a.pdf", "naïve 전압 100 kΩ")
    read = library.words(Page(written.id, 1))
    expected = make_words("naïve 전압 100 kΩ")
    assert [word.text for word in read] == [word.text for word in expected]
    for got, want in zip(read, expected, strict=True):
        assert got.box == pytest.approx(want.box, abs=0.5e-4)


def test_an_image_is_read_as_it_was_written(library: Library, writer: LibraryWriter) -> None:
    written = write_document(writer, "a.pdf", "one", "two")
    page = Page(written.id, 2)
    assert library.image(page) == make_image(2)
    assert library.image_path(page).read_bytes() == make_image(2)


def test_a_page_that_has_gone_is_named(library: Library, writer: LibraryWriter) -> None:
    written = write_document(writer, "a.pdf", "one")
    page = library.page(f"{written.id}-1")
    writer.remove([written.id])
    with pytest.raises(PageNotFound, match=r"a\.pdf, page 1 has been removed"):
        library.words(page)
    with pytest.raises(PageNotFound, match=r"a\.pdf, page 1 has been removed"):
        library.image(page)


def test_a_rendered_page_comes_back_whole(library: Library, writer: LibraryWriter) -> None:
    written = write_document(writer, "a.pdf", "", title="A title", figures=[TOP, BOTTOM])
    writer.set_captions(Page(written.id, 1), "model", {1: "two words", 0: "one"})
    [record] = library.page_records()
    rendered = library.rendered(record)
    assert rendered.image == render(written.id, 1, "").image
    assert (rendered.width, rendered.height, rendered.source) == (600, 800, "none")
    assert rendered.figures == (TOP, BOTTOM)
    assert rendered.context == "A title"
    assert rendered.words == ()
    assert rendered.captions == (Word("one", TOP), Word("two", BOTTOM), Word("words", BOTTOM))
    assert rendered.searchable_words == rendered.captions


def test_a_page_has_text_if_it_has_words_or_captions(
    library: Library, writer: LibraryWriter
) -> None:
    written = write_document(writer, "a.pdf", "words", "", "", figures=[TOP])
    writer.set_captions(Page(written.id, 3), "model", {0: "a lamp"})
    assert [record.has_text for record in library.page_records()] == [True, False, True]


def test_records_of_keys_come_in_order_without_what_is_gone(
    library: Library, writer: LibraryWriter
) -> None:
    written = write_document(writer, "a.pdf", "one", "two", "three")
    wanted = [f"{written.id}-3", f"{written.id}-1", f"{written.id}-9", "nowhere-1"]
    assert [record.page.number for record in library.records_of(wanted)] == [1, 3]
    assert library.records_of([]) == []


# --- filters


@pytest.fixture
def filtered(library: Library, writer: LibraryWriter) -> Library:
    pdf = write_document(writer, "a.pdf", "1", "2", "3", document_id="a" * 20)
    photo = write_document(
        writer,
        "b.png",
        "",
        kind="image",
        added_at="2024-06-15T23:59:59+00:00",
        document_id="b" * 20,
    )
    writer.set_labels(["lamp", "boat"])
    writer.set_tags(pdf, {1: {"lamp": 0.9, "boat": 0.6}, 3: {"lamp": 0.8}})
    writer.set_tags(photo, {1: {"boat": 0.7}})
    return library


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (ALL_PAGES, ["a.pdf-1", "a.pdf-2", "a.pdf-3", "b.png-1"]),
        (PageFilter.to(["b" * 20]), ["b.png-1"]),
        (PageFilter.to(["nowhere"]), []),
        (PageFilter.to([]), []),
        (PageFilter(kind="image"), ["b.png-1"]),
        (PageFilter(since="2024-06-15"), ["b.png-1"]),
        (PageFilter(until="2024-06-14"), ["a.pdf-1", "a.pdf-2", "a.pdf-3"]),
        (PageFilter(since="2024-06-15", until="2024-06-15"), ["b.png-1"]),
        (PageFilter(since="2024-06-16"), []),
        (PageFilter(first=2), ["a.pdf-2", "a.pdf-3"]),
        (PageFilter(first=2, last=2), ["a.pdf-2"]),
        (PageFilter(last=1), ["a.pdf-1", "b.png-1"]),
        (PageFilter(tags=("lamp",)), ["a.pdf-1", "a.pdf-3"]),
        (PageFilter(tags=("lamp", "boat")), ["a.pdf-1"]),
        (PageFilter(kind="pdf", last=1, tags=("boat",)), ["a.pdf-1"]),
        (PageFilter(kind="' OR 1 --"), []),
    ],
)
def test_a_filter_leaves_the_pages_that_fit(
    filtered: Library, filter: PageFilter, expected: list[str]
) -> None:
    assert keys(filtered, filter) == expected
    assert filtered.count(filter) == len(expected)
    documents = {record.page.document_id for record in filtered.page_records(filter)}
    assert set(filtered.select_documents(filter)) == documents
    assert len(filtered.select_documents(filter)) == len(documents)


# --- full text


def test_bm25_of_one_term_is_the_textbook_value(library: Library, writer: LibraryWriter) -> None:
    """With pages of like length, one hit scores idf * f (k1 + 1) / (f + k1), where k1 = 1.2."""
    written = write_document(writer, "a.pdf", "lamp green", "boat green", "tree tree")
    write_document(writer, "b.pdf", "boat blue")
    scores = library.match_terms(["lamp"])
    assert scores == {f"{written.id}-1": pytest.approx(math.log(3.5 / 1.5))}
    scores = library.match_terms(["tree"])
    assert scores == {f"{written.id}-3": pytest.approx(math.log(3.5 / 1.5) * 2 * 2.2 / 3.2)}


def test_a_word_of_the_title_counts_half_on_every_page(
    library: Library, writer: LibraryWriter
) -> None:
    titled = write_document(writer, "a.pdf", "green", "blue", title="lamp")
    for name in ("b.pdf", "c.pdf", "d.pdf", "e.pdf"):
        write_document(writer, name, "red", title="boat")
    scores = library.match_terms(["lamp"])
    # N = 6 pages of 2 terms, 2 of them fit: idf = ln(4.5 / 2.5), f = 0.5.
    expected = math.log(4.5 / 2.5) * 0.5 * 2.2 / (0.5 + 1.2)
    assert scores == {f"{titled.id}-{n}": pytest.approx(expected) for n in (1, 2)}


def test_terms_are_stemmed_and_without_accents(library: Library, writer: LibraryWriter) -> None:
    written = write_document(writer, "a.pdf", "Lamps café", "boat")
    for term in ("lamp", "lamps", "cafe", "café"):
        assert list(library.match_terms([term])) == [f"{written.id}-1"]


def test_matches_are_limited_by_filter_keys_and_number(
    library: Library, writer: LibraryWriter
) -> None:
    one = write_document(writer, "a.pdf", "lamp lamp lamp", "lamp and a boat", "tree")
    two = write_document(writer, "b.pdf", "lamp", "tree", "tree", "tree", "tree")
    every = library.match_terms(["lamp"])
    assert set(every) == {f"{one.id}-1", f"{one.id}-2", f"{two.id}-1"}
    best = max(every, key=every.__getitem__)
    assert library.match_terms(["lamp"], most=1) == {best: every[best]}
    key = f"{one.id}-2"
    assert library.match_terms(["lamp"], keys=[key, f"{one.id}-3"]) == {key: every[key]}
    key = f"{two.id}-1"
    assert library.match_terms(["lamp"], PageFilter.to([two.id])) == {key: every[key]}
    assert library.match_terms(["lamp"], keys=[]) == {}


def test_nothing_matches_no_term(library: Library, writer: LibraryWriter) -> None:
    write_document(writer, "a.pdf", "lamp")
    assert library.match_terms([]) == {}
    assert library.match_terms(["boat"]) == {}


def test_page_frequency_counts_pages_by_stem(library: Library, writer: LibraryWriter) -> None:
    write_document(writer, "a.pdf", "lamp lamps", "lamps", "boat", "전압계")
    frequency = library.page_frequency(["lamp", "boat", "tree", "전압", "압"])
    assert frequency == {"lamp": 2, "boat": 1, "tree": 0, "전압": 1, "압": 1}


def test_page_count_is_over_all_documents(library: Library, writer: LibraryWriter) -> None:
    assert library.page_count() == 0
    write_document(writer, "a.pdf", "one", "two")
    write_document(writer, "b.pdf", "one")
    assert library.page_count() == 3


# --- annotations


def test_tags_come_likeliest_first(filtered: Library) -> None:
    assert list(filtered.tags(Page("a" * 20, 1)).items()) == [("lamp", 0.9), ("boat", 0.6)]
    assert filtered.tags(Page("a" * 20, 2)) == {}
    assert filtered.labels() == ["lamp", "boat"]
    assert list(filtered.tag_counts().items()) == [("boat", 2), ("lamp", 2)]
    assert filtered.tagged(["lamp", "boat"]) == {f"{'a' * 20}-1"}
    assert filtered.tagged([]) == set()


def test_captions_come_in_the_order_of_the_figures(library: Library, writer: LibraryWriter) -> None:
    written = write_document(writer, "a.pdf", "words", figures=[TOP, BOTTOM, TOP])
    page = Page(written.id, 1)
    writer.set_captions(page, "model", {2: "a boat", 1: "", 0: "a lamp"})
    captions = library.captions(page)
    assert [caption.text for caption in captions] == ["a lamp", "a boat"]
    assert [caption.box for caption in captions] == [TOP, TOP]
    assert {caption.model for caption in captions} == {"model"}


# --- consistency


def test_a_snapshot_does_not_see_later_writes(library: Library, writer: LibraryWriter) -> None:
    first = write_document(writer, "a.pdf", "lamp")
    with library.snapshot():
        generation = library.generation
        second = write_document(writer, "b.pdf", "lamp")
        writer.remove([first.id])
        assert library.generation == generation
        assert [document.id for document in library.documents()] == [first.id]
        assert list(library.match_terms(["lamp"])) == [f"{first.id}-1"]
    assert library.generation > generation
    assert [document.id for document in library.documents()] == [second.id]


def test_a_snapshot_ends_with_an_error_too(library: Library, writer: LibraryWriter) -> None:
    def read_and_fail() -> None:
        with library.snapshot():
            library.documents()
            raise KeyError

    with pytest.raises(KeyError):
        read_and_fail()
    write_document(writer, "a.pdf", "words")
    assert len(library.documents()) == 1


def test_each_thread_reads_by_itself(library: Library, writer: LibraryWriter) -> None:
    written = write_document(writer, "a.pdf", *(f"word{n}" for n in range(20)))
    with ThreadPoolExecutor(4) as pool, library.snapshot():
        pages = [Page(written.id, n) for n in range(1, 21)]
        read = list(pool.map(library.words, pages))
    assert [words[0].text for words in read] == [f"word{n}" for n in range(20)]
