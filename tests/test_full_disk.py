"""A full disk: what reads, lists and removes goes on, and the rest says what is wrong."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pymupdf
import pytest

from ingest.add import AddSettings, add
from ingest.disk.full_disk import DiskFull, is_disk_full
from ingest.files.render import RenderSettings
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter
from ingest.remove import remove
from ingest.reserve import SMALLEST, keep_reserve, spare_space
from ingest.verify import verify
from retrieval.search import Searcher

PLAIN = AddSettings(RenderSettings(dpi=36, ocr="none"), ("minilm",), 1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of three documents."""
    root = tmp_path_factory.mktemp("made")
    (root / "files").mkdir()
    for name in "abc":
        pdf = pymupdf.open()
        pdf.new_page().insert_text((72, 72), f"lamp of {name}")
        pdf.save(root / "files" / f"{name}.pdf")
    list(add(Home(root / "home"), [root / "files"], PLAIN))
    with contextlib.closing(sqlite3.connect(root / "home" / "library.sqlite3")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return root


def copy(made: Path, at: Path) -> Home:
    """Copy of the home, as it is while nobody has it open."""
    shutil.copytree(made / "home", at, ignore=shutil.ignore_patterns("library.sqlite3-*"))
    return Home(at)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own of 24 MB, which only root may mount."""
    at = tmp_path / "small"
    at.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(at)]
    allowed = os.geteuid() == 0 and shutil.which("mount")
    if not allowed or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root only")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def fill(disk: Path) -> None:
    """Leave no byte on a disk."""
    with contextlib.suppress(OSError), (disk / "fill").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    assert shutil.disk_usage(disk).free == 0


@pytest.fixture
def home(disk: Path, made: Path) -> Home:
    """The home, on a disk that has become full while nobody had it open."""
    home = copy(made, disk / "home")
    with home.writing():
        keep_reserve(home.root)
    fill(disk)
    return home


def names(home: Home) -> list[str]:
    return [document.name for document in Library(home).documents()]


def test_a_full_disk_is_listed_and_searched(home: Home) -> None:
    assert names(home) == ["a.pdf", "b.pdf", "c.pdf"]
    with contextlib.closing(Searcher(home)) as searcher:
        assert searcher.search("lamp")


def test_documents_are_removed_from_a_full_disk_and_the_reserve_is_made_again(
    home: Home, disk: Path
) -> None:
    assert (home.root / "reserve").stat().st_size == SMALLEST
    assert [document.name for document in remove(home, ["a.pdf", "b.pdf"])] == ["a.pdf", "b.pdf"]
    assert names(home) == ["c.pdf"]
    assert verify(home) == []
    assert (home.root / "reserve").stat().st_size == SMALLEST
    fill(disk)
    remove(home, ["c.pdf"])
    assert names(home) == []


def test_a_full_disk_is_verified(home: Home) -> None:
    assert verify(home) == []


def test_a_reader_of_a_full_disk_sees_what_is_removed(home: Home) -> None:
    library = Library(home)
    assert len(library.documents()) == 3
    remove(home, ["a.pdf"])
    assert len(library.documents()) == 2


def test_an_ingest_says_that_the_disk_is_full_and_goes_on_later(
    home: Home, disk: Path, made: Path
) -> None:
    with pymupdf.open() as pdf:
        pdf.new_page().insert_text((72, 72), "lamp of d")
        pdf.save(made / "d.pdf")
    with pytest.raises(DiskFull, match="no space left"):
        list(add(home, [made / "d.pdf"], PLAIN))
    assert names(home) == ["a.pdf", "b.pdf", "c.pdf"]
    (disk / "fill").unlink()
    list(add(home, [made / "d.pdf"], PLAIN))
    assert verify(home) == []


@pytest.mark.parametrize(
    "command",
    [["status"], ["list"], ["search", "lamp"], ["status", "--repair"], ["remove", "a.pdf"]],
)
def test_commands_work_on_a_full_disk(home: Home, command: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "api.cli.main", "--home", home.root, *command],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert (result.returncode, result.stderr.count("error")) == (0, 0), result.stderr


def test_a_writer_without_the_reserve_says_that_the_disk_is_full(home: Home) -> None:
    with pytest.raises(DiskFull):
        LibraryWriter(home)


def test_what_is_in_the_log_alone_is_not_left_out(home: Home) -> None:
    (home.root / "reserve").unlink()
    (home.root / "library.sqlite3-wal").write_bytes(b"x" * 4096)
    fill(home.root.parent)
    with pytest.raises(DiskFull):
        Library(home)


def test_the_reserve_is_made_only_where_there_is_plenty_of_space(disk: Path) -> None:
    home = Home(disk / "home")
    (disk / "fill").write_bytes(bytes(20 << 20))
    keep_reserve(home.root)
    assert not (home.root / "reserve").exists()
    (disk / "fill").unlink()
    keep_reserve(home.root)
    assert (home.root / "reserve").exists()
    with spare_space(home.root) as full:
        assert not full
        assert (home.root / "reserve").exists()


def test_an_error_of_a_database_is_not_blamed_on_a_disk_with_space(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(tmp_path / "none" / "library.sqlite3").execute("SELECT 1")
    assert not is_disk_full(caught.value, tmp_path)


def test_an_error_of_a_database_on_a_full_disk_is(disk: Path) -> None:
    fill(disk)
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(disk / "none" / "library.sqlite3").execute("SELECT 1")
    assert is_disk_full(caught.value, disk)


def test_repair_deletes_what_a_killed_removal_left(made: Path, tmp_path: Path) -> None:
    home = copy(made, tmp_path / "home")
    writer = LibraryWriter(home)
    writer.remove([writer.document("a.pdf").id])  # and killed here, before the indexes let go
    assert verify(home) != []
    assert verify(home, repair=True) == []
    assert names(home) == ["b.pdf", "c.pdf"]
