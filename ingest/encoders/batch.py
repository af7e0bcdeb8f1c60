"""Batches as large as the device holds: by a budget that grows while there is room and is halved when there is none.

Pages are computed longest first and together with pages of their length, so
little is spent on padding. A batch that does not fit is cut in two and run
again; nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ingest.encoders.encoder import InvalidVectors, OutOfDeviceMemory
from ingest.page import Vectors

CPU_TOKENS = 4_096
GPU_TOKENS = 16_384
"""Where the budget starts; it finds its own level within a few batches."""
ROOM = 0.6
"""The budget grows while the peak stays below this share of the device's memory."""
GROWTH = 1.5


@dataclass(slots=True)
class Budget:
    """How many tokens may be computed together; `fixed` pages a batch instead where asked for."""

    device: torch.device
    tokens: int
    fixed: int = 0
    most: int | None = None

    @classmethod
    def start(cls, device: torch.device, batch: int) -> Budget:
        """Where to begin on a device."""
        return cls(device, GPU_TOKENS if device.type == "cuda" else CPU_TOKENS, batch)

    def cut(self, lengths: Sequence[int]) -> list[list[int]]:
        """Places of items in batches: count times the longest is within the budget, or one by itself."""
        order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
        batches: list[list[int]] = []
        for place in order:
            last = batches[-1] if batches else None
            if last and self._fits(lengths[last[0]], len(last) + 1):
                last.append(place)
            else:
                batches.append([place])
        return batches

    def _fits(self, longest: int, count: int) -> bool:
        return count <= self.fixed if self.fixed else longest * count <= self.tokens

    def grow(self, tokens: int) -> None:
        """After a batch of so many tokens went through: more next time, if the device had room to spare.

        A batch that is much smaller than the budget says nothing of what would fit.
        """
        if self.fixed or self.device.type != "cuda" or tokens * GROWTH < self.tokens:
            return
        _, there = torch.cuda.mem_get_info(self.device)
        if torch.cuda.max_memory_allocated(self.device) < ROOM * there:
            grown = int(self.tokens * GROWTH)
            self.tokens = min(grown, self.most) if self.most else grown

    def shrink(self, tokens: int) -> None:
        """After a batch of so many tokens did not fit: half, and never that many again."""
        self.most = max(tokens // 2, 1)
        self.tokens = min(self.tokens, self.most)
        if self.fixed:
            self.fixed = max(self.fixed // 2, 1)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def run_batches(
    lengths: Sequence[int],
    budget: Budget,
    forward: Callable[[Sequence[int]], list[torch.Tensor]],
) -> Iterator[tuple[list[int], list[Vectors]]]:
    """Compute every item; results come back while the next batch is on its way.

    Args:
        lengths: tokens of each item.
        forward: the rows of the items at some places, on the device.

    Yields:
        The places of a batch, and their rows as fp32 on the host.

    Raises:
        OutOfDeviceMemory: an item does not fit even alone.
        InvalidVectors: the model gave NaN or infinity.
    """
    waiting = budget.cut(lengths)[::-1]
    before: _Sent | None = None
    while waiting:
        places = waiting.pop()
        # The budget may have shrunk since this batch was cut.
        parts = budget.cut([lengths[place] for place in places])
        if len(parts) > 1:
            waiting.extend([places[i] for i in part] for part in reversed(parts))
            continue
        tokens = len(places) * lengths[places[0]]
        try:
            here = _Sent.start(places, forward(places))
        except torch.OutOfMemoryError:
            if len(places) == 1:
                raise OutOfDeviceMemory(
                    f"{budget.device} has too little memory for one page of {lengths[places[0]]} tokens.",
                    hint="Lower --dpi, take --dtype bf16, a smaller model, or --device cpu.",
                ) from None
            budget.shrink(tokens)
            half = len(places) // 2
            waiting.extend([places[half:], places[:half]])
            continue
        if before:
            yield before.finish()
        before = here
        budget.grow(tokens)
    if before:
        yield before.finish()


@dataclass(frozen=True, slots=True)
class _Sent:
    """A batch's rows on their way back to the host."""

    places: list[int]
    rows: list[torch.Tensor]
    arrived: torch.cuda.Event | None

    @classmethod
    def start(cls, places: list[int], rows: Sequence[torch.Tensor]) -> _Sent:
        """Queue the copies behind the computation, without waiting for either."""
        if rows[0].device.type != "cuda":
            return cls(places, list(rows), None)
        hosts = [torch.empty(one.shape, dtype=one.dtype, pin_memory=True) for one in rows]
        for host, one in zip(hosts, rows, strict=True):
            host.copy_(one, non_blocking=True)
        arrived: torch.cuda.Event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        arrived.record(torch.cuda.current_stream(rows[0].device))
        return cls(places, hosts, arrived)

    def finish(self) -> tuple[list[int], list[Vectors]]:
        """Wait for them; only for them, not for the batch behind."""
        if self.arrived is not None:
            self.arrived.synchronize()
        vectors = [one.float().cpu().numpy() for one in self.rows]
        if not all(np.isfinite(one).all() for one in vectors):
            raise InvalidVectors(
                "The model gave values that are no numbers.",
                hint="Take --dtype fp32 or bf16; if that does not help, its weights are broken.",
            )
        return self.places, vectors
