"""What an ingest does with files: new, unchanged, touched, renamed, changed, pruned, read again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import pymupdf
import pytest
from PIL import Image

from ingest.add import AddSettings, add
from ingest.encoders.encoder import UnknownEncoder
from ingest.event import (
    Added,
    Done,
    DuplicateFound,
    Event,
    FileOpened,
    FilesFound,
    LoadingModels,
    Removed,
)
from ingest.files.render import RenderSettings
from ingest.index.index import open_indexes
from ingest.library.home import Home, HomeBusy
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter
from ingest.page import Document
from ingest.verify import verify

PLAIN = AddSettings(render=RenderSettings(dpi=40, ocr="none"), encoders=("minilm",), workers=1)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


def make_pdf(path: Path, *texts: str) -> Path:
    pdf = pymupdf.open()
    for text in texts:
        pdf.new_page(width=300, height=200).insert_text((30, 60), text)
    pdf.save(path)
    return path


def run(home: Home, *paths: Path, settings: AddSettings = PLAIN) -> list[Event]:
    return list(add(home, paths, settings))


def total(events: Sequence[Event]) -> dict[str, int]:
    """The counts of the last event that are not 0."""
    done = events[-1]
    assert isinstance(done, Done)
    counts = {name: getattr(done, name) for name in Done.__slots__ if name != "seconds"}
    return {name: count for name, count in counts.items() if count}


def kinds(events: Sequence[Event]) -> list[type[Event]]:
    return [type(event) for event in events]


def documents(home: Home) -> dict[str, Document]:
    return {document.name: document for document in Library(home).documents()}


# --- new files


def test_a_first_run_says_what_it_finds_opens_and_adds(home: Home, folder: Path) -> None:
    path = make_pdf(folder / "a.pdf", "Lamp", "Boat")
    events = run(home, folder)
    assert events[0] == FilesFound(1, 1)
    assert FileOpened(str(path), 2) in events
    [added] = [event.document for event in events if isinstance(event, Added)]
    assert Library(home).documents() == [added]
    assert total(events) == {"added": 1, "pages": 2}
    assert verify(home) == []


def test_a_document_is_described_by_its_file(home: Home, folder: Path) -> None:
    path = make_pdf(folder / "a.pdf", "Lamp", "Boat")
    Image.new("RGB", (40, 30), "red").save(folder / "b.png")
    run(home, folder)
    pdf, photo = documents(home)["a.pdf"], documents(home)["b.png"]
    assert pdf.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert pdf.sha256.startswith(pdf.id)
    assert len(pdf.id) == 20
    assert pdf.byte_size == path.stat().st_size
    assert pdf.paths == (str(path),)
    assert (pdf.kind, pdf.page_count) == ("pdf", 2)
    assert (photo.kind, photo.page_count) == ("image", 1)


def test_without_files_there_is_an_empty_library(home: Home, folder: Path) -> None:
    events = run(home, folder)
    assert kinds(events) == [FilesFound, Done]
    assert total(events) == {}
    assert Library(home).documents() == []


def test_files_of_the_home_are_left_out_but_uploads_are_read(home: Home, tmp_path: Path) -> None:
    upload = home.uploads / "1a2b" / "a.pdf"
    upload.parent.mkdir(parents=True)
    make_pdf(upload, "Lamp")
    (home.pages / "x").mkdir(parents=True)
    make_pdf(home.pages / "x" / "1.pdf", "Boat")
    make_pdf(home.root / "b.pdf", "Tree")
    events = run(home, tmp_path)
    assert events[0] == FilesFound(1, 1)
    assert [document.paths for document in documents(home).values()] == [(str(upload),)]


def test_an_unknown_encoder_stops_a_run_before_anything_is_added(home: Home, folder: Path) -> None:
    make_pdf(folder / "a.pdf", "Lamp")
    with pytest.raises(UnknownEncoder):
        run(home, folder, settings=replace(PLAIN, encoders=("nowhere:model",)))
    assert Library(home).documents() == []
    assert total(run(home, folder)) == {"added": 1, "pages": 1}


# --- known files


def test_an_unchanged_file_is_not_opened(home: Home, folder: Path) -> None:
    make_pdf(folder / "a.pdf", "Lamp")
    run(home, folder)
    generation = Library(home).generation
    events = run(home, folder)
    assert events[0] == FilesFound(1, 0)
    assert kinds(events) == [FilesFound, Done]
    assert total(events) == {"unchanged": 1}
    assert Library(home).generation == generation


def test_a_touched_file_is_hashed_but_not_read(home: Home, folder: Path) -> None:
    path = make_pdf(folder / "a.pdf", "Lamp")
    run(home, folder)
    before = documents(home)["a.pdf"]
    os.utime(path, ns=(1, 1))
    events = run(home, folder)
    assert kinds(events) == [FilesFound, LoadingModels, DuplicateFound, Done]
    assert total(events) == {"named": 1}
    assert documents(home)["a.pdf"] == before
    assert total(run(home, folder)) == {"unchanged": 1}


def test_a_renamed_file_keeps_its_document_and_loses_its_old_name(home: Home, folder: Path) -> None:
    path = make_pdf(folder / "old.pdf", "Lamp")
    run(home, folder)
    before = documents(home)["old.pdf"]
    path.rename(folder / "new.pdf")
    assert total(run(home, folder)) == {"named": 1}
    renamed = replace(before, name="new.pdf", paths=(str(folder / "new.pdf"),))
    assert Library(home).documents() == [renamed]
    assert verify(home) == []


@pytest.mark.parametrize("prune", [False, True])
def test_files_that_are_renamed_and_moved_keep_their_tags_and_titles(
    home: Home, folder: Path, prune: bool
) -> None:
    # b takes a's place and c takes b's, while d is new: no moment may take b for removed.
    for name in "ab":
        make_pdf(folder / f"{name}.pdf", f"Lamp {name}")
        # Files of one size, unpacked from an archive or written within a tick of the clock.
        os.utime(folder / f"{name}.pdf", ns=(1, 1))
    run(home, folder)
    with home.writing():
        writer = LibraryWriter(home)
        for document in writer.documents():
            writer.set_document_tags(document.id, [f"tag {document.name}"])
            writer.set_title(document.id, f"Title {document.name}")
        writer.close()
    before = {document.id: document for document in documents(home).values()}
    (folder / "below").mkdir()
    (folder / "b.pdf").rename(folder / "below" / "c.pdf")
    (folder / "a.pdf").rename(folder / "b.pdf")
    make_pdf(folder / "a-new.pdf", "Boat " * 30)
    events = run(home, folder, settings=replace(PLAIN, prune=prune))
    assert not [event for event in events if isinstance(event, Removed)]
    assert total(events) == {"added": 1, "pages": 1, "named": 2}
    after = {document.id: document for document in Library(home).documents()}
    for id_, old in before.items():
        new = after[id_]
        assert (new.title, new.tags, new.revision) == (old.title, old.tags, old.revision)
    assert {d.name for d in after.values()} == {"a-new.pdf", "b.pdf", "c.pdf"}
    assert verify(home) == []


def test_a_file_that_takes_the_bytes_of_another_drops_its_own_document(
    home: Home, folder: Path
) -> None:
    one = make_pdf(folder / "a.pdf", "Lamp")
    two = make_pdf(folder / "b.pdf", "Boat")
    run(home, folder)
    old = documents(home)["b.pdf"]
    shutil.copy(one, two)
    events = run(home, folder)
    assert total(events) == {"unchanged": 1, "named": 1, "removed": 1}
    assert [event.document for event in events if isinstance(event, Removed)] == [old]
    [document] = Library(home).documents()
    assert document.paths == (str(one), str(two))
    assert verify(home) == []


# --- files that are gone


def test_a_file_that_is_gone_stays_until_it_is_pruned(home: Home, folder: Path) -> None:
    make_pdf(folder / "a.pdf", "Lamp")
    gone = make_pdf(folder / "b.pdf", "Boat")
    run(home, folder)
    old = documents(home)["b.pdf"]
    gone.unlink()
    assert total(run(home, folder)) == {"unchanged": 1}
    assert set(documents(home)) == {"a.pdf", "b.pdf"}
    events = run(home, folder, settings=replace(PLAIN, prune=True))
    assert [event.document for event in events if isinstance(event, Removed)] == [old]
    assert total(events) == {"unchanged": 1, "removed": 1}
    assert set(documents(home)) == {"a.pdf"}
    assert Library(home).match_terms(["boat"]) == {}
    assert verify(home) == []


def test_pruning_keeps_to_the_given_paths(home: Home, folder: Path) -> None:
    for name in ("one", "two", "one-more"):
        (folder / name).mkdir()
        make_pdf(folder / name / f"{name}.pdf", name)
    run(home, folder)
    for name in ("one", "two", "one-more"):
        (folder / name / f"{name}.pdf").unlink()
    run(home, folder / "one", settings=replace(PLAIN, prune=True))
    assert set(documents(home)) == {"two.pdf", "one-more.pdf"}


def test_pruning_one_of_two_names_keeps_the_document(home: Home, folder: Path) -> None:
    path = make_pdf(folder / "a.pdf", "Lamp")
    shutil.copy(path, folder / "b.pdf")
    run(home, folder)
    path.unlink()
    events = run(home, folder, settings=replace(PLAIN, prune=True))
    assert total(events) == {"unchanged": 1}
    [document] = Library(home).documents()
    assert document.paths == (str(folder / "b.pdf"),)


# --- reading again


def test_redo_reads_a_known_file_again_as_a_new_revision(home: Home, folder: Path) -> None:
    make_pdf(folder / "a.pdf", "Lamp", "Boat")
    make_pdf(folder / "b.pdf", "Tree")
    run(home, folder)
    before = documents(home)
    events = run(home, folder / "a.pdf", settings=replace(PLAIN, redo=True))
    assert total(events) == {"added": 1, "pages": 2}
    after = documents(home)
    assert after["b.pdf"] == before["b.pdf"]
    assert after["a.pdf"].id == before["a.pdf"].id
    assert after["a.pdf"].revision != before["a.pdf"].revision
    assert verify(home) == []


def test_redo_takes_other_settings(home: Home, folder: Path) -> None:
    make_pdf(folder / "a.pdf", "Lamp")
    run(home, folder)
    [small] = Library(home).page_records()
    finer = replace(PLAIN, render=RenderSettings(dpi=80, ocr="none"))
    assert total(run(home, folder, settings=finer)) == {"unchanged": 1}
    run(home, folder, settings=replace(finer, redo=True))
    [large] = Library(home).page_records()
    assert (large.width, large.height) == pytest.approx((2 * small.width, 2 * small.height), abs=1)


# --- cut off


def test_a_run_does_not_wait_longer_than_it_is_told(home: Home, folder: Path) -> None:
    waits = []
    with home.writing(), pytest.raises(HomeBusy):
        list(add(home, [folder], PLAIN, wait=0, on_wait=lambda: waits.append(1)))
    assert waits == [1]
    assert not home.database.exists()


def test_a_run_that_is_cut_off_leaves_whole_documents_and_no_lock(home: Home, folder: Path) -> None:
    for n in range(3):
        make_pdf(folder / f"{n}.pdf", *[f"Lamp {n}"] * 30)
    events = add(home, [folder], PLAIN)
    assert isinstance(events, Generator)
    with contextlib.closing(events):
        assert any(isinstance(event, Added) for event in events)
    held = len(Library(home).documents())
    assert held >= 1
    assert Library(home).page_count() == 30 * held
    done = run(home, folder)[-1]
    assert isinstance(done, Done)
    assert (done.added, done.unchanged) == (3 - held, held)
    assert verify(home) == []


def test_what_a_killed_writer_left_is_cleared(home: Home, folder: Path) -> None:
    make_pdf(folder / "a.pdf", "Lamp")
    gone = make_pdf(folder / "b.pdf", "Boat")
    run(home, folder)
    document = documents(home)["b.pdf"]
    gone.unlink()
    LibraryWriter(home).remove([document.id])  # and killed before the indexes follow
    (home.staging / "half").mkdir()
    assert verify(home) != []
    run(home, folder)
    assert verify(home) == []
    assert list(home.staging.iterdir()) == []
    assert LibraryWriter(home).unfinished() == []
    for index in open_indexes(home):
        assert not any(key.startswith(document.id) for key in index.records.keys())
        index.records.close()


# --- copies


def test_redo_of_one_copy_keeps_the_other(home: Home, folder: Path) -> None:
    first = make_pdf(folder / "a.pdf", "Lamp")
    second = Path(shutil.copy(first, folder / "b.pdf"))
    run(home, folder)
    run(home, first, settings=replace(PLAIN, redo=True))
    assert documents(home)["a.pdf"].paths == (str(first), str(second))
    first.unlink()
    run(home, first, settings=replace(PLAIN, prune=True))
    assert documents(home)["b.pdf"].paths == (str(second),)


@pytest.mark.parametrize("redo", [False, True])
def test_a_copy_found_after_its_document_was_added_is_a_duplicate(
    home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch, redo: bool
) -> None:
    monkeypatch.setattr("ingest.run.assemble.BATCH_SECONDS", -1.0)  # each page is a batch
    first = make_pdf(folder / "00.pdf", "Lamp")
    for number in range(1, 12):
        make_pdf(folder / f"{number:02}.pdf", f"Boat {number}")
    last = Path(shutil.copy(first, folder / "99.pdf"))
    events = run(home, folder, settings=replace(PLAIN, redo=redo))
    assert total(events) == {"added": 12, "named": 1, "pages": 12}
    assert documents(home)["00.pdf"].paths == (str(first), str(last))
