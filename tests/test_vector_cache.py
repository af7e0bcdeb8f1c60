"""The GPU cache of page vectors, run on the CPU with a plain kernel."""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
import threading
import weakref
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from make_pdf import make_pdf
from plain_kernel import plain_kernel
from test_quantization import unit_rows, whole, write

from ingest.add import AddSettings, add
from ingest.files.render import RenderSettings
from ingest.index.quantization import QUANTIZATIONS
from ingest.index.vector_file import DocumentVectors
from ingest.library.home import Home
from retrieval.gpu import memory_pool
from retrieval.gpu.free_list import GpuMemoryExhausted
from retrieval.gpu.vector_cache import GpuVectorCache
from retrieval.scoring.scores import CandidateBatch, score_batches
from retrieval.search import Searcher

ROOT = Path(__file__).parents[1]
DIM = 8
PAGE = 10 * DIM * 2
"""Bytes of the ten rows that most pages here have."""


def resident(size: int = 1 << 20) -> GpuVectorCache:
    return GpuVectorCache(torch.device("cpu"), size, plain_kernel)


def document(
    folder: Path, seed: int, lengths: list[int], kind: str = "fp16", dim: int = DIM
) -> DocumentVectors:
    (folder / str(seed)).mkdir()
    return write(
        folder / str(seed), kind, [unit_rows(seed * 100 + i, n, dim) for i, n in enumerate(lengths)]
    )


def some(held: DocumentVectors, *numbers: int) -> CandidateBatch:
    return CandidateBatch(held, np.array(numbers), np.arange(len(numbers)))


def agrees(
    on: GpuVectorCache, parts: list[CandidateBatch], query: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    count = sum(len(part.positions) for part in parts)
    there = score_batches(query, weights, parts, count, "vectors", scorer=on)
    here = score_batches(query, weights, parts, count, "vectors")
    np.testing.assert_allclose(there, here, atol=5e-4, equal_nan=True)
    return there


def asks(on: GpuVectorCache, *parts: CandidateBatch) -> int:
    """How many pages are sent to the device for a search of these."""
    before = on.uploaded
    placed, count = [], 0
    for part in parts:
        placed.append(
            CandidateBatch(part.vectors, part.numbers, count + np.arange(len(part.numbers)))
        )
        count += len(part.numbers)
    agrees(on, placed, unit_rows(1, 3), np.ones(3, np.float32))
    return on.uploaded - before


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    lengths=st.lists(st.integers(0, 600), min_size=1, max_size=6),
    weights=st.lists(st.sampled_from([0.0, 0.125, 1.0, 4.0]), min_size=1, max_size=5).filter(any),
    kind=st.sampled_from(QUANTIZATIONS),
)
def test_scores_are_those_of_the_cpu(
    seed: int, lengths: list[int], weights: list[float], kind: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        held = document(Path(folder), seed, lengths, kind)
        on = resident()
        scores = agrees(
            on, [whole(held)], unit_rows(seed, len(weights)), np.array(weights, np.float32)
        )
        assert np.isnan(scores).tolist() == [length == 0 for length in lengths]


def test_scores_worked_out_by_hand(tmp_path: Path) -> None:
    # As in test_maxsim: best cosines 1 and 0.8, then 0 and -1, kept negative; no row, no score.
    pages = [np.array([[1, 0], [0.6, 0.8]]), np.array([[0, -1]]), np.zeros((0, 2))]
    held = write(tmp_path, "fp16", [page.astype(np.float32) for page in pages])
    query = np.eye(2, dtype=np.float32)
    for weights, expected in (([1, 1], [0.9, -0.5]), ([3, 1], [0.95, -0.25])):
        scores = resident().score(query, np.array(weights, np.float32), [whole(held)], 3, "vectors")
        assert scores == pytest.approx([*expected, np.nan], abs=1e-3, nan_ok=True)


@pytest.mark.parametrize("kind", QUANTIZATIONS)
def test_several_questions_are_scored_in_one_pass(tmp_path: Path, kind: str) -> None:
    held = [document(tmp_path, 1, [4] * 60, kind), document(tmp_path, 2, [9, 0, 700], kind)]
    parts = [whole(held[0]), whole(held[1], 60)]
    query, weights = unit_rows(3, 7), np.zeros((3, 7), np.float32)
    weights[0, :2], weights[1, 2:6], weights[2, 6] = (1, 2), (1, 0, 3, 1), 1
    on = resident()
    together = score_batches(query, weights, parts, 63, "vectors", 20, on)
    sent = on.uploaded
    for one, row in zip(together, weights, strict=True):
        apart = score_batches(query[row > 0], row[row > 0], parts, 63, "vectors", 20)
        np.testing.assert_allclose(one, apart, atol=2e-3, equal_nan=True)
    here = score_batches(query, weights, parts, 63, "vectors", 20)
    np.testing.assert_allclose(together, here, atol=2e-3, equal_nan=True)
    assert on.uploaded == sent <= 62


def test_passages_and_rows_are_kept_apart(tmp_path: Path) -> None:
    held, on = document(tmp_path, 1, [200, 3, 64]), resident()
    query, weights = unit_rows(5, 1), np.ones(1, np.float32)
    for what in ("vectors", "passages", "vectors", "passages"):
        there = score_batches(query, weights, [whole(held)], 3, what, scorer=on)
        here = score_batches(query, weights, [whole(held)], 3, what)
        np.testing.assert_allclose(there, here, atol=2e-3)
    assert on.uploaded == 6


def test_rows_are_sent_once(tmp_path: Path) -> None:
    held, on = document(tmp_path, 1, [10] * 9), resident()
    assert asks(on, some(held, 2, 5, 7)) == 3
    assert asks(on, some(held, 7, 2)) == 0
    assert asks(on, whole(held)) == 6
    assert asks(on, whole(held)) == 0


def test_the_page_asked_for_longest_ago_makes_room(tmp_path: Path) -> None:
    held, on = document(tmp_path, 1, [10] * 9), resident(3 * PAGE)
    assert asks(on, some(held, 1)) == asks(on, some(held, 2)) == asks(on, some(held, 3)) == 1
    assert asks(on, some(held, 1)) == 0
    assert asks(on, some(held, 4)) == 1  # in place of 2
    assert asks(on, some(held, 1, 3, 4)) == 0
    assert asks(on, some(held, 2)) == 1


def test_more_pages_than_fit_are_scored_in_turns(tmp_path: Path) -> None:
    held = [document(tmp_path, 1, [10] * 7), document(tmp_path, 2, [1, 30, 0, 12])]
    on = resident(4 * PAGE)
    assert asks(on, some(held[0], 6, 7)) == 2
    # Those that lie there are scored first, so they need not be sent again.
    assert asks(on, whole(held[0]), whole(held[1])) == 8
    with pytest.raises(GpuMemoryExhausted, match=r"does not fit.*Make the vector cache larger"):
        asks(on, whole(document(tmp_path, 3, [41])))
    assert asks(on, whole(held[0]), whole(held[1])) > 0


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    searches=st.lists(
        st.tuples(st.integers(0, 2), st.lists(st.integers(1, 5), min_size=1, max_size=5)),
        min_size=1,
        max_size=8,
    ),
)
def test_whatever_was_evicted_scores_stay_right(
    seed: int, searches: list[tuple[int, list[int]]]
) -> None:
    lengths = np.random.default_rng(seed).integers(0, 30, (3, 5)).tolist()
    with tempfile.TemporaryDirectory() as folder:
        dims = (8, 8, 12)  # two indexes share the memory
        held = [document(Path(folder), i + 1, lengths[i], dim=dims[i]) for i in range(3)]
        on = resident(30 * 12 * 2 + 100)
        for which, numbers in searches:
            part = some(held[which], *dict.fromkeys(numbers))
            agrees(on, [part], unit_rows(seed, 2, dims[which]), np.ones(2, np.float32))


def test_memory_is_taken_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_pool, "BUFFER_VALUES", 2 * PAGE // 2)
    held, on = document(tmp_path, 1, [10] * 9), resident(7 * PAGE)
    assert asks(on, some(held, 1, 2, 3, 4, 5, 6, 7)) == 7
    assert asks(on, some(held, 1, 2, 3, 4, 5, 6, 7)) == 0
    assert asks(on, whole(held)) >= 2


def test_a_new_revision_is_never_scored_from_old_rows(tmp_path: Path) -> None:
    on = resident()
    for seed in range(5):  # a new mapping may well lie where the last one lay
        (tmp_path / str(seed)).mkdir()
        held = write(tmp_path / str(seed), "fp16", [unit_rows(seed, 10)])
        assert asks(on, whole(held)) == 1
        del held
        gc.collect()


def test_what_nobody_maps_any_more_goes(tmp_path: Path) -> None:
    stays, goes, comes = (document(tmp_path, seed, [10]) for seed in (1, 2, 3))
    on = resident(2 * PAGE)
    assert asks(on, whole(stays)) == asks(on, whole(goes)) == 1
    del goes
    gc.collect()
    assert asks(on, whole(comes)) == 1
    assert asks(on, whole(stays)) == 0, "it was asked for longest ago, but there was room"


def test_memory_goes_with_what_holds_it(tmp_path: Path) -> None:
    held, on = document(tmp_path, 1, [10]), resident()
    assert asks(on, whole(held)) == 1
    there = weakref.ref(on)
    gc.disable()
    try:
        del on
        assert there() is None
    finally:
        gc.enable()


def test_a_page_that_could_not_be_sent_takes_no_room(tmp_path: Path) -> None:
    held, on = document(tmp_path, 1, [10, 10]), resident(PAGE)
    write = on._pool.write

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    on._pool.write = stopped  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        asks(on, some(held, 1))
    on._pool.write = write  # type: ignore[method-assign]
    assert asks(on, some(held, 1)) == 1


def test_no_memory_at_all_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, on = document(tmp_path, 1, [10]), resident()
    empty = torch.empty

    def full(*sizes: int, **how: object) -> torch.Tensor:
        if how.get("dtype") is torch.float16 and sizes and isinstance(sizes[0], int):
            raise torch.OutOfMemoryError
        return empty(*sizes, **how)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(torch, "empty", full)
    with pytest.raises(
        GpuMemoryExhausted, match=r"no 1 MB of memory left.*Make the vector cache smaller"
    ):
        asks(on, whole(held))


def test_any_number_of_threads(tmp_path: Path) -> None:
    held, on = document(tmp_path, 1, [10] * 12), resident(4 * PAGE)
    errors: list[BaseException] = []

    def search(seed: int) -> None:
        try:
            random = np.random.default_rng(seed)
            for _ in range(10):
                numbers = random.permutation(12)[: random.integers(1, 12)] + 1
                agrees(on, [some(held, *numbers)], unit_rows(seed, 2), np.ones(2, np.float32))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=search, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors, errors


def test_a_searcher_finds_the_same(own_home: Home) -> None:
    on = resident(1 << 26)
    here, there = Searcher(own_home), Searcher(own_home, scorer=on)
    for question in ("When does the Seoul shuttle leave?", "a red bicycle", "lighthouse steps"):
        for a, b in zip(here.search(question), there.search(question), strict=True):
            assert (a.page, a.score) == (b.page, pytest.approx(b.score, abs=5e-3))
    assert on.uploaded
    sent = on.uploaded
    there.search("who tended the lamp?")
    assert on.uploaded == sent
    here.close()
    there.close()


def test_a_searcher_scores_a_document_that_was_read_again_by_its_new_rows(
    own_home: Home, tmp_path: Path
) -> None:
    how = AddSettings(render=RenderSettings(ocr="none"), workers=1)
    searcher = Searcher(own_home, scorer=resident(1 << 26))
    path = tmp_path / "notice.pdf"
    for text in ("The ferry to Avery sails at dawn.", "Rye bread rises slowly in winter."):
        path.unlink(missing_ok=True)
        make_pdf(path, text)
        list(add(own_home, [path], how))
        assert searcher.search(text, top=1)[0].page.document_name == "notice.pdf"
    late = searcher.rank("The ferry to Avery sails at dawn.")
    plain = Searcher(own_home).rank("The ferry to Avery sails at dawn.")
    np.testing.assert_allclose(
        late.signals["late.minilm"], plain.signals["late.minilm"], atol=2e-3, equal_nan=True
    )
    searcher.close()


INTERPRETED = """
import tempfile
from pathlib import Path
import numpy as np, torch
from late_interaction_kernels import score_pairs
from test_vector_cache import agrees, document, some, unit_rows, whole
from retrieval.gpu.vector_cache import GpuVectorCache

# Which block sizes are the fastest cannot be measured without a device: one pair is taken.
kernel = score_pairs._scatter_fwd_kernel
kernel.configs = [c for c in kernel.configs if c.kwargs == {"BLOCK_Q": 16, "BLOCK_D": 32}]
assert len(kernel.configs) == 1
cpu = torch.device("cpu")
weights = np.zeros((3, 25), np.float32)
weights[0, :19], weights[1, 19:24], weights[2, 24] = 1, (1, 0, 3, 1, 2), 1
with tempfile.TemporaryDirectory() as folder:
    for seed, dim, kind in ((1, 128, "fp16"), (2, 24, "int8")):
        query = unit_rows(9, 25, dim)
        held = document(Path(folder), seed, [40, 0, 1, 33, 260, 16], kind, dim)
        roomy = GpuVectorCache(cpu, 1 << 20, score_pairs.score_pairs_packed)
        agrees(roomy, [whole(held)], query, weights)
        agrees(roomy, [some(held, 6, 1, 4)], query[:7], weights[0, :7])
        tight = GpuVectorCache(cpu, 60 * dim * 2, score_pairs.score_pairs_packed)
        agrees(tight, [some(held, 1, 3, 4, 6, 2)], query, weights)
        assert (roomy.uploaded, tight.uploaded) == (5, 4)
print("agrees")
"""


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("late_interaction_kernels") is None, reason="the fused kernels are not installed"
)
def test_the_real_kernel_interpreted() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", INTERPRETED],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={"TRITON_INTERPRET": "1", "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "agrees\n"
