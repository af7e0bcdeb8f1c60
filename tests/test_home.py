"""The data folder: its paths, its id, the writer's lock, and the hooks for publishing and replicas."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ingest.library.home import Home, HomeBusy, HomeUnusable, ReadOnlyMirror

HOLD = """
import sys
import time
from ingest.library.home import Home

with Home(sys.argv[1]).writing():
    print("held", flush=True)
    sys.stdin.read()
    time.sleep(0.3)  # so that who waits tries in vain at least once
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@contextmanager
def another_writer(home: Home) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the writer's lock until its input ends."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, home.root],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.stdin.close()
        process.stdout.close()
        process.wait(30)


class Publisher:
    """Notes what it is asked to do."""

    def __init__(self, refuses: Exception | None = None) -> None:
        self.calls: list[str] = []
        self.refuses = refuses

    def check(self, home: Home) -> None:
        self.calls.append("check")
        if self.refuses:
            raise self.refuses

    def publish(self, home: Home) -> None:
        self.calls.append("publish")


# --- the folder


def test_a_home_makes_its_folder_and_nothing_in_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "some" / "where")
    assert home.root == tmp_path / "some" / "where"
    assert list(home.root.iterdir()) == []


def test_a_home_is_opened_as_it_is(home: Home) -> None:
    (home.root / "kept").write_text("kept")
    Home(home.root)
    assert [path.name for path in home.root.iterdir()] == ["kept"]


def test_a_tilde_and_a_relative_path_are_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.chdir(tmp_path)
    assert Home("~/papers").root == tmp_path / "user" / "papers"
    assert Home("papers").root == tmp_path / "papers"


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(HomeUnusable, match="cannot be made") as caught:
            Home(root)
        assert str(root) in str(caught.value)


def test_everything_lies_below_the_root(home: Home) -> None:
    paths = [home.database, home.index, home.chroma, home.pages, home.staging, home.uploads]
    assert [str(path.relative_to(home.root)) for path in paths] == [
        "library.sqlite3",
        "index",
        "index/chroma",
        "pages",
        "staging",
        "uploads",
    ]


def test_size_counts_files_and_not_what_links_lead_to(home: Home, tmp_path: Path) -> None:
    assert home.size() == 0
    (home.root / "a").write_bytes(b"12345")
    (home.pages / "x").mkdir(parents=True)
    (home.pages / "x" / "1.webp").write_bytes(b"123")
    assert home.size() == 8
    (tmp_path / "large").write_bytes(bytes(100_000))
    (home.root / "link").symlink_to(tmp_path / "large")
    assert 8 < home.size() < 1_000


def test_only_uploads_of_the_home_are_deleted(home: Home, tmp_path: Path) -> None:
    own = home.uploads / "1a2b" / "a.pdf"
    flat = home.uploads / "b.pdf"
    outside = tmp_path / "a.pdf"
    inside = home.root / "c.pdf"
    for path in (own, flat, outside, inside):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    gone = home.uploads / "3c4d" / "gone.pdf"
    home.delete_uploads([str(path) for path in (own, flat, outside, inside, gone)])
    assert list(home.uploads.iterdir()) == []
    assert outside.exists()
    assert inside.exists()


# --- the id


def test_an_id_is_made_once(home: Home) -> None:
    made = home.id
    assert len(made) == 12
    assert int(made, 16) >= 0
    assert home.id == made
    assert Home(home.root).id == made
    assert [path.name for path in home.root.iterdir()] == ["id"]


def test_homes_differ_in_their_ids(tmp_path: Path) -> None:
    assert len({Home(tmp_path / str(n)).id for n in range(20)}) == 20


def test_who_asks_at_once_gets_the_same_id(home: Home) -> None:
    together = threading.Barrier(8)

    def ask(_: int) -> str:
        other = Home(home.root)
        together.wait(30)
        return other.id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    assert [path.name for path in home.root.iterdir()] == ["id"]


# --- the lock


def test_one_writer_at_a_time(home: Home) -> None:
    with another_writer(home):
        with pytest.raises(HomeBusy, match="Another process is writing"), home.writing(0):
            pytest.fail("two writers at once")
        with pytest.raises(HomeBusy), home.writing(0.05):
            pytest.fail("two writers at once")


def test_who_waits_is_told_once_and_then_writes(home: Home) -> None:
    waits = []
    with another_writer(home) as other:

        def stop() -> None:
            waits.append(1)
            assert other.stdin is not None
            other.stdin.close()

        with home.writing(on_wait=stop):
            assert waits == [1]


def test_nobody_waits_where_nobody_writes(home: Home) -> None:
    with home.writing(0, lambda: pytest.fail("there is nobody to wait for")):
        pass
    with home.writing(0):
        pass


def test_a_lock_is_free_again_after_an_error(home: Home) -> None:
    with pytest.raises(KeyError), home.writing():
        raise KeyError
    with home.writing(0):
        pass


def test_a_killed_writer_leaves_no_lock(home: Home) -> None:
    with another_writer(home) as other:
        other.send_signal(signal.SIGKILL)
        other.wait(30)
        with home.writing(0):
            pass


def test_a_folder_that_cannot_be_written_is_named(home: Home) -> None:
    (home.root / "writer.lock").mkdir()
    with pytest.raises(HomeUnusable, match="cannot be written"), home.writing(0):
        pytest.fail("there is no lock")


# --- publishing


def test_a_home_is_checked_before_and_published_after_a_write(home: Home) -> None:
    publisher = Publisher()
    with Home(home.root, publisher=publisher).writing():
        assert publisher.calls == ["check"]
    assert publisher.calls == ["check", "publish"]


def test_a_write_that_fails_is_not_published(home: Home) -> None:
    publisher = Publisher()
    with pytest.raises(KeyError), Home(home.root, publisher=publisher).writing():
        raise KeyError
    assert publisher.calls == ["check"]


def test_a_home_that_may_not_be_published_is_not_written(home: Home) -> None:
    publisher = Publisher(refuses=KeyError())
    with pytest.raises(KeyError), Home(home.root, publisher=publisher).writing():
        pytest.fail("it is not written")
    with home.writing(0):
        pass


def test_publishing_may_be_left_out(home: Home) -> None:
    publisher = Publisher()
    with Home(home.root, publisher=publisher).writing(publish=False):
        pass
    assert publisher.calls == []


def test_publishing_now_and_then(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher = Publisher()
    published = Home(home.root, publisher=publisher)
    clock = SimpleNamespace(monotonic=lambda: 1_000.0)
    monkeypatch.setattr("ingest.library.home.time", clock)
    seen = []
    for now in (1_000, 1_059, 1_060, 1_061, 1_119, 1_120):
        clock.monotonic = lambda now=now: float(now)
        published.publish(every=60)
        seen.append(len(publisher.calls))
    assert seen == [0, 0, 1, 1, 1, 2]


def test_publishing_without_a_publisher_does_nothing(home: Home) -> None:
    home.publish()
    assert list(home.root.iterdir()) == []


# --- replicas


def replica(tmp_path: Path) -> Any:
    return SimpleNamespace(
        url="s3://bucket/papers", database=tmp_path / "copy.sqlite3", index=tmp_path / "copy"
    )


def test_a_replica_takes_the_place_of_a_library(tmp_path: Path) -> None:
    copy = replica(tmp_path)
    asked: list[Path] = []

    def find(folder: Path) -> Any:
        asked.append(folder)
        return copy

    home = Home(tmp_path / "home", find_replica=find)
    assert asked == []
    found: Any = home.replica
    assert found is copy
    assert (home.database, home.index) == (copy.database, copy.index)
    assert home.chroma == copy.index / "chroma"
    assert asked == [home.root / "mirror"]


def test_a_replica_cannot_be_written(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", find_replica=lambda _: replica(tmp_path))
    with pytest.raises(ReadOnlyMirror, match="s3://bucket/papers"), home.writing(0):
        pytest.fail("it is read only")
    assert not (home.root / "writer.lock").exists()


def test_a_library_of_its_own_goes_before_a_replica(tmp_path: Path) -> None:
    def find(_: Path) -> Any:
        pytest.fail("there is a library")

    home = Home(tmp_path / "home", find_replica=find)
    (home.root / "library.sqlite3").touch()
    assert home.replica is None
    assert home.database == home.root / "library.sqlite3"


def test_a_home_asks_again_while_nothing_is_published(tmp_path: Path) -> None:
    found: list[Any] = [None, replica(tmp_path)]
    home = Home(tmp_path / "home", find_replica=lambda _: found.pop(0))
    assert home.replica is None
    copy = home.replica
    assert copy is not None
    assert home.replica is copy
    assert found == []
