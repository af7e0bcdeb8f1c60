"""Writes of a library: whole documents, transactions, paths, annotations, leftovers."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from make_library import STAMP, make_image, render, stage, write_document

from ingest.disk.full_disk import is_disk_full
from ingest.file_state import Failure, FileStamp
from ingest.library.database import LibraryFormatError
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.pages import PageNotFound
from ingest.library.writer import LibraryWriter, PageRow
from ingest.page import Box, Document, Page
from ingest.remove import finish_interrupted

TOP: Box = (0.1, 0.1, 0.9, 0.4)
BOTTOM: Box = (0.1, 0.5, 0.9, 0.8)
NEWER = (
    "labels",
    "tags",
    "tagged",
    "captioner",
    "captions",
    "recaptioned",
    "notes",
    "attachments",
    "unopened",
    "page_labels",
)
"""Tables that format 1 did not have."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def writer(home: Home) -> LibraryWriter:
    return LibraryWriter(home)


def change(home: Home, *statements: str) -> None:
    """Change the database behind the writer's back."""
    database = sqlite3.connect(home.database)
    with database:
        for statement in statements:
            database.execute(statement)
    database.close()


def matched(home: Home, term: str) -> set[str]:
    return set(Library(home).match_terms([term]))


# --- format


def test_a_library_is_made_where_there_is_none(home: Home) -> None:
    LibraryWriter(home)
    library = Library(home)
    assert library.documents() == []
    assert library.generation == 0
    assert library.derived == 0
    assert LibraryWriter(home).check() == []


def test_a_library_of_format_1_is_upgraded_in_place(home: Home, writer: LibraryWriter) -> None:
    document = write_document(writer, "a.pdf", "lamp", figures=[TOP])
    change(home, *(f"DROP TABLE {name}" for name in NEWER), "PRAGMA user_version = 1")
    with pytest.raises(LibraryFormatError, match="old format 1"):
        Library(home)
    upgraded = LibraryWriter(home)
    assert upgraded.documents() == [document]
    assert upgraded.untagged() == [document]
    assert upgraded.uncaptioned("model") == [(document.id, 1, 0)]
    assert Library(home).labels() == []


def test_a_newer_format_is_left_alone(home: Home, writer: LibraryWriter) -> None:
    change(home, "PRAGMA user_version = 99")
    with pytest.raises(LibraryFormatError, match="format 99"):
        LibraryWriter(home)


# --- documents


def test_a_document_is_added_whole(home: Home, writer: LibraryWriter) -> None:
    reader = Library(home)
    writer.begin(["other"])
    before = reader.generation
    document = write_document(writer, "a.pdf", "lamp", "boat")
    assert reader.generation == before + 1
    assert reader.documents() == [document]
    assert list(home.staging.iterdir()) == []
    assert sorted(p.name for p in (home.pages / document.id).iterdir()) == ["1.webp", "2.webp"]
    assert writer.unfinished() == ["other"]
    assert writer.check() == []


def test_adding_clears_what_was_begun_and_what_had_failed(
    home: Home, writer: LibraryWriter
) -> None:
    writer.record_failure(Failure("/files/a.pdf", STAMP, "It is broken.", "Mend it."))
    writer.begin(["a" * 20])
    write_document(writer, "a.pdf", "lamp", document_id="a" * 20)
    assert writer.unfinished() == []
    assert writer.failures() == []


def test_a_document_added_again_replaces_the_old_one(home: Home, writer: LibraryWriter) -> None:
    write_document(writer, "a.pdf", "lamp", "boat", "tree")
    again = write_document(writer, "a.pdf", "castle", revision="r2")
    assert writer.documents() == [again]
    assert [record.page.number for record in writer.page_records()] == [1]
    assert matched(home, "lamp") == set()
    assert matched(home, "castle") == {f"{again.id}-1"}
    assert [path.name for path in (home.pages / again.id).iterdir()] == ["1.webp"]
    assert writer.check() == []


def test_a_failed_add_leaves_no_row_and_no_generation(home: Home, writer: LibraryWriter) -> None:
    kept = write_document(writer, "kept.pdf", "boat")
    before = writer.generation
    pages = [render("a" * 20, number, "lamp") for number in (1, 2)]

    def broken() -> Iterator[PageRow]:
        yield PageRow.of(pages[0])
        raise KeyError("cut off")

    document = Document(
        "a" * 20, "", "a.pdf", ("/files/a.pdf",), "pdf", "", 2, 1, "r1", "2024-05-01"
    )
    with pytest.raises(KeyError):
        writer.add(document, broken(), stage(home, pages), {"/files/a.pdf": STAMP})
    assert writer.documents() == [kept]
    assert writer.generation == before
    assert matched(home, "lamp") == set()
    assert list(writer.names()) == ["/files/kept.pdf"]
    writer.sweep()
    assert [path.name for path in home.pages.iterdir()] == [kept.id]
    write_document(writer, "a.pdf", "lamp", document_id="a" * 20)
    assert len(writer.documents()) == 2


def test_a_full_database_rolls_back_and_goes_on_later(home: Home, writer: LibraryWriter) -> None:
    kept = write_document(writer, "kept.pdf", "boat")
    [[pages]] = writer._db.execute("PRAGMA page_count").fetchall()
    writer._db.execute(f"PRAGMA max_page_count = {pages}")
    text = " ".join(f"word{n}" for n in range(20_000))
    with pytest.raises(sqlite3.Error) as caught:
        write_document(writer, "large.pdf", text)
    assert is_disk_full(caught.value)
    assert writer.documents() == [kept]
    assert Library(home).documents() == [kept]
    writer._db.execute(f"PRAGMA max_page_count = {pages + 10_000}")
    writer.sweep()
    write_document(writer, "large.pdf", text)
    assert len(Library(home).documents()) == 2
    assert writer.check() == []


def test_removing_takes_rows_words_annotations_and_images(
    home: Home, writer: LibraryWriter
) -> None:
    kept = write_document(writer, "kept.pdf", "lamp")
    gone = write_document(writer, "gone.pdf", "lamp", figures=[TOP])
    page = Page(gone.id, 1)
    writer.set_labels(["boat"])
    writer.set_tags(gone, {1: {"boat": 0.9}})
    writer.set_captions(page, "model", {0: "a castle"})
    before = writer.generation
    writer.remove([gone.id])
    assert writer.generation == before + 1
    assert writer.documents() == [kept]
    assert list(writer.names()) == ["/files/kept.pdf"]
    assert matched(home, "lamp") == {f"{kept.id}-1"}
    assert matched(home, "castle") == set()
    assert writer.tags(page) == {}
    assert writer.captions(page) == ()
    assert writer.recaptioned() == []
    assert not (home.pages / gone.id).exists()
    assert writer.unfinished() == [gone.id]
    writer.finish([gone.id])
    assert writer.unfinished() == []


def test_removing_what_is_not_there_harms_nothing(writer: LibraryWriter) -> None:
    kept = write_document(writer, "kept.pdf", "lamp")
    writer.remove(["nowhere"])
    assert writer.documents() == [kept]


def test_compacting_takes_the_last_trace_of_a_word(home: Home, writer: LibraryWriter) -> None:
    write_document(writer, "kept.pdf", "lamp")
    gone = write_document(writer, "gone.pdf", "zyzzyvaquokka")
    writer.remove([gone.id])
    writer.finish([gone.id])
    writer.compact()
    for path in home.root.glob("library.sqlite3*"):
        assert b"zyzzyvaquokka" not in path.read_bytes()


def test_beginning_twice_is_finished_once(writer: LibraryWriter) -> None:
    writer.begin(["a", "b"])
    writer.begin(["b", "c"])
    assert writer.unfinished() == ["a", "b", "c"]
    writer.finish(["b", "nowhere"])
    assert writer.unfinished() == ["a", "c"]


# --- generation


def test_every_change_moves_the_generation_of_every_reader(
    home: Home, writer: LibraryWriter
) -> None:
    document = write_document(writer, "a.pdf", "lamp", figures=[TOP])
    reader = Library(home)
    changes: list[Callable[[], None]] = [
        lambda: writer.set_name("/files/b.pdf", document.id, STAMP),
        lambda: writer.forget_names(["/files/b.pdf"]),
        lambda: writer.set_labels(["boat"]),
        lambda: writer.set_tags(document, {1: {"boat": 0.9}}),
        lambda: writer.set_captioner("model"),
        lambda: writer.set_captions(Page(document.id, 1), "model", {0: "a lamp"}),
        lambda: writer.revise(document),
        writer.touch,
        lambda: writer.remove([document.id]),
    ]
    for make in changes:
        before = reader.generation
        make()
        assert reader.generation > before


def test_only_touching_moves_what_is_derived(home: Home, writer: LibraryWriter) -> None:
    reader = Library(home)
    write_document(writer, "a.pdf", "lamp")
    assert reader.derived == 0
    writer.touch()
    writer.touch()
    assert reader.derived == 2


# --- paths and failures


def test_a_path_stands_for_one_document(writer: LibraryWriter) -> None:
    old = write_document(writer, "a.pdf", "lamp")
    new = write_document(writer, "b.pdf", "boat")
    stamp = FileStamp(7, 8)
    writer.set_name("/files/a.pdf", new.id, stamp)
    assert writer.names()["/files/a.pdf"] == (new.id, stamp)
    assert writer.nameless() == [old.id]
    assert writer.document(new.id).paths == ("/files/a.pdf", "/files/b.pdf")


def test_a_path_for_no_document_is_refused(writer: LibraryWriter) -> None:
    before = writer.generation
    with pytest.raises(sqlite3.IntegrityError):
        writer.set_name("/files/a.pdf", "nowhere", STAMP)
    assert writer.names() == {}
    assert writer.generation == before


def test_forgotten_paths_lose_names_and_failures(writer: LibraryWriter) -> None:
    document = write_document(writer, "a.pdf", "lamp")
    writer.record_failure(Failure("/files/b.pdf", STAMP, "It is broken.", "Mend it."))
    writer.forget_names(["/files/a.pdf", "/files/b.pdf", "/files/nowhere.pdf"])
    assert writer.names() == {}
    assert writer.failures() == []
    assert writer.nameless() == [document.id]


def test_the_last_failure_of_a_path_counts(writer: LibraryWriter) -> None:
    writer.record_failure(Failure("/files/a.pdf", STAMP, "It is broken.", "Mend it."))
    last = Failure("/files/a.pdf", FileStamp(3, 4), "It is locked.", "Give the password.")
    writer.record_failure(last)
    assert writer.failures() == [last]


def test_a_named_path_has_failed_no_more(writer: LibraryWriter) -> None:
    document = write_document(writer, "a.pdf", "lamp")
    writer.record_failure(Failure("/files/b.pdf", STAMP, "It is broken.", "Mend it."))
    writer.set_name("/files/b.pdf", document.id, STAMP)
    assert writer.failures() == []


# --- tags


def test_tags_of_a_document_are_replaced(writer: LibraryWriter) -> None:
    document = write_document(writer, "a.pdf", "", "")
    writer.set_labels(["lamp", "boat"])
    writer.set_tags(document, {1: {"lamp": 0.9}, 2: {"lamp": 0.8}})
    writer.set_tags(document, {2: {"boat": 0.7}})
    assert writer.tags(Page(document.id, 1)) == {}
    assert writer.tags(Page(document.id, 2)) == {"boat": 0.7}
    assert writer.tag_counts() == {"boat": 1}


def test_a_document_without_any_tag_has_been_tagged_too(writer: LibraryWriter) -> None:
    one, two = (write_document(writer, name, "") for name in ("a.pdf", "b.pdf"))
    writer.set_tags(one, {})
    assert writer.untagged() == [two]


def test_other_labels_drop_every_tag_and_the_same_keep_them(writer: LibraryWriter) -> None:
    document = write_document(writer, "a.pdf", "")
    writer.set_labels(["lamp", "boat"])
    writer.set_tags(document, {1: {"lamp": 0.9}})
    before = writer.generation
    writer.set_labels(["lamp", "boat"])
    assert writer.generation == before
    assert writer.untagged() == []
    writer.set_labels(["boat", "lamp"])
    assert writer.labels() == ["boat", "lamp"]
    assert writer.tags(Page(document.id, 1)) == {}
    assert writer.untagged() == [document]


def test_labels_given_twice_change_nothing(writer: LibraryWriter) -> None:
    writer.set_labels(["lamp"])
    before = writer.generation
    with pytest.raises(sqlite3.IntegrityError):
        writer.set_labels(["boat", "boat"])
    assert writer.labels() == ["lamp"]
    assert writer.generation == before


# --- captions


def test_captions_are_found_and_wait_for_their_vectors(home: Home, writer: LibraryWriter) -> None:
    document = write_document(writer, "a.pdf", "lamp", figures=[TOP, BOTTOM])
    page = Page(document.id, 1)
    writer.set_captions(page, "model", {0: "a castle"})
    assert matched(home, "castle") == {page.key}
    assert matched(home, "lamp") == {page.key}
    assert writer.recaptioned() == [document.id]
    writer.set_captions(page, "model", {1: "a bridge"})
    assert matched(home, "castle") == matched(home, "bridge") == {page.key}
    writer.set_captions(page, "model", {0: "a tower"})
    assert matched(home, "castle") == set()
    writer.revise(document)
    assert writer.recaptioned() == []


def test_revising_records_the_new_revision(writer: LibraryWriter) -> None:
    document = write_document(writer, "a.pdf", "lamp")
    revised = replace(document, revision="r2")
    writer.revise(revised)
    assert writer.documents() == [revised]


def test_figures_without_a_caption_of_this_model_come_in_order(writer: LibraryWriter) -> None:
    one = write_document(writer, "a.pdf", "x", "y", figures=[TOP, BOTTOM], document_id="a" * 20)
    write_document(writer, "b.pdf", "x", document_id="b" * 20)
    writer.set_captions(Page(one.id, 1), "model", {1: "", 0: "a lamp"})
    assert writer.uncaptioned("model") == [(one.id, 2, 0), (one.id, 2, 1)]
    assert len(writer.uncaptioned("another")) == 4


def test_the_captioner_is_remembered(home: Home, writer: LibraryWriter) -> None:
    assert writer.captioner() == ""
    writer.set_captioner("model")
    before = writer.generation
    writer.set_captioner("model")
    assert writer.generation == before
    assert Library(home).captioner() == "model"
    writer.set_captioner("")
    assert Library(home).captioner() == ""


# --- leftovers and damage


def test_sweeping_takes_images_of_no_document(home: Home, writer: LibraryWriter) -> None:
    kept = write_document(writer, "kept.pdf", "lamp")
    (home.pages / "stray").mkdir()
    (home.pages / "stray" / "1.webp").write_bytes(b"stray")
    writer.sweep()
    assert [path.name for path in home.pages.iterdir()] == [kept.id]
    assert writer.image(Page(kept.id, 1)) == make_image(1)


def test_images_read_anew_come_with_their_rows_or_not_at_all(
    home: Home, writer: LibraryWriter
) -> None:
    kept = write_document(writer, "a.pdf", "lamp")
    before = writer.image(Page(kept.id, 1))

    def broken() -> Iterator[PageRow]:
        raise KeyError("cut off")
        yield

    again = replace(kept, revision="another")
    with pytest.raises(KeyError):
        writer.add(again, broken(), stage(home, [render(kept.id, 1, "boat")]), {})
    assert writer.image(Page(kept.id, 1)) == before
    assert [path.name for path in home.pages.iterdir()] == [kept.id]


@pytest.mark.parametrize("committed", [False, True])
def test_images_after_a_crash_are_those_of_the_rows(
    home: Home, writer: LibraryWriter, committed: bool
) -> None:
    """The moments on either side of the commit: new images in place, old ones beside."""
    kept = write_document(writer, "a.pdf", "lamp")
    old = home.pages / f".{kept.id}.{'earlier' if committed else kept.revision}"
    (home.pages / kept.id).rename(old)
    (home.pages / kept.id).mkdir()
    (home.pages / kept.id / "1.webp").write_bytes(b"new")
    writer.begin([kept.id])
    assert finish_interrupted(home, writer)
    assert writer.image(Page(kept.id, 1)) == (b"new" if committed else make_image(1))
    assert [path.name for path in home.pages.iterdir()] == [kept.id]
    assert not finish_interrupted(home, writer)


def test_a_reader_waits_out_the_moment_between_old_and_new_images(
    home: Home, writer: LibraryWriter
) -> None:
    kept = write_document(writer, "a.pdf", "lamp")
    folder = home.pages / kept.id
    folder.rename(home.pages / "aside")
    back = threading.Timer(0.05, lambda: (home.pages / "aside").rename(folder))
    back.start()
    assert writer.image(Page(kept.id, 1)) == make_image(1)
    back.join()
    writer.remove([kept.id])
    with pytest.raises(PageNotFound):
        writer.image(Page(kept.id, 1))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("DELETE FROM pages WHERE number = 2", "has 1 of 2 pages, 1 searchable"),
        (
            "DELETE FROM terms WHERE rowid = (SELECT row FROM pages WHERE number = 2)",
            "has 2 of 2 pages, 1 searchable",
        ),
    ],
)
def test_checking_names_a_document_that_is_not_whole(
    home: Home, writer: LibraryWriter, damage: str, says: str
) -> None:
    document = write_document(writer, "a.pdf", "lamp", "boat")
    write_document(writer, "b.pdf", "tree")
    assert writer.check() == []
    change(home, damage.replace("number = 2", f"number = 2 AND document_id = '{document.id}'"))
    [problem] = writer.check()
    assert document.id in problem
    assert says in problem
