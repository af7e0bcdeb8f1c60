"""Work on several cores: all of it, once, with errors raised."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest

from retrieval.scoring import parallel as module
from retrieval.scoring.parallel import computing, parallel_map


@pytest.fixture(params=[1, 2, 5])
def on_cores(request, monkeypatch):
    """As many cores as the test wants, whatever the machine has."""
    monkeypatch.setattr(module, "cores", lambda: request.param)
    module._pool.cache_clear()
    yield request.param
    module._pool().shutdown()
    module._pool.cache_clear()


@pytest.mark.parametrize("count", [0, 1, 2, 300])
def test_each_piece_is_worked_on_once(on_cores, count):
    done = []
    parallel_map(done.append, iter(range(count)))
    assert sorted(done) == list(range(count))


def test_as_many_at_once_as_there_are_cores(on_cores):
    together = threading.Barrier(on_cores)
    parallel_map(lambda _: together.wait(timeout=10), range(3 * on_cores))


def test_searches_that_compute_at_once_keep_to_their_threads(on_cores):
    def threads() -> set[int]:
        found: set[int] = set()
        free = threading.Barrier(max(on_cores - 1, 1))

        def work(_: int) -> None:
            found.add(threading.get_ident())
            free.wait(timeout=10)

        parallel_map(work, range(3 * max(on_cores - 1, 1)))
        return found

    with computing(), computing():  # one core is the other's
        assert len(threads()) == max(on_cores - 1, 1)
        with computing(), computing(), computing():
            seen: set[int] = set()
            parallel_map(lambda _: seen.add(threading.get_ident()), range(20))
            assert seen == {threading.get_ident()}


def test_what_fails_is_raised_and_the_rest_is_not_begun(on_cores):
    def work(number: int) -> None:
        if number == 3:
            raise LookupError("three")

    with pytest.raises(LookupError, match="three"):
        parallel_map(work, itertools.count())


def test_pieces_that_fail_are_raised(on_cores):
    def pieces() -> Iterator[int]:
        yield from range(5)
        raise LookupError("the sixth")

    done: list[int] = []
    with pytest.raises(LookupError, match="the sixth"):
        parallel_map(done.append, pieces())
    assert sorted(done) == list(range(5))


def test_work_may_spread_work(on_cores):
    done: list[tuple[int, int]] = []

    def outer(number: int) -> None:
        parallel_map(lambda inner: done.append((number, inner)), range(20))

    parallel_map(outer, range(20))
    assert sorted(done) == [(a, b) for a in range(20) for b in range(20)]


def test_many_threads_share_the_cores(on_cores):
    done: list[int] = []
    threads = [
        threading.Thread(target=parallel_map, args=(done.append, range(100)), daemon=True)
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()
    assert sorted(done) == sorted([*range(100)] * 16)
