from __future__ import annotations

import numpy as np

from retrieval.gpu.page_table import NOWHERE, PageTable


def test_lines_are_kept_as_it_grows_and_numbers_are_used_again() -> None:
    ledger = PageTable()
    first, second = ledger.add(np.array([7, 0, 9])), ledger.add(np.array([5]))
    ledger.arena[[first, first + 2, second]] = 0, 1, 0
    ledger.asked[[first, first + 2, second]] = 3, 1, 2
    third = ledger.add(np.arange(100))
    pages = [*range(first, first + 3), second]
    assert ledger.count[pages].tolist() == [7, 0, 9, 5]
    assert ledger.document[pages].tolist() == [first] * 3 + [second]
    assert ledger.arena[pages].tolist() == [0, NOWHERE, 1, 0]
    assert (ledger.arena[third : third + 100] == NOWHERE).all()
    assert ledger.lying(first, 3).tolist() == [first, first + 2]
    assert ledger.asked_before(3).tolist() == [first + 2, second]
    ledger.arena[first : first + 3] = NOWHERE
    ledger.remove(first, 3)
    size = len(ledger.count)
    assert ledger.add(np.array([1, 2])) == first
    assert ledger.asked_before(9).tolist() == [second]
    assert len(ledger.count) == size
