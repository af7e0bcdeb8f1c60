"""Searches at once: so many compute, the others wait in turn, and none is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ingest.library.pages import PageNotFound
from retrieval.error import LibraryChanging
from retrieval.shards.attempts import AT_ONCE, TRIES, Attempts, _Slots
from retrieval.shards.shard import Shard, ShardFailed


class Shards:
    """Readers of no shards, of which one may be missing."""

    missing = ("away",)
    forgotten = 0

    def read(self, without: set[str]) -> Sequence[Shard]:
        return ()

    def forget(self) -> None:
        self.forgotten += 1


def attempts() -> tuple[Attempts, Shards]:
    shards: Any = Shards()
    return Attempts(shards), shards


def test_so_many_searches_compute_at_once() -> None:
    found, _ = attempts()
    running, most, lock = 0, 0, threading.Lock()

    def find(_shards: Sequence[Shard]) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with lock:
            running -= 1

    with ThreadPoolExecutor(4 * AT_ONCE) as pool:
        for future in [pool.submit(found.run, find) for _ in range(8 * AT_ONCE)]:
            future.result(30)
    assert most == AT_ONCE


def test_who_has_waited_longest_is_next() -> None:
    slots, order = _Slots(1), list[int]()
    with slots:
        waiting = []
        for number in range(6):
            waiting.append(threading.Thread(target=_take, args=(slots, order, number)))
            waiting[-1].start()
            while len(slots._waiting) <= number:
                time.sleep(0.001)
    for thread in waiting:
        thread.join(30)
    assert order == list(range(6))


def _take(slots: _Slots, order: list[int], number: int) -> None:
    with slots:
        order.append(number)


def test_a_search_within_a_search_does_not_wait_for_itself() -> None:
    found, _ = attempts()

    def within(depth: int) -> int:
        return found.run(lambda _: within(depth - 1)) if depth else 7

    assert within(AT_ONCE + 2) == 7


def test_a_search_that_fails_leaves_its_slot() -> None:
    found, _ = attempts()

    def fail(_shards: Sequence[Shard]) -> None:
        raise ValueError("broken")

    for _ in range(AT_ONCE + 1):
        with pytest.raises(ValueError, match="broken"):
            found.run(fail)


def test_a_search_is_tried_again_while_the_library_changes() -> None:
    found, shards = attempts()
    left = [PageNotFound("gone", hint=""), FileNotFoundError()]
    assert found.run(lambda _: "found" if not left else _raise(left.pop())) == "found"
    assert (shards.forgotten, found.without) == (2, ("away",))
    with pytest.raises(LibraryChanging):
        found.run(lambda _: _raise(FileNotFoundError()))
    assert shards.forgotten == 2 + TRIES


def test_a_shard_that_fails_is_left_out_and_named() -> None:
    found, _ = attempts()
    left = [ShardFailed("000")]
    found.run(lambda _: None if not left else _raise(left.pop()))
    assert found.without == ("000", "away")


def _raise(error: Exception) -> Any:
    raise error
