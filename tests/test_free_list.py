from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.gpu.free_list import FreeList


def test_the_first_range_that_is_long_enough_is_allocated() -> None:
    free_list = FreeList(100)
    assert [free_list.allocate(30, 10), free_list.allocate(30, 10), free_list.allocate(30, 10)] == [
        0,
        30,
        60,
    ]
    assert free_list.allocate(11, 1) is None
    free_list.release(30, 30)
    assert free_list.allocate(20, 8) == 32  # the first multiple of 8 in what was released
    assert free_list.allocate(8, 8) is None
    assert free_list.allocate(8, 2) == 52
    assert free_list.free == 100 - 60 - 20 - 8


@settings(deadline=None)
@given(
    size=st.integers(1, 60),
    steps=st.lists(
        st.tuples(st.integers(1, 20), st.integers(1, 7), st.integers(0, 9)), max_size=30
    ),
)
def test_no_unit_is_allocated_twice_and_none_is_lost(
    size: int, steps: list[tuple[int, int, int]]
) -> None:
    free_list, allocated = FreeList(size), dict[int, int]()
    for count, alignment, which in steps:
        if which < len(allocated):
            start = sorted(allocated)[which]
            free_list.release(start, allocated.pop(start))
            continue
        free = set(range(size)) - {u for s, n in allocated.items() for u in range(s, s + n)}
        fits = (s for s in range(0, size, alignment) if set(range(s, s + count)) <= free)
        start = free_list.allocate(count, alignment)
        assert start == next(fits, None)
        if start is not None:
            allocated[start] = count
        assert free_list.free == size - sum(allocated.values())
    for start, count in allocated.items():
        free_list.release(start, count)
    assert free_list.allocate(size, 1) == 0
