"""Turns of writers: a long ingest gives way, and loses nothing by it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pymupdf
import pytest

from ingest.add import AddSettings, add
from ingest.event import Added, Done, DuplicateFound, Event, PagesEncoded
from ingest.files.render import RenderSettings
from ingest.index.index import drop_index, open_indexes
from ingest.library.database import LibraryNotFound
from ingest.library.home import Home, WriterLock
from ingest.library.library import Library
from ingest.remove import remove
from ingest.run.ingest_run import IndexesChanged
from ingest.verify import verify

PLAIN = AddSettings(RenderSettings(dpi=36, ocr="none"), ("minilm",), 1)


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give way at every chance."""
    monkeypatch.setattr("ingest.library.lock.GIVE_WAY_EVERY", 0.0)
    monkeypatch.setattr("ingest.library.lock.FIRST_TURN", 0.0)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def make_files(folder: Path, names: str, pages: int = 1) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        pdf = pymupdf.open()
        for number in range(1, pages + 1):
            pdf.new_page().insert_text((72, 72), f"{name} page {number} of a lamp")
        pdf.save(folder / f"{name}.pdf")
    return folder


def names(home: Home) -> list[str]:
    return [document.name for document in Library(home).documents()]


def run_beside(home: Home, work: Callable[[], object]) -> Iterator[None]:
    """Work in another thread, which has its turn while the caller's ingest goes on."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join(60)
    assert not thread.is_alive()
    if failures:
        raise failures[0]


def interleave(home: Home, folder: Path, work: Callable[[], object]) -> list[Event]:
    """An ingest, beside which `work` is done once its first document is in."""
    events: list[Event] = []
    beside: Iterator[None] | None = None
    for event in add(home, [folder], PLAIN):
        events.append(event)
        if isinstance(event, Added) and beside is None:
            beside = run_beside(home, work)
            next(beside)
            time.sleep(0.2)  # so that it stands in the queue
    assert beside is not None
    assert next(beside, "done") == "done"
    return events


@pytest.mark.slow
def test_a_removal_is_served_during_a_long_ingest(home: Home, tmp_path: Path) -> None:
    list(add(home, [make_files(tmp_path / "old", "z")], PLAIN))
    folder = make_files(tmp_path / "new", "abcdefgh", pages=20)
    there: list[list[str]] = []

    def work() -> None:
        remove(home, ["z.pdf"])
        there.append(names(home))

    events = interleave(home, folder, work)
    assert "z.pdf" not in there[0]
    assert len(there[0]) < 8  # served before the ingest was done
    assert names(home) == [f"{name}.pdf" for name in "abcdefgh"]
    assert isinstance(events[-1], Done)
    assert verify(home) == []


def test_an_upload_is_served_during_a_long_ingest(home: Home, tmp_path: Path) -> None:
    folder = make_files(tmp_path / "new", "abcdefgh", pages=20)
    small = make_files(tmp_path / "small", "y")
    there: list[list[str]] = []

    def work() -> None:
        list(add(home, [small], PLAIN))
        there.append(names(home))

    interleave(home, folder, work)
    assert "y.pdf" in there[0]
    assert len(there[0]) < 9
    assert len(names(home)) == 9
    assert verify(home) == []


def test_the_same_files_from_two_runs_at_once_are_added_once(home: Home, tmp_path: Path) -> None:
    folder = make_files(tmp_path / "new", "abcdef", pages=5)
    others: list[Event] = []
    mine = interleave(home, folder, lambda: others.extend(add(home, [folder], PLAIN)))
    added = [e.document.name for e in [*mine, *others] if isinstance(e, Added)]
    assert sorted(added) == [f"{name}.pdf" for name in "abcdef"]
    done = [event for event in (mine[-1], others[-1]) if isinstance(event, Done)]
    assert sum(total.added for total in done) == 6
    assert verify(home) == []


def test_bytes_that_another_run_added_meanwhile_gain_the_name(home: Home, tmp_path: Path) -> None:
    folder = make_files(tmp_path / "new", "ab", pages=30)
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "c.pdf").write_bytes((folder / "b.pdf").read_bytes())
    events = interleave(home, folder, lambda: list(add(home, [copy], PLAIN)))
    assert len(Library(home).documents()) == 2
    assert sum(isinstance(event, Added | DuplicateFound) for event in events) == 2
    paths = [path for document in Library(home).documents() for path in document.paths]
    assert sorted(os.path.basename(path) for path in paths) == ["a.pdf", "b.pdf", "c.pdf"]
    assert verify(home) == []


@pytest.mark.slow
def test_an_index_dropped_meanwhile_ends_the_run_and_what_was_added_stays(
    home: Home, tmp_path: Path
) -> None:
    folder = make_files(tmp_path / "new", "abcdef", pages=20)

    def work() -> None:
        with home.writing():
            for index in open_indexes(home):
                drop_index(home, index)

    with pytest.raises(IndexesChanged, match="minilm"):
        interleave(home, folder, work)
    assert "a.pdf" in names(home)
    list(add(home, [folder], PLAIN))
    assert len(names(home)) == 6
    assert verify(home) == []


def test_staged_files_of_a_living_run_are_kept_and_those_of_dead_ones_are_not(
    home: Home, tmp_path: Path
) -> None:
    first = WriterLock(home.root)
    first.acquire(None)
    (home.staging / "mine").mkdir()
    first._writer.release()  # it has given way, and lives
    with home.writing():
        assert (home.staging / "mine").exists()
    first.release()
    with home.writing():
        assert not (home.staging / "mine").exists()


def test_nobody_is_let_in_before_those_who_waited_longer(home: Home) -> None:
    order: list[int] = []
    lock = WriterLock(home.root)
    lock.acquire(None)

    def write(number: int) -> None:
        with home.writing():
            order.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    assert lock.give_way()
    order.append(99)
    lock.release()
    for thread in threads:
        thread.join(30)
    assert sorted(order) == [0, 1, 2, 99]
    assert order[0] != 99


def test_a_lock_that_nobody_wants_is_kept(home: Home) -> None:
    asked: list[int] = []
    with home.writing() as lock:
        assert not lock.give_way(lambda: asked.append(1))
    assert asked == []


RUN = """
import sys
from pathlib import Path
import ingest.library.lock as lock
from ingest.add import AddSettings, add
from ingest.files.render import RenderSettings
from ingest.library.home import Home

lock.GIVE_WAY_EVERY = lock.FIRST_TURN = 0.0
settings = AddSettings(RenderSettings(dpi=36, ocr="none"), ("minilm",), 1)
for event in add(Home(sys.argv[1]), [Path(p) for p in sys.argv[2:]], settings):
    print(type(event).__name__, flush=True)
"""


@pytest.mark.slow
def test_three_processes_over_the_same_files_and_one_that_removes(
    home: Home, tmp_path: Path
) -> None:
    folders = [make_files(tmp_path / str(n), "abcdefgh"[n : n + 5], pages=6) for n in range(3)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", RUN, home.root, *folders[n:], *folders[:n]],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for n in range(3)
    ]
    removed = 0
    while any(run.poll() is None for run in runs):
        with contextlib.suppress(LibraryNotFound):
            if removed < 2 and (held := Library(home).documents()):
                remove(home, [held[0].id])
                removed += 1
        time.sleep(0.1)
    for run in runs:
        out, said = run.communicate()
        assert out.splitlines()[-1] == "Done", said
        assert run.returncode == 0
    assert verify(home) == []
    list(add(home, folders, replace(PLAIN, again=True)))
    held = Library(home).documents()
    assert len({document.sha256 for document in held}) == len(held)
    paths = [path for document in held for path in document.paths]
    assert len(paths) == len(set(paths)) == 15
    assert verify(home) == []
    assert list(home.staging.iterdir()) == []


def test_pages_are_encoded_while_others_have_their_turn(home: Home, tmp_path: Path) -> None:
    folder = make_files(tmp_path / "new", "ab", pages=3)
    events = interleave(home, folder, lambda: remove(home, [names(home)[0]]))
    assert any(isinstance(event, PagesEncoded) for event in events)
    assert len(names(home)) == 1
