from __future__ import annotations

import numpy as np

from retrieval.gpu.page_table import NOT_RESIDENT, PageTable


def test_entries_are_kept_as_it_grows_and_numbers_are_used_again() -> None:
    table = PageTable()
    first, second = table.add(np.array([7, 0, 9])), table.add(np.array([5]))
    table.buffer[[first, first + 2, second]] = 0, 1, 0
    table.last_used[[first, first + 2, second]] = 3, 1, 2
    third = table.add(np.arange(100))
    pages = [*range(first, first + 3), second]
    assert table.value_count[pages].tolist() == [7, 0, 9, 5]
    assert table.document[pages].tolist() == [first] * 3 + [second]
    assert table.buffer[pages].tolist() == [0, NOT_RESIDENT, 1, 0]
    assert (table.buffer[third : third + 100] == NOT_RESIDENT).all()
    assert table.resident(first, 3).tolist() == [first, first + 2]
    assert table.least_recently_used(3).tolist() == [first + 2, second]
    table.buffer[first : first + 3] = NOT_RESIDENT
    table.remove(first, 3)
    size = len(table.value_count)
    assert table.add(np.array([1, 2])) == first
    assert table.least_recently_used(9).tolist() == [second]
    assert len(table.value_count) == size
