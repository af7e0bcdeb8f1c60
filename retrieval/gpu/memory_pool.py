"""GPU memory pool: ranges of fp16 values in large buffers, up to a limit.

Knows no pages: which of them to load and to evict is decided by the vector cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ingest.index.quantization import Rows
from retrieval.gpu.free_list import FreeList, GpuMemoryExhausted

BUFFER_VALUES = 1 << 29
"""fp16 values of one buffer, 1 GiB: the kernel counts values in 32 bits."""


class MemoryPool:
    """Allocates ranges of fp16 values on a device.

    Args:
        size: bytes to use at most.
    """

    def __init__(self, device: torch.device, size: int) -> None:
        self.device = device
        self._values_left = size // 2
        self._buffers: list[Tensor] = []
        self._free_lists: list[FreeList] = []

    def allocate(self, count: int, dim: int) -> tuple[int, int] | None:
        """Allocate `count` values in rows of `dim`.

        Returns the buffer and the position of the first value in it; None where
        none fits.

        Raises:
            GpuMemoryExhausted: the device has no memory for the first buffer.
        """
        for buffer, free_list in enumerate(self._free_lists):
            start = free_list.allocate(count, dim)
            if start is not None:
                return buffer, start
        return self.allocate(count, dim) if self._grow(count) else None

    def release(self, buffer: int, start: int, count: int) -> None:
        """Free values that were allocated."""
        self._free_lists[buffer].release(start, count)

    def write(self, buffer: int, start: int, rows: Rows) -> None:
        """Copy rows into a buffer; int8 rows are cast to fp16 on the device."""
        values = self.upload(rows.values)
        if rows.scales is not None:
            values = values * self.upload(rows.scales)[:, None]
        self._buffers[buffer][start : start + values.numel()].copy_(values.reshape(-1))

    def rows(self, buffer: int, dim: int) -> Tensor:
        """A whole buffer as rows (n, dim)."""
        values = self._buffers[buffer]
        return values[: len(values) // dim * dim].view(-1, dim)

    def upload(self, values: npt.NDArray[Any]) -> Tensor:
        """A copy on the device, made asynchronously from pinned memory."""
        dtype = getattr(torch, values.dtype.name)
        staged = torch.empty(values.shape, dtype=dtype, pin_memory=self.device.type == "cuda")
        np.copyto(staged.numpy(), values)
        return staged.to(self.device, non_blocking=True)

    def _grow(self, count: int) -> bool:
        """Allocate another buffer, where the limit and the device allow it."""
        size = min(self._values_left, BUFFER_VALUES)
        if size < count:
            return False
        try:
            self._buffers.append(torch.empty(size, dtype=torch.float16, device=self.device))
        except torch.OutOfMemoryError:
            if not self._buffers:
                raise GpuMemoryExhausted(
                    f"{self.device} has no {2 * size / 1e6:.0f} MB of memory left for vectors of pages.",
                    hint="Make the vector cache smaller, or compute scores on the CPU.",
                ) from None
            self._values_left = 0
            return False
        self._free_lists.append(FreeList(size))
        self._values_left -= size
        return True
