"""Batching by a token budget that adapts to device memory.

The budget grows while memory allows and is halved when it does not. Items are
sorted by length, longest first, so that batches have little padding. A batch that
runs out of memory is split in two and run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ingest.encoders.device import is_out_of_device_memory
from ingest.encoders.encoder import InvalidVectors, OutOfDeviceMemory
from ingest.page import Vectors

CPU_TOKENS = 4_096
GPU_TOKENS = 16_384
"""Initial budgets; they adapt within a few batches."""
MEMORY_SHARE = 0.6
"""The budget grows while a batch takes less than this share of the memory that is free to it."""
GROWTH = 1.5


@dataclass(slots=True)
class TokenBudget:
    """Number of tokens in a batch.

    `fixed`, if not 0, is the number of items instead.
    """

    device: torch.device
    tokens: int
    fixed: int = 0
    limit: int | None = None

    @classmethod
    def start(cls, device: torch.device, batch: int) -> TokenBudget:
        """The initial budget of a device; `batch` fixes the number of items, 0 does not."""
        return cls(device, GPU_TOKENS if device.type == "cuda" else CPU_TOKENS, batch)

    def split(self, lengths: Sequence[int]) -> list[list[int]]:
        """Split items into batches: their positions, longest first.

        A batch is within the budget, or it is one item alone.
        """
        order = sorted(range(len(lengths)), key=lambda position: -lengths[position])
        batches: list[list[int]] = []
        for position in order:
            last = batches[-1] if batches else None
            if last and self._fits(lengths[last[0]], len(last) + 1):
                last.append(position)
            else:
                batches.append([position])
        return batches

    def _fits(self, longest: int, count: int) -> bool:
        return count <= self.fixed if self.fixed else longest * count <= self.tokens

    def grow(self, tokens: int) -> None:
        """Grow the budget after a batch of `tokens` tokens if device memory was left.

        A batch much smaller than the budget does not show what would fit. What
        other models and processes hold is not free.
        """
        if self.fixed or self.device.type != "cuda":
            return
        taken, room = _measure_memory(self.device)
        if tokens * GROWTH >= self.tokens and taken < MEMORY_SHARE * room:
            grown = int(self.tokens * GROWTH)
            self.tokens = min(grown, self.limit) if self.limit else grown

    def shrink(self, tokens: int) -> None:
        """Halve the budget, for good, after a batch of so many tokens ran out of memory."""
        self.limit = max(tokens // 2, 1)
        self.tokens = min(self.tokens, self.limit)
        if self.fixed:
            self.fixed = max(self.fixed // 2, 1)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def _measure_memory(device: torch.device) -> tuple[int, int]:
    """Bytes that the last batch took, and bytes that the next one may take.

    The peak is reset, so that it is the peak of one batch.
    """
    held = torch.cuda.memory_allocated(device)
    taken = torch.cuda.max_memory_allocated(device) - held
    torch.cuda.reset_peak_memory_stats(device)
    free, _ = torch.cuda.mem_get_info(device)
    # torch's own cache is free to the next batch too.
    return taken, free + torch.cuda.memory_reserved(device) - held


def run_batches(
    lengths: Sequence[int],
    budget: TokenBudget,
    forward: Callable[[Sequence[int]], list[torch.Tensor]],
) -> Iterator[tuple[list[int], list[Vectors]]]:
    """Run a model over items in batches.

    Results of a batch are copied back while the next one runs.

    Args:
        lengths: tokens of each item.
        forward: computes the rows of the items at these positions, on the device.

    Yields:
        The positions of a batch's items, and their rows as fp32 on the host.

    Raises:
        OutOfDeviceMemory: one item alone does not fit.
        InvalidVectors: the model returned NaN or infinity.
    """
    pending = budget.split(lengths)[::-1]
    previous: _Transfer | None = None
    while pending:
        positions = pending.pop()
        # The budget may have shrunk since this batch was split off.
        parts = budget.split([lengths[position] for position in positions])
        if len(parts) > 1:
            pending.extend([positions[i] for i in part] for part in reversed(parts))
            continue
        tokens = len(positions) * lengths[positions[0]]
        current = _try_forward(positions, forward)
        # The error is gone by now: its traceback held the tensors of the failed forward.
        if current is None:
            if len(positions) == 1:
                raise OutOfDeviceMemory(
                    f"{budget.device} has too little memory for one page of {lengths[positions[0]]} tokens.",
                    hint="Use a lower resolution, bf16, a smaller model, or the CPU.",
                )
            budget.shrink(tokens)
            half = len(positions) // 2
            pending.extend([positions[half:], positions[:half]])
            continue
        if previous:
            yield previous.finish()
        previous = current
        budget.grow(tokens)
    if previous:
        yield previous.finish()


def _try_forward(
    positions: list[int], forward: Callable[[Sequence[int]], list[torch.Tensor]]
) -> _Transfer | None:
    """Run a batch and queue the copy of its rows; None where memory ran out."""
    try:
        return _Transfer.start(positions, forward(positions))
    except RuntimeError as error:
        if not is_out_of_device_memory(error):
            raise
        return None


@dataclass(frozen=True, slots=True)
class _Transfer:
    """The copy of a batch's rows to the host."""

    positions: list[int]
    rows: list[torch.Tensor]
    arrived: torch.cuda.Event | None

    @classmethod
    def start(cls, positions: list[int], rows: Sequence[torch.Tensor]) -> _Transfer:
        """Queue the copies after the computation, without waiting for either."""
        if rows[0].device.type != "cuda":
            return cls(positions, list(rows), None)
        hosts = [torch.empty(one.shape, dtype=one.dtype, pin_memory=True) for one in rows]
        for host, one in zip(hosts, rows, strict=True):
            host.copy_(one, non_blocking=True)
        arrived: torch.cuda.Event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        arrived.record(torch.cuda.current_stream(rows[0].device))
        return cls(positions, hosts, arrived)

    def finish(self) -> tuple[list[int], list[Vectors]]:
        """Wait for this batch alone, not for the next one."""
        if self.arrived is not None:
            self.arrived.synchronize()
        vectors = [one.float().cpu().numpy() for one in self.rows]
        if not all(np.isfinite(one).all() for one in vectors):
            raise InvalidVectors(
                "The model returned NaN or infinity.",
                hint="Use fp32 or bf16; if that does not help, the weights are broken.",
            )
        return self.positions, vectors
