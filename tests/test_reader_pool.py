"""Reader processes: bounded read-ahead, no page lost to bad files or crashes."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path

import psutil
import pymupdf
import pytest
from PIL import Image

from ingest.files.render import RenderSettings
from ingest.ocr.ocr import OcrUnavailable
from ingest.readers.read_ahead import AHEAD, ReadFailure, ReadJob, ReadPages
from ingest.readers.read_ahead import read_ahead as read_with
from ingest.readers.reader_pool import ReaderPool

SETTINGS = RenderSettings(dpi=36, ocr="none")


def read_ahead(
    jobs: Iterable[ReadJob], settings: RenderSettings, workers: int
) -> Generator[ReadPages | ReadFailure, None, None]:
    """Results without the ticks, from a pool that ends with them."""
    with contextlib.closing(ReaderPool(workers)) as pool:
        yield from (result for result in read_with(jobs, settings, pool) if result)


def make_pdf(path: Path, pages: int) -> ReadJob:
    pdf = pymupdf.open()
    for number in range(1, pages + 1):
        pdf.new_page().insert_text((72, 72), f"{path.stem}-{number}", fontsize=20)
    pdf.save(path)
    return job(path)


def job(path: Path) -> ReadJob:
    return ReadJob(path, f"id-{path.stem}", path.name)


def collect(
    results: Iterator[ReadPages | ReadFailure],
) -> tuple[dict[str, list[int]], dict[str, str]]:
    """Page numbers by file name, and what was said of broken files."""
    pages: dict[str, list[int]] = defaultdict(list)
    faults: dict[str, str] = {}
    for result in results:
        if isinstance(result, ReadFailure):
            assert result.job.name not in faults
            faults[result.job.name] = str(result.error)
        else:
            for page in result.pages:
                assert page.page.document_id == result.job.document_id
                assert [w.text for w in page.words] == [
                    f"{result.job.path.stem}-{page.page.number}"
                ]
                pages[result.job.name].append(page.page.number)
    return dict(pages), faults


def workers_of(parent: int | None = None) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(parent).children():
        with contextlib.suppress(psutil.Error):  # It may be gone by now.
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found


def wait_until(true: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def test_every_page_of_every_file_comes_in_order_and_bad_files_stop_nobody(tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 no")
    (tmp_path / "empty.png").write_bytes(b"")
    jobs = [
        make_pdf(tmp_path / "a.pdf", 9),
        job(tmp_path / "bad.pdf"),
        make_pdf(tmp_path / "b.pdf", 1),
        job(tmp_path / "empty.png"),
        job(tmp_path / "gone.pdf"),
        make_pdf(tmp_path / "c.pdf", 4),
        make_pdf(tmp_path / "d.pdf", 5),
    ]
    pages, faults = collect(read_ahead(jobs, SETTINGS, 2))
    assert pages == {
        f"{name}.pdf": list(range(1, n + 1)) for name, n in zip("abcd", (9, 1, 4, 5), strict=True)
    }
    assert sorted(faults) == ["bad.pdf", "empty.png", "gone.pdf"]
    for name, said in faults.items():
        assert name in said
    assert workers_of() == []


def test_two_bad_files_with_the_same_bytes_are_each_reported(tmp_path: Path) -> None:
    jobs = []
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(b"")
        jobs.append(ReadJob(tmp_path / name, "the same", name))
    _, faults = collect(read_ahead(jobs, SETTINGS, 1))
    assert {name: said.split(".")[0] for name, said in faults.items()} == {
        "a.png": "a",
        "b.png": "b",
        "c.png": "c",
    }


def test_nothing_to_read_gives_nothing() -> None:
    assert list(read_ahead([], SETTINGS, 1)) == []
    assert workers_of() == []


def test_no_more_is_asked_for_than_the_look_ahead_and_closing_stops_the_workers(
    tmp_path: Path,
) -> None:
    path = make_pdf(tmp_path / "a.pdf", 1).path
    taken = 0

    def jobs() -> Iterator[ReadJob]:
        nonlocal taken
        for number in range(100):
            taken = number + 1
            yield ReadJob(path, f"id-{number}", "a.pdf")

    reading = read_ahead(jobs(), SETTINGS, 1)
    assert taken == 0
    for done in range(1, 8):
        next(reading)
        assert taken <= AHEAD + done
    pids = [worker.pid for worker in workers_of()]
    assert len(pids) == 1
    reading.close()
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_an_ocr_that_is_not_there_stops_the_reading(tmp_path: Path) -> None:
    jobs = [make_pdf(tmp_path / "a.pdf", 1)]
    with pytest.raises(OcrUnavailable):
        list(read_ahead(jobs, RenderSettings(ocr="tesseract:tlh"), 1))
    assert workers_of() == []


def test_killed_workers_lose_no_page_and_blame_nobody(tmp_path: Path) -> None:
    jobs = [make_pdf(tmp_path / f"{name}.pdf", 9) for name in "abcd"]
    reading = read_ahead(jobs, SETTINGS, 2)
    killed = 0

    def kill_now_and_then() -> Iterator[ReadPages | ReadFailure]:
        nonlocal killed
        for at, result in enumerate(reading):
            yield result
            if at in {0, 3, 6}:
                workers_of()[0].kill()
                killed += 1

    pages, faults = collect(kill_now_and_then())
    assert killed == 3
    assert faults == {}
    assert pages == {each.name: list(range(1, 10)) for each in jobs}


def test_a_worker_killed_with_a_single_file_before_it_is_not_held_against_the_file(
    tmp_path: Path,
) -> None:
    one = make_pdf(tmp_path / "one.pdf", 2)
    noticed = threading.Event()

    def kill_first() -> None:
        if wait_until(lambda: bool(workers_of())):
            workers_of()[0].kill()
            noticed.set()

    thread = threading.Thread(target=kill_first)
    thread.start()
    pages, faults = collect(read_ahead([one], SETTINGS, 1))
    thread.join()
    assert noticed.is_set()
    assert (pages, faults) == ({"one.pdf": [1, 2]}, {})


def test_a_file_that_kills_every_worker_is_found_and_the_others_are_whole(tmp_path: Path) -> None:
    """A pipe stands for the file: whoever waits to read from it is killed."""
    killer = tmp_path / "killer.pdf"
    os.mkfifo(killer)
    good = [make_pdf(tmp_path / f"{name}.pdf", 6) for name in "abc"]
    stop = threading.Event()

    def kill_readers() -> None:
        # Opening for writing without waiting succeeds only while somebody reads.
        while not stop.wait(0.02):
            try:
                descriptor = os.open(killer, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                continue
            wait_until(kill_who_reads)
            os.close(descriptor)

    def kill_who_reads() -> bool:
        readers = [w for w in workers_of() if str(killer) in open_files(w.pid)]
        for reader in readers:
            reader.kill()
        return bool(readers)

    thread = threading.Thread(target=kill_readers)
    thread.start()
    try:
        pages, faults = collect(read_ahead([good[0], job(killer), *good[1:]], SETTINGS, 2))
    finally:
        stop.set()
        thread.join()
    assert pages == {each.name: list(range(1, 7)) for each in good}
    assert list(faults) == ["killer.pdf"]
    assert "crash" in faults["killer.pdf"]


def open_files(pid: int) -> list[str]:
    """What a process has open; none once it has ended, and files may be closed meanwhile."""
    found: list[str] = []
    with contextlib.suppress(OSError):
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                found.append(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
    return found


PARENT = """
import sys
from pathlib import Path
from ingest.readers.read_ahead import ReadJob, read_ahead
from ingest.readers.reader_pool import ReaderPool
from ingest.files.render import RenderSettings

if __name__ == "__main__":
    path = Path(sys.argv[1])
    jobs = (ReadJob(path, f"id-{n}", path.name) for n in range(10_000))
    for result in read_ahead(jobs, RenderSettings(dpi=36, ocr="none"), ReaderPool(2)):
        print("read", flush=True)
"""


def test_workers_die_with_a_parent_that_was_killed_outright(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    make_pdf(tmp_path / "a.pdf", 1)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, str(script), str(tmp_path / "a.pdf")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"read\n"
        children = psutil.Process(parent.pid).children(recursive=True)
        assert len(workers_of(parent.pid)) == 2
        parent.kill()
        gone, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
    assert len(gone) == len(children)


def test_no_worker_outlives_this_file() -> None:
    assert multiprocessing.active_children() == []


def test_pictures_are_read_too(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20), "red").save(tmp_path / "a.png")
    [read] = list(read_ahead([job(tmp_path / "a.png")], SETTINGS, 1))
    assert isinstance(read, ReadPages)
    assert (read.inspection.kind, read.inspection.page_count) == ("image", 1)
    assert read.pages[0].width == 30


def test_a_worker_prepares_pages_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with contextlib.closing(ReaderPool(1)) as pool:
        assert pool.submit(os.getenv, "OMP_NUM_THREADS", name="a", seconds=20).result() == "1"
