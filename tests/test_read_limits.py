"""Limits of the reading workers: time, memory, crashes, the queue, what stays behind."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import psutil
import pytest
from test_reader_pool import SETTINGS, job, make_pdf, wait_until

from ingest.error import PageglassError
from ingest.readers.limits import (
    ReaderCrashed,
    ReadersBusy,
    ReadLimits,
    ReadMemoryExceeded,
    ReadTimeout,
)
from ingest.readers.read_ahead import ReadFailure, ReadPages, read_ahead
from ingest.readers.reader_pool import MAX_URGENT, ReaderPool
from ingest.readers.reader_process import shared


@pytest.fixture
def pool() -> Iterator[ReaderPool]:
    with contextlib.closing(ReaderPool(1, ReadLimits(memory_mb=700))) as pool:
        yield pool


def error_of(future: Future[Any]) -> PageglassError:
    error = future.exception(60)
    assert isinstance(error, PageglassError)
    return error


def test_a_result_and_an_error_come_back(pool: ReaderPool) -> None:
    assert pool.submit(sum, [1, 2]).result(60) == 3
    assert isinstance(pool.submit(int, "no").exception(60), ValueError)


def test_a_task_past_its_time_is_stopped_and_the_next_one_runs(pool: ReaderPool) -> None:
    slow = pool.submit(time.sleep, 600, name="slow.pdf", seconds=1.5)
    after = pool.submit(abs, -1)
    error = error_of(slow)
    assert isinstance(error, ReadTimeout)
    assert "slow.pdf" in error.message
    assert "1.5 s" in error.message
    assert after.result(60) == 1


def test_waiting_in_the_queue_takes_no_time_of_a_task(pool: ReaderPool) -> None:
    first = pool.submit(time.sleep, 2)
    second = pool.submit(abs, -1, seconds=1.5)
    assert first.result(60) is None
    assert second.result(60) == 1


def test_a_task_without_a_time_limit_is_left_to_run() -> None:
    with contextlib.closing(ReaderPool(1, ReadLimits(seconds=0.2))) as pool:
        assert pool.submit(time.sleep, 1, seconds=0).result(60) is None
        assert isinstance(error_of(pool.submit(time.sleep, 600)), ReadTimeout)


def test_an_allocation_beyond_the_memory_limit_fails_alone(pool: ReaderPool) -> None:
    error = error_of(pool.submit(bytearray, 4 << 30, name="large.png"))
    assert isinstance(error, ReadMemoryExceeded)
    assert "large.png" in error.message
    assert "700 MiB" in error.message
    assert pool.submit(abs, -1).result(60) == 1


def test_a_worker_that_holds_much_memory_after_a_task_gives_it_back(pool: ReaderPool) -> None:
    assert len(pool.submit(bytes, 200 << 20).result(60)) == 200 << 20
    assert pool.submit(abs, -1).result(60) == 1
    for pid in pool.pids():
        assert psutil.Process(pid).memory_info().rss < 350 << 20


def test_a_task_that_ends_its_worker_every_time_is_at_fault(pool: ReaderPool) -> None:
    error = error_of(pool.submit(os._exit, 3, name="killer.pdf"))
    assert isinstance(error, ReaderCrashed)
    assert "killer.pdf" in error.message


def test_urgent_tasks_go_first_and_find_a_worker_though_all_are_busy() -> None:
    with contextlib.closing(ReaderPool(1)) as pool:
        long = [pool.submit(time.sleep, 600) for _ in range(3)]
        assert pool.submit(abs, -1, urgent=True).result(60) == 1
        assert not any(task.done() for task in long)


def test_the_queue_of_urgent_tasks_is_bounded(pool: ReaderPool) -> None:
    running = pool.submit(time.sleep, 600, urgent=True)
    assert wait_until(lambda: pool.stats()["running"] == 1)
    for _ in range(MAX_URGENT):
        pool.submit(time.sleep, 600, urgent=True)
    with pytest.raises(ReadersBusy):
        pool.submit(time.sleep, 600, urgent=True)
    assert not running.done()
    assert not pool.submit(abs, -1).done()  # files that are ingested have no such limit


def test_a_newcomer_goes_before_what_others_have_queued(pool: ReaderPool) -> None:
    pool.submit(time.sleep, 1)
    others = [pool.submit(time.sleep, 0.5, order=number) for number in range(2, 8)]
    assert pool.submit(abs, -1, order=1).result(60) == 1
    assert not any(task.done() for task in others)


def test_a_cancelled_task_never_starts(pool: ReaderPool, tmp_path: Path) -> None:
    first = pool.submit(time.sleep, 1)
    second = pool.submit(os.mkdir, str(tmp_path / "made"))
    assert second.cancel()
    first.result(60)
    assert pool.submit(abs, -1).result(60) == 1
    assert not (tmp_path / "made").exists()


def test_shared_objects_reach_each_worker_and_are_forgotten(pool: ReaderPool) -> None:
    pool.share("answer", [42])
    assert pool.submit(shared, "answer").result(60) == [42]
    assert isinstance(pool.submit(os._exit, 1).exception(60), ReaderCrashed)
    assert pool.submit(shared, "answer").result(60) == [42]
    pool.forget("answer")
    assert isinstance(pool.submit(shared, "answer").exception(60), KeyError)


def test_closing_ends_what_runs_and_what_waits() -> None:
    pool = ReaderPool(1)
    running = pool.submit(time.sleep, 600)
    waiting = pool.submit(abs, -1)
    assert wait_until(lambda: pool.stats()["running"] == 1)
    pids = pool.pids()
    pool.close()
    assert isinstance(running.exception(5), ReadersBusy)
    assert waiting.cancelled()
    assert not any(psutil.pid_exists(pid) for pid in pids)
    with pytest.raises(ReadersBusy):
        pool.submit(abs, -1)


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs shared memory as files")
def test_killed_workers_leave_nothing_in_shared_memory() -> None:
    before = set(os.listdir("/dev/shm"))
    with contextlib.closing(ReaderPool(2)) as pool:
        killed = [pool.submit(time.sleep, 600, seconds=0.5) for _ in range(4)]
        assert all(isinstance(error_of(task), ReadTimeout) for task in killed)
        during = {name for name in os.listdir("/dev/shm") if name.startswith("sem.")}
        assert during <= before


def test_workers_that_never_get_to_their_start_fail_the_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ingest.readers.reader_worker.serve", os._exit)
    with contextlib.closing(ReaderPool(1)) as pool:
        assert isinstance(error_of(pool.submit(abs, -1)), ReaderCrashed)


def test_a_slow_file_is_set_aside_and_the_others_are_read_meanwhile(tmp_path: Path) -> None:
    """A pipe stands for the slow file: opening it waits for a writer who never comes."""
    os.mkfifo(tmp_path / "slow.pdf")
    good = [make_pdf(tmp_path / f"{name}.pdf", 6) for name in "abc"]
    with contextlib.closing(ReaderPool(2, ReadLimits(seconds=15))) as pool:
        seen = list(read_ahead([job(tmp_path / "slow.pdf"), *good], SETTINGS, pool))
    failed = [result for result in seen if isinstance(result, ReadFailure)]
    read = [result for result in seen if isinstance(result, ReadPages)]
    assert [type(result.error) for result in failed] == [ReadTimeout]
    assert sum(len(result.pages) for result in read) == 18
    # A tick each half second, so that who waits for the writer's lock gets a turn.
    assert seen.count(None) >= 3
    assert seen.index(failed[0]) > seen.index(read[0])
