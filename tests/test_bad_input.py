"""Broken and hostile files: good ones are ingested, each bad one reported once."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pymupdf
import pytest
from PIL import Image

from ingest.add import AddSettings, add
from ingest.disk.full_disk import DiskFull
from ingest.event import Added, Done, DuplicateFound, Event, Failed, FileOpened, FilesFound, Removed
from ingest.files.render import RenderSettings
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import Document
from ingest.verify import verify

PLAIN = AddSettings(render=RenderSettings(dpi=40, ocr="none"), encoders=("minilm",), workers=1)
CUT = 60_000
LATIN_NAME = os.fsdecode(b"caf\xe9.pdf")


def make_pdf(path: Path, *texts: str, **options: object) -> Path:
    pdf = pymupdf.open()
    for text in texts:
        pdf.new_page(width=300, height=200).insert_text((30, 60), text)
    pdf.save(path, **options)
    return path


def make_noise(path: Path, side: int, seed: int) -> Path:
    values = np.random.default_rng(seed).integers(0, 255, (side, side, 3), np.uint8)
    Image.fromarray(values).save(path)
    return path


def documents(home: Home) -> dict[str, Document]:
    return {document.name: document for document in Library(home).documents()}


def failed(events: Sequence[Event]) -> dict[str, str]:
    """Reason and remedy by file name; no file may be named twice."""
    said: dict[str, str] = {}
    for event in events:
        if isinstance(event, Failed):
            name = os.path.basename(event.failure.path)
            assert name not in said, f"{name} is reported twice"
            assert event.failure.hint
            said[name] = event.failure.reason
    return said


def total(events: Sequence[Event]) -> Done:
    assert isinstance(events[-1], Done)
    return events[-1]


# --- everything at once

BAD = {
    "broken.pdf": "broken",
    "cut.pdf": "cut short",
    "empty.pdf": "empty",
    "empty.png": "empty",
    "link.pdf": "cannot be opened",
    "letter.pdf": "is not a PDF",
    "nothing.pdf": "no pages",
    "locked.pdf": "encrypted",
    "bomb.png": "claims",
    "cut.jpg": "cut short",
}
GOOD = {
    "fax.tif": 1,
    "ink.jpg": 1,
    "deep.png": 1,
    "moving.gif": 1,
    "wide.pdf": 1,
    "one.pdf": 2,
    "two.png": 1,
    "caf\\xe9.pdf": 1,
    "LOUD.PDF": 1,
}


def fill(folder: Path) -> None:
    folder.mkdir()
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n" + bytes(3_000))
    report = Path(__file__).parents[1] / "data" / "samples" / "annual-report.pdf"
    (folder / "cut.pdf").write_bytes(report.read_bytes()[:CUT])
    (folder / "empty.pdf").touch()
    (folder / "empty.png").touch()
    (folder / "link.pdf").symlink_to("nowhere.pdf")
    (folder / "letter.pdf").write_bytes(b"Dear Sir or Madam, " * 50)
    (folder / "nothing.pdf").write_bytes(
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )
    locked = {"encryption": pymupdf.PDF_ENCRYPT_AES_256, "user_pw": "sesame", "owner_pw": "b"}
    make_pdf(folder / "locked.pdf", "A secret lamp", **locked)
    buffer = io.BytesIO()
    Image.new("1", (40_000, 40_000)).save(buffer, "PNG")
    (folder / "bomb.png").write_bytes(buffer.getvalue())
    buffer = io.BytesIO()
    Image.effect_noise((200, 200), 60).save(buffer, "JPEG")
    (folder / "cut.jpg").write_bytes(buffer.getvalue()[:5_000])

    Image.new("1", (90, 60), 1).save(folder / "fax.tif", compression="group4")
    Image.new("CMYK", (90, 60), (0, 200, 0, 0)).save(folder / "ink.jpg")
    Image.fromarray(np.full((60, 90), 30_000, np.uint16)).save(folder / "deep.png")
    red, blue = Image.new("RGB", (90, 60), "red"), Image.new("RGB", (90, 60), "blue")
    red.save(folder / "moving.gif", save_all=True, append_images=[blue])
    wide = pymupdf.open()
    wide.new_page(width=20_000, height=400).insert_text((100, 200), "Wide", fontsize=100)
    wide.save(folder / "wide.pdf")
    make_pdf(folder / "one.pdf", "The lamp turns", "The lens is clean")
    red.save(folder / "two.png")
    make_pdf(folder / "cafe.pdf", "Coffee for the keeper").rename(folder / LATIN_NAME)
    make_pdf(folder / "LOUD.PDF", "A horn")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "back").symlink_to(folder)


class First(NamedTuple):
    home: Home
    folder: Path
    events: list[Event]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> First:
    """One ingest of it all. The tests below build on each other's state in order of the file."""
    folder = tmp_path_factory.mktemp("bad") / "files"
    fill(folder)
    home = Home(tmp_path_factory.mktemp("home"))
    return First(home, folder, list(add(home, [folder], PLAIN)))


def test_what_is_good_among_the_bad_gets_in(first: First) -> None:
    assert {name: d.page_count for name, d in documents(first.home).items()} == GOOD
    assert total(first.events).added == len(GOOD)
    assert verify(first.home) == []


def test_every_bad_file_is_reported_once_with_its_name_a_reason_and_a_remedy(first: First) -> None:
    said = failed(first.events)
    assert set(said) == set(BAD)
    for name, reason in said.items():
        assert BAD[name] in reason, reason
    # Two empty files have the same bytes, so one report may speak of the other's name.
    for name in set(said) - {"empty.pdf", "empty.png"}:
        assert name in said[name]
    assert total(first.events).failed == len(BAD)


def test_a_second_run_reports_them_as_earlier_failures_and_opens_nothing(first: First) -> None:
    events = list(add(first.home, [first.folder], PLAIN))
    assert set(failed(events)) == set(BAD)
    # A link to nowhere has no size or time that could tell whether it changed: it is tried again.
    assert {
        os.path.basename(e.failure.path) for e in events if isinstance(e, Failed) and not e.earlier
    } <= {"link.pdf"}
    assert not [event for event in events if isinstance(event, (FileOpened, Added, DuplicateFound))]
    assert total(events).unchanged == len(GOOD)
    [looked] = [event for event in events if isinstance(event, FilesFound)]
    assert looked.to_read <= 1


def test_a_password_opens_what_was_locked(first: First) -> None:
    render = RenderSettings(dpi=40, ocr="none", password="sesame")
    events = list(
        add(first.home, [first.folder / "locked.pdf"], AddSettings(render, ("minilm",), 1))
    )
    assert failed(events) == {}
    assert documents(first.home)["locked.pdf"].page_count == 1


def test_mended_files_are_added(first: First) -> None:
    make_pdf(first.folder / "cut.pdf", "Whole again")
    Image.new("RGB", (40, 40), "green").save(first.folder / "empty.png")
    make_pdf(first.folder / "nowhere.pdf", "Somewhere after all")
    events = list(add(first.home, [first.folder], PLAIN))
    assert {"cut.pdf", "empty.png", "link.pdf"}.isdisjoint(failed(events))
    assert total(events).added == 3
    assert {"cut.pdf", "empty.png"} <= set(documents(first.home))
    names = {os.path.basename(path) for path in Library(first.home).names()}
    assert {"link.pdf", "nowhere.pdf"} <= names
    assert {os.path.basename(f.path) for f in Library(first.home).failures()} == set(BAD) - {
        "cut.pdf",
        "empty.png",
        "link.pdf",
        "locked.pdf",
    }
    assert verify(first.home) == []


def test_retry_reads_failed_files_once_more(first: First) -> None:
    events = list(
        add(first.home, [first.folder], AddSettings(PLAIN.render, ("minilm",), 1, retry=True))
    )
    again = [event for event in events if isinstance(event, Failed)]
    assert {os.path.basename(e.failure.path) for e in again} == set(failed(events))
    assert not any(event.earlier for event in again)
    assert len(again) == len(BAD) - 4


def test_prune_forgets_files_and_failures_that_are_gone(first: First) -> None:
    for name in ("one.pdf", "bomb.png"):
        (first.folder / name).unlink()
    kept = documents(first.home)
    prune = AddSettings(PLAIN.render, ("minilm",), 1, prune=True)
    events = list(add(first.home, [first.folder], prune))
    assert [e.document.name for e in events if isinstance(e, Removed)] == ["one.pdf"]
    assert set(documents(first.home)) == set(kept) - {"one.pdf"}
    assert "bomb.png" not in {os.path.basename(f.path) for f in Library(first.home).failures()}
    assert verify(first.home) == []


# --- identity


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


def words(home: Home) -> set[str]:
    library = Library(home)
    return {word.text for r in library.page_records() for word in library.words(r.page)}


def test_the_same_bytes_under_two_names_are_one_document_with_two_names(
    home: Home, folder: Path
) -> None:
    make_pdf(folder / "a.pdf", "Lamp")
    shutil.copy(folder / "a.pdf", folder / "b.pdf")
    events = list(add(home, [folder], PLAIN))
    [document] = Library(home).documents()
    assert document.paths == (str(folder / "a.pdf"), str(folder / "b.pdf"))
    assert (total(events).added, total(events).named) == (1, 1)
    shutil.copy(folder / "a.pdf", folder / "c.pdf")
    assert total(list(add(home, [folder], PLAIN))).named == 1
    assert len(Library(home).documents()[0].paths) == 3


def test_a_changed_file_replaces_its_old_pages_and_a_broken_change_keeps_them(
    home: Home, folder: Path
) -> None:
    path = make_pdf(folder / "a.pdf", "Old")
    list(add(home, [folder], PLAIN))
    make_pdf(path, "New", "Newer")
    events = list(add(home, [folder], PLAIN))
    assert (total(events).added, total(events).removed) == (1, 1)
    assert words(home) == {"New", "Newer"}
    path.write_bytes(b"%PDF-1.7 oops")
    assert set(failed(list(add(home, [folder], PLAIN)))) == {"a.pdf"}
    assert words(home) == {"New", "Newer"}
    events = list(add(home, [folder], PLAIN))
    assert [event.earlier for event in events if isinstance(event, Failed)] == [True]
    assert verify(home) == []


def test_a_file_that_changes_while_it_is_read_is_set_aside_and_read_next_time(
    home: Home, folder: Path
) -> None:
    path = make_pdf(folder / "a.pdf", *["Draft"] * 20)
    make_pdf(folder / "b.pdf", "Finished")
    events = []
    for event in add(home, [folder], PLAIN):
        events.append(event)
        if isinstance(event, FileOpened) and event.path == str(path):
            with path.open("ab") as file:
                file.write(b"\n% still writing\n")
    assert "changed while it was being read" in failed(events)["a.pdf"]
    assert set(documents(home)) == {"b.pdf"}
    assert verify(home) == []
    events = list(add(home, [folder], PLAIN))
    assert failed(events) == {}
    assert set(documents(home)) == {"a.pdf", "b.pdf"}


def test_many_bad_files_with_the_same_bytes_are_each_reported(home: Home, folder: Path) -> None:
    names = {f"{n:02}.png" for n in range(12)}
    for name in names:
        (folder / name).touch()
    assert set(failed(list(add(home, [folder], PLAIN)))) == names
    assert {os.path.basename(f.path) for f in Library(home).failures()} == names


INGEST = """
import sys
from ingest.add import AddSettings, add
from ingest.library.home import Home
from ingest.files.render import RenderSettings

if __name__ == "__main__":
    settings = AddSettings(RenderSettings(dpi=40, ocr="none"), ("minilm",), 1)
    print(list(add(Home(sys.argv[1]), sys.argv[2:], settings))[-1].added)
"""


@pytest.mark.slow
def test_two_ingests_at_once_both_finish_and_the_library_is_whole(
    home: Home, folder: Path, tmp_path: Path
) -> None:
    script = tmp_path / "ingest_some.py"
    script.write_text(INGEST)
    for n in range(6):
        make_pdf(folder / f"{n}.pdf", f"Page{n}")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    halves = [[folder / f"{n}.pdf" for n in part] for part in ((0, 1, 2, 3), (2, 3, 4, 5))]
    running = [
        subprocess.Popen(
            [sys.executable, script, home.root, *half],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        for half in halves
    ]
    said = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert sum(int(out) for out, _ in said) == 6
    assert words(home) == {f"Page{n}" for n in range(6)}
    assert verify(home) == []


# --- a full disk


@contextlib.contextmanager
def mounted(at: Path) -> Iterator[None]:
    """A disk of its own, which only root may make."""
    at.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(at)]
    allowed = os.geteuid() == 0 and shutil.which("mount")
    if not allowed or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root only")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def resize(at: Path, kilobytes: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", str(at)], check=True)


def test_a_full_disk_is_said_plainly_and_the_next_run_goes_on(tmp_path: Path, folder: Path) -> None:
    """As the disk grows, it is the pictures, then Chroma, then SQLite that find it full."""
    for n in range(40):
        make_pdf(folder / f"{n}.pdf", f"Lamp {n} of many")
    with mounted(tmp_path / "small"):
        home = Home(tmp_path / "small" / "home")
        full = 0
        for kilobytes in (160, 500, 1_000):
            resize(tmp_path / "small", kilobytes)
            try:
                list(add(home, [folder], PLAIN))
            except DiskFull as fault:
                full += 1
                assert "no space left" in str(fault)
            if home.database.exists():
                library = Library(home)
                pages = [record.page.document_id for record in library.page_records()]
                assert sorted(pages) == sorted(d.id for d in library.documents())
        assert full == 3
        resize(tmp_path / "small", 200_000)
        events = list(add(home, [folder], PLAIN))
        assert failed(events) == {}
        assert words(home) >= {str(n) for n in range(40)}
        assert verify(home) == []
