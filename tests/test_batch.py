"""Batches by a budget: each item once, none too large, none lost without memory."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ingest.encoders.batch import CPU_TOKENS, GPU_TOKENS, GROWTH, TokenBudget, run_batches
from ingest.encoders.encoder import InvalidVectors, OutOfDeviceMemory

CPU = torch.device("cpu")
lengths_of_items = st.lists(st.integers(1, 60), max_size=40)


def rows_of(place: int, length: int) -> torch.Tensor:
    """What a model would give for an item: told apart by its place, as long as the item."""
    return torch.full((length, 2), float(place), dtype=torch.float16)


class Device:
    """Computes rows, remembers what it was given together, and holds only so many tokens."""

    def __init__(self, lengths: Sequence[int], holds: float = float("inf")) -> None:
        self.lengths, self.holds = lengths, holds
        self.batches: list[list[int]] = []
        self.refused: list[int] = []

    def __call__(self, places: Sequence[int]) -> list[torch.Tensor]:
        tokens = self.tokens(places)
        if tokens > self.holds:
            self.refused.append(tokens)
            raise torch.OutOfMemoryError("the device is full")
        self.batches.append(list(places))
        return [rows_of(place, self.lengths[place]) for place in places]

    def tokens(self, places: Sequence[int]) -> int:
        return len(places) * max(self.lengths[place] for place in places)


def run(
    lengths: Sequence[int], budget: TokenBudget, device: Callable[..., list[torch.Tensor]]
) -> None:
    """Run it all, and see that each item came back once and as it was computed."""
    seen = []
    for places, rows in run_batches(lengths, budget, device):
        for place, vectors in zip(places, rows, strict=True):
            assert vectors.dtype == np.float32
            np.testing.assert_array_equal(vectors, rows_of(place, lengths[place]).numpy())
            seen.append(place)
    assert sorted(seen) == list(range(len(lengths)))


@given(lengths=lengths_of_items, tokens=st.integers(1, 200))
def test_every_item_once_within_the_budget_or_by_itself(lengths: list[int], tokens: int) -> None:
    device = Device(lengths)
    run(lengths, TokenBudget(CPU, tokens), device)
    for batch in device.batches:
        assert len(batch) == 1 or device.tokens(batch) <= tokens
    longest = [max(lengths[place] for place in batch) for batch in device.batches]
    assert longest == sorted(longest, reverse=True)


@given(lengths=lengths_of_items, fixed=st.integers(1, 9))
def test_fixed_batches_have_so_many_items_but_for_the_last(lengths: list[int], fixed: int) -> None:
    device = Device(lengths)
    run(lengths, TokenBudget(CPU, 1, fixed), device)
    sizes = [len(batch) for batch in device.batches]
    assert all(size == fixed for size in sizes[:-1])
    assert all(0 < size <= fixed for size in sizes)


@given(lengths=lengths_of_items, tokens=st.integers(1, 2000), holds=st.integers(60, 300))
@pytest.mark.parametrize("fixed", [0, 7])
def test_a_full_device_loses_nothing_and_is_not_asked_for_as_much_again(
    fixed: int, lengths: list[int], tokens: int, holds: int
) -> None:
    device, budget = Device(lengths, holds), TokenBudget(CPU, tokens, fixed)
    run(lengths, budget, device)
    # Each refusal is of less than the one before: a budget that failed is not tried again.
    assert device.refused == sorted(device.refused, reverse=True)
    if device.refused and not fixed:
        assert budget.tokens <= device.refused[-1] // 2
        assert len(set(device.refused)) == len(device.refused)


def test_an_item_that_does_not_fit_alone_is_named_by_its_length() -> None:
    with pytest.raises(
        OutOfDeviceMemory, match=r"cpu has too little memory for one page of 50 tokens.*resolution"
    ):
        run([10, 50, 10], TokenBudget(CPU, 1000), Device([10, 50, 10], holds=49))


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_values_that_are_no_numbers_are_refused(wrong: float) -> None:
    def forward(places: Sequence[int]) -> list[torch.Tensor]:
        return [torch.tensor([[1.0, wrong if place == 2 else 0.0]]) for place in places]

    with pytest.raises(InvalidVectors, match="NaN or infinity.*Use fp32"):
        list(run_batches([1, 1, 1], TokenBudget(CPU, 1), forward))


def test_the_next_batch_is_on_its_way_before_one_is_handed_out() -> None:
    device = Device([3, 2, 1])
    coming = run_batches(device.lengths, TokenBudget(CPU, 3), device)
    assert next(coming)[0] == [0]
    assert device.batches == [[0], [1]]
    assert [places for places, _ in coming] == [[1], [2]]


@given(rounds=st.integers(1, 5))
def test_a_budget_does_not_grow_on_a_cpu(rounds: int) -> None:
    budget = TokenBudget.start(CPU, 0)
    for _ in range(rounds):
        run([5, 9, 2], budget, Device([5, 9, 2]))
    assert budget.tokens == CPU_TOKENS


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "CUDA error: out of memory",
        "MPS backend out of memory (MPS allocated: 9 GB)",
        "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes",
    ],
)
def test_errors_of_libraries_that_mean_memory_split_a_batch(said: str) -> None:
    device = Device([5, 5, 5, 5])

    def forward(places: Sequence[int]) -> list[torch.Tensor]:
        if len(places) > 2:
            raise RuntimeError(said)
        return device(places)

    run([5, 5, 5, 5], TokenBudget(CPU, 1_000), forward)
    assert device.batches == [[0, 1], [2, 3]]


def test_other_errors_come_out() -> None:
    def forward(places: Sequence[int]) -> list[torch.Tensor]:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        list(run_batches([1, 1], TokenBudget(CPU, 9), forward))


def test_tensors_of_a_failed_batch_are_let_go_before_the_cache_is_emptied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[weakref.ref[torch.Tensor]] = []
    alive: list[bool] = []
    emptied = lambda: alive.append(any(one() is not None for one in made))  # noqa: E731
    monkeypatch.setattr(torch.cuda, "empty_cache", emptied)

    def forward(places: Sequence[int]) -> list[torch.Tensor]:
        hidden = torch.zeros(9)
        made.append(weakref.ref(hidden))
        if len(places) > 1:
            raise torch.OutOfMemoryError("the device is full")
        return [rows_of(place, 3) for place in places]

    # The rows stay on the CPU; a fixed size needs no figures of a GPU.
    list(run_batches([3, 3], TokenBudget(torch.device("cuda"), 9, fixed=2), forward))
    assert alive == [False]


class TestOnAGpu:
    """What torch would say of one is made up; rows stay on the CPU."""

    @pytest.fixture(autouse=True)
    def gpu(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
        memory = {"held": 50, "peak": 60, "free": 90, "cached": 60, "emptied": 0, "reset": 0}
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (memory["free"], 10_000))
        monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _: memory["peak"])
        monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: memory["held"])
        monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: memory["cached"])
        reset = lambda _: memory.update(reset=memory["reset"] + 1)  # noqa: E731
        monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", reset)
        emptied = {"emptied": 1}
        monkeypatch.setattr(torch.cuda, "empty_cache", lambda: memory.update(emptied))
        return memory

    def test_a_budget_grows_while_there_is_room(self, gpu: dict[str, int]) -> None:
        budget = TokenBudget(torch.device("cuda"), 20)
        run([10, 10], budget, Device([10, 10]))
        assert budget.tokens == int(20 * GROWTH)
        assert gpu["reset"] == 1
        gpu["peak"] = 50 + 60  # of 90 free and 10 in torch's cache
        run([15, 15], budget, Device([15, 15]))
        assert budget.tokens == int(20 * GROWTH)

    def test_memory_that_others_hold_is_not_free(self, gpu: dict[str, int]) -> None:
        budget = TokenBudget(torch.device("cuda"), 20)
        gpu.update(free=0, cached=60)
        run([10, 10], budget, Device([10, 10]))
        assert budget.tokens == 20

    def test_small_batches_say_nothing_of_what_would_fit(self) -> None:
        budget = TokenBudget.start(torch.device("cuda"), 0)
        run([7, 7], budget, Device([7, 7]))
        assert budget.tokens == GPU_TOKENS

    def test_it_never_grows_to_what_did_not_fit(self, gpu: dict[str, int]) -> None:
        lengths = [10] * 500
        device, budget = Device(lengths, holds=700), TokenBudget(torch.device("cuda"), 100)
        for _ in range(5):
            run(lengths, budget, device)
        assert len(device.refused) == 1
        assert budget.tokens == budget.limit == device.refused[0] // 2
        assert gpu["emptied"] == 1

    def test_batches_of_a_fixed_size_stay_so(self, gpu: dict[str, int]) -> None:
        budget = TokenBudget.start(torch.device("cuda"), 4)
        device = Device([1] * 10)
        run(device.lengths, budget, device)
        assert [len(batch) for batch in device.batches] == [4, 4, 2]
        assert (budget.tokens, budget.fixed) == (GPU_TOKENS, 4)
