"""What the fused kernel gives, by torch on any device; it also holds callers to what the kernel relies on."""

from __future__ import annotations

import torch
from torch import Tensor


def plain_kernel(
    questions: Tensor,
    rows: Tensor,
    question_edges: Tensor,
    row_edges: Tensor,
    pair_questions: Tensor,
    pair_rows: Tensor,
    /,
    *,
    max_seqlen_q: int,
    max_seqlen_d: int,
) -> Tensor:
    edges = (question_edges, row_edges, pair_questions, pair_rows)
    assert all(tensor.dtype == torch.int32 and tensor.is_contiguous() for tensor in edges)
    assert questions.dtype == rows.dtype == torch.float16
    assert rows.is_contiguous()
    # The kernel's values are counted in 32 bits, and its own check is of every two edges.
    assert rows.numel() < 2**31
    assert question_edges.diff().max() <= max_seqlen_q
    assert row_edges.diff().max() <= max_seqlen_d
    assert len(pair_questions) % 16 == max_seqlen_q % 16 == max_seqlen_d % 16 == 0
    sums = []
    for question, page in zip(pair_questions.tolist(), pair_rows.tolist(), strict=True):
        q = questions[question_edges[question] : question_edges[question + 1]].float()
        d = rows[row_edges[page] : row_edges[page + 1]].float()
        assert len(d), "the kernel would give 0 for a page without rows"
        sums.append((q @ d.T).max(dim=1).values.sum())
    return torch.stack(sums)
