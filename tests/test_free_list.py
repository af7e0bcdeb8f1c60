from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.gpu.free_list import FreeList


def test_the_first_stretch_that_is_long_enough_is_taken() -> None:
    room = FreeList(100)
    assert [room.take(30, 10), room.take(30, 10), room.take(30, 10)] == [0, 30, 60]
    assert room.take(11, 1) is None
    room.give(30, 30)
    assert room.take(20, 8) == 32  # the first multiple of 8 in what was given back
    assert room.take(8, 8) is None
    assert room.take(8, 2) == 52
    assert room.free == 100 - 60 - 20 - 8


@settings(deadline=None)
@given(
    size=st.integers(1, 60),
    steps=st.lists(
        st.tuples(st.integers(1, 20), st.integers(1, 7), st.integers(0, 9)), max_size=30
    ),
)
def test_no_unit_is_taken_twice_and_none_is_lost(
    size: int, steps: list[tuple[int, int, int]]
) -> None:
    room, taken = FreeList(size), dict[int, int]()
    for count, step, which in steps:
        if which < len(taken):
            start = sorted(taken)[which]
            room.give(start, taken.pop(start))
            continue
        free = set(range(size)) - {u for s, n in taken.items() for u in range(s, s + n)}
        fits = (s for s in range(0, size, step) if set(range(s, s + count)) <= free)
        at = room.take(count, step)
        assert at == next(fits, None)
        if at is not None:
            taken[at] = count
        assert room.free == size - sum(taken.values())
    for start, count in taken.items():
        room.give(start, count)
    assert room.take(size, 1) == 0
