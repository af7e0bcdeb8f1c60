"""Watched folders: what is read when, files that are being written, moves, deletions, Ctrl-C."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from make_pdf import make_pdf

import pageglass
from api.folder_passes import FolderPasses
from api.http.app import create_app
from api.ingestion import IngestPlan
from api.settings import Settings
from ingest.add import AddSettings
from ingest.event import Added, DuplicateFound, Event, Removed
from ingest.files.render import RenderSettings
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter
from ingest.watch import folder_watcher
from ingest.watch.folder_watcher import FolderWatcher, NotAFolder, find_folders
from ingest.watch.settled_files import OLD_SECONDS, SettledFiles

ROOT = Path(__file__).parents[1]
PLAIN = AddSettings(
    render=RenderSettings(dpi=40, ocr="none"), encoders=("minilm",), workers=1, prune=True
)
LOOKS = 10
"""A file has settled after so many looks, however slow the machine is."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files" / "below").mkdir(parents=True)
    return tmp_path / "files"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(folder_watcher, "DEBOUNCE_MS", 100)
    monkeypatch.setattr(folder_watcher, "LOOK_MS", 50)
    return Home(tmp_path / "home")


def old(path: Path) -> Path:
    """A file as it is long after it was written."""
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def make(path: Path, text: str) -> Path:
    make_pdf(path, text)
    return path


def follow(home: Home, *folders: Path) -> Iterator[list[Event]]:
    """Events of each pass over folders."""
    watcher = FolderWatcher(folders, home.root, SettledFiles(LOOKS, itertools.count().__next__))
    for events in FolderPasses(home, IngestPlan(PLAIN), watcher).run(lambda: None):
        yield list(events)


def added(events: list[Event]) -> list[str]:
    return [event.document.name for event in events if isinstance(event, Added)]


def next_change(passes: Iterator[list[Event]]) -> list[Event]:
    """Events of the next pass in which something was read, named or removed."""
    for events in passes:
        if any(isinstance(event, Added | DuplicateFound | Removed) for event in events):
            return events
    raise AssertionError


def test_files_that_come_are_read_and_files_that_move_keep_their_document(
    home: Home, folder: Path
) -> None:
    make_pdf(folder / "a.pdf", "Lamp")
    passes = follow(home, folder)
    assert added(next_change(passes)) == ["a.pdf"]  # once it has settled

    make_pdf(folder / "below" / "b.pdf", "Boat")
    (folder / "notes.xyz").write_text("of no kind that is read")
    assert added(next_change(passes)) == ["b.pdf"]

    [document] = [d for d in Library(home).documents() if d.name == "b.pdf"]
    with home.writing():
        writer = LibraryWriter(home)
        writer.set_document_tags(document.id, ["boats"])
        writer.set_title(document.id, "All boats")
        writer.close()
    (folder / "below" / "b.pdf").rename(folder / "ships.pdf")
    assert not [e for e in next_change(passes) if isinstance(e, Added | Removed)]
    [moved] = [d for d in Library(home).documents() if d.id == document.id]
    assert moved.paths[-1:] == (str(folder / "ships.pdf"),)
    assert (moved.tags, moved.title, moved.revision) == (
        ("boats",),
        "All boats",
        document.revision,
    )


def test_deleted_files_are_forgotten_unless_a_whole_folder_is_gone(
    home: Home, folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for path in (folder / "a.pdf", folder / "b.pdf", other / "c.pdf"):
        make_pdf(path, path.name)
        old(path)
    passes = follow(home, folder, other)
    assert sorted(added(next(passes))) == ["a.pdf", "b.pdf", "c.pdf"]

    (folder / "a.pdf").unlink()
    [removed] = [e.document.name for e in next_change(passes) if isinstance(e, Removed)]
    assert removed == "a.pdf"

    away = other.rename(tmp_path / "away")  # as when a disk is taken out
    (folder / "b.pdf").rename(folder / "b2.pdf")
    assert [e.path for e in next_change(passes) if isinstance(e, DuplicateFound)] == [
        str(folder / "b2.pdf")
    ]
    assert len(Library(home).documents()) == 2
    away.rename(other)
    make_pdf(other / "d.pdf", "Tree")
    old(other / "d.pdf")
    assert added(next_change(passes)) == ["d.pdf"]
    assert {d.name for d in Library(home).documents()} == {"b2.pdf", "c.pdf", "d.pdf"}


def test_a_file_is_read_once_it_is_whole(home: Home, folder: Path, tmp_path: Path) -> None:
    make_pdf(folder / "a.pdf", "Lamp")
    old(folder / "a.pdf")
    make_pdf(tmp_path / "b.pdf", "Boat " * 50)
    whole = (tmp_path / "b.pdf").read_bytes()
    passes = follow(home, folder)
    assert added(next(passes)) == ["a.pdf"]
    with (folder / "b.pdf").open("wb") as file:
        file.write(whole[:1000])
        file.flush()
        make_pdf(folder / "c.pdf", "Tree")
        old(folder / "c.pdf")
        # c.pdf is due, b.pdf is not; the deleted a.pdf waits with it, which might be it.
        (folder / "a.pdf").unlink()
        events = next_change(passes)
        assert added(events) == ["c.pdf"]
        assert not [event for event in events if isinstance(event, Removed)]
        file.write(whole[1000:])
    events = next_change(passes)
    assert added(events) == ["b.pdf"]
    assert [e.document.name for e in events if isinstance(e, Removed)] == ["a.pdf"]
    assert Library(home).failures() == []


def test_files_settle_when_they_stop_changing(tmp_path: Path) -> None:
    now = 100.0
    settled = SettledFiles(2.0, lambda: now)
    path = tmp_path / "a.pdf"
    path.write_bytes(b"one")
    assert not settled(path)
    now += 1.9
    path.write_bytes(b"more")  # another size
    assert not settled(path)
    now += 1.9
    assert not settled(path)
    assert settled.waiting == {path}
    now += 0.2
    assert settled(path)
    assert settled(path)  # and stays so
    assert settled.waiting == set()
    long_ago = time.time() - OLD_SECONDS - 1
    os.utime(path, (long_ago, long_ago))
    assert settled(path)
    path.unlink()
    assert settled(path)


def test_only_folders_of_this_machine_are_watched(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"")
    for wrong in ("https://example.org/", str(tmp_path / "a.pdf"), str(tmp_path / "none")):
        with pytest.raises(NotAFolder, match="is no folder of this machine"):
            find_folders([wrong])
    assert find_folders([tmp_path]) == [tmp_path]


def test_a_client_follows_folders(home: Home, folder: Path) -> None:
    old(make(folder / "a.pdf", "Lamp"))
    lib = pageglass.open(home.root, ocr="none", workers=1, dpi=40)
    reports = lib.watch(folder, encoder="minilm", images="conse")
    assert [document.name for document in next(reports).added] == ["a.pdf"]
    shutil.copy2(folder / "a.pdf", folder / "copy.pdf")
    assert next(reports).named == 1
    reports.close()
    with pytest.raises(pageglass.InvalidInputError, match="no folder"):
        next(lib.watch(folder / "a.pdf"))


def test_the_command_follows_until_it_is_stopped(folder: Path, tmp_path: Path) -> None:
    make_pdf(folder / "a.pdf", "Lamp")
    old(folder / "a.pdf")
    command = [sys.executable, "-m", "api.cli.main", "watch", str(folder), "--json"]
    options = ["--home", str(tmp_path / "home"), "--ocr", "none", "--workers", "1", "--dpi", "40"]
    process = subprocess.Popen(
        [*command, *options, "--encoder", "minilm"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    events = map(json.loads, process.stdout)
    assert next(e for e in events if e["event"] == "added")["name"] == "a.pdf"
    next(e for e in events if e["event"] == "done")
    shutil.copy(folder / "a.pdf", folder / "copy.pdf")
    old(folder / "copy.pdf")
    assert next(e for e in events if e["event"] == "named")["path"] == str(folder / "copy.pdf")
    next(e for e in events if e["event"] == "done")
    process.send_signal(signal.SIGINT)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 0, messages
    assert "1 folder watched (Ctrl-C stops)." in messages
    assert messages.endswith("Stopped.\n")
    [document] = Library(Home(tmp_path / "home")).documents()
    assert document.paths == (str(folder / "a.pdf"), str(folder / "copy.pdf"))


def test_a_server_follows_folders_by_its_jobs(home: Home, folder: Path) -> None:
    make_pdf(folder / "a.pdf", "Lamp")
    old(folder / "a.pdf")
    old(Path(shutil.copy(folder / "a.pdf", folder / "bad.pdf"))).write_bytes(b"%PDF-1.4 broken")
    old(folder / "bad.pdf")
    settings = Settings.model_construct(
        encoder="minilm", images="conse", ocr="none", workers=1, dpi=40
    )
    app = create_app(home, settings, folders=[folder], prune=True)
    with TestClient(app, base_url="http://localhost") as client:

        def finished(count: int) -> dict[str, object]:
            for _ in range(1_200):
                jobs = client.get("/v1/jobs").json()["jobs"]
                if len(jobs) >= count and all(job["finished_at"] for job in jobs):
                    return dict(jobs[0])
                time.sleep(0.05)
            raise AssertionError(jobs)

        first = finished(1)
        assert (first["state"], first["documents"], first["failures"]) == ("done", 1, 1)
        (folder / "a.pdf").unlink()
        make_pdf(folder / "b.pdf", "Boat")
        old(folder / "b.pdf")
        finished(2)
        for _ in range(1_200):
            documents = client.get("/v1/documents").json()["documents"]
            if [d["name"] for d in documents] == ["b.pdf"]:
                break
            time.sleep(0.05)
        assert [d["paths"] for d in documents] == [[str(folder / "b.pdf")]]
        last = finished(2)
        assert last["failures"] == 0  # what failed before is not tried again
