"""A device's memory for rows of pages: taken in large pieces as it is needed, up to a bound, and given out in stretches.

Knows no pages: who lies where, and who must go, is for others to say.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ingest.index.quantization import Rows
from retrieval.gpu.free_list import FreeList, GpuMemoryExhausted

PIECE = 1 << 29
"""fp16 values of one arena, 1 GiB: the kernel counts values in 32 bits."""


class MemoryPool:
    """Stretches of fp16 values on a device.

    Args:
        size: bytes to take at most.
    """

    def __init__(self, device: torch.device, size: int) -> None:
        self.device = device
        self._left = size // 2
        self._pieces: list[Tensor] = []
        self._rooms: list[FreeList] = []

    def take(self, count: int, dim: int) -> tuple[int, int] | None:
        """Room for `count` values of rows of `dim`: the arena and the first value; None where there is none.

        Raises:
            GpuMemoryExhausted: the device has no memory left, and none was taken yet.
        """
        for arena, room in enumerate(self._rooms):
            start = room.take(count, dim)
            if start is not None:
                return arena, start
        return self.take(count, dim) if self._grow(count) else None

    def give(self, arena: int, start: int, count: int) -> None:
        """Let go of what was taken."""
        self._rooms[arena].give(start, count)

    def fill(self, arena: int, start: int, rows: Rows) -> None:
        """Copy rows to where they will lie; int8 ones are made fp16 on the device."""
        sent = self.send(rows.values)
        if rows.scales is not None:
            sent = sent * self.send(rows.scales)[:, None]
        self._pieces[arena][start : start + sent.numel()].copy_(sent.reshape(-1))

    def rows(self, arena: int, dim: int) -> Tensor:
        """All of an arena as rows of `dim` values."""
        piece = self._pieces[arena]
        return piece[: len(piece) // dim * dim].view(-1, dim)

    def send(self, values: npt.NDArray[Any]) -> Tensor:
        """A copy on the device, which takes it from pinned memory by itself while we go on."""
        dtype = getattr(torch, values.dtype.name)
        staged = torch.empty(values.shape, dtype=dtype, pin_memory=self.device.type == "cuda")
        np.copyto(staged.numpy(), values)
        return staged.to(self.device, non_blocking=True)

    def _grow(self, count: int) -> bool:
        """Take another arena, while that is allowed and the device has it."""
        size = min(self._left, PIECE)
        if size < count:
            return False
        try:
            self._pieces.append(torch.empty(size, dtype=torch.float16, device=self.device))
        except torch.OutOfMemoryError:
            if not self._pieces:
                raise GpuMemoryExhausted(
                    f"{self.device} has no {2 * size / 1e6:.0f} MB of memory left for rows of pages.",
                    hint="Make PAGEGLASS_DEVICE_CACHE_MB less, or set PAGEGLASS_SCORE_DEVICE to cpu.",
                ) from None
            self._left = 0
            return False
        self._rooms.append(FreeList(size))
        self._left -= size
        return True
