"""The fused kernel's result by torch on any device, with the checks of what the kernel relies on."""

from __future__ import annotations

import torch
from torch import Tensor


def plain_kernel(
    queries: Tensor,
    rows: Tensor,
    query_offsets: Tensor,
    row_offsets: Tensor,
    pair_queries: Tensor,
    pair_rows: Tensor,
    /,
    *,
    max_seqlen_q: int,
    max_seqlen_d: int,
) -> Tensor:
    offsets = (query_offsets, row_offsets, pair_queries, pair_rows)
    assert all(tensor.dtype == torch.int32 and tensor.is_contiguous() for tensor in offsets)
    assert queries.dtype == rows.dtype == torch.float16
    assert rows.is_contiguous()
    # The kernel's values are counted in 32 bits, and its own check is of every two offsets.
    assert rows.numel() < 2**31
    assert query_offsets.diff().max() <= max_seqlen_q
    assert row_offsets.diff().max() <= max_seqlen_d
    assert len(pair_queries) % 16 == max_seqlen_q % 16 == max_seqlen_d % 16 == 0
    sums = []
    for query, page in zip(pair_queries.tolist(), pair_rows.tolist(), strict=True):
        q = queries[query_offsets[query] : query_offsets[query + 1]].float()
        d = rows[row_offsets[page] : row_offsets[page + 1]].float()
        assert len(d), "the kernel would give 0 for a page without rows"
        sums.append((q @ d.T).max(dim=1).values.sum())
    return torch.stack(sums)
