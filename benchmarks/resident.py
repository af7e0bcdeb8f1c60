"""Exact MaxSim on a GPU with cached rows: memory bandwidth, against torch.

    python -m benchmarks.resident [--pages 1000] [--rows 1030] [--dim 128] [--query 20] [--runs 50]

Random unit rows, fp16, kept on the device by retrieval.gpu.vector_cache as a search
keeps them. The kernel's time is that of the device's profiler; a whole scoring's
is the wall clock's, from numpy to numpy. The peak is that of a
copy on the same device in the same run: bytes read and bytes written over time.
torch is what colpali-engine's `score_multi_vector` computes, on rows that lie on
the device as one tensor: an einsum, a maximum and a sum, in fp16. Without a CUDA
device it says so and exits with 1.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.sizes import read_sizes
from ingest.error import PageglassError
from ingest.index.vector_file import DocumentVectors
from ingest.index.vector_writer import VectorWriter
from ingest.page import PageVectors, unit
from retrieval.gpu.device import open_vector_cache
from retrieval.gpu.vector_cache import GpuVectorCache
from retrieval.scoring.maxsim import block_weights, maxsim
from retrieval.scoring.scores import CandidateBatch, score_batches

QUESTIONS = 32
SPARE_MB = 64
KERNEL = "_scatter_fwd_kernel"
"""As late-interaction-kernels calls it."""


def main() -> None:
    args = read_sizes(__doc__, pages=1000, rows=1030, dim=128, query=20, runs=50)
    size = args.pages * args.rows * args.dim * 2
    try:
        resident = open_vector_cache("cuda", size // 1_000_000 + SPARE_MB)
    except PageglassError as fault:
        sys.exit(f"Nothing was measured. {fault.message}")
    assert resident is not None
    print(f"{torch.cuda.get_device_name(0)}, torch {torch.__version__}; {vars(args)}")
    with tempfile.TemporaryDirectory(prefix="pageglass-resident-") as folder:
        held = _write(Path(folder), args.pages, args.rows, args.dim)
        _measure(resident, held, args.query, args.runs, size)


def _write(folder: Path, pages: int, rows: int, dim: int) -> DocumentVectors:
    random = np.random.default_rng(0)
    writer = VectorWriter(folder / "made.safetensors", folder / "aside", dim)
    for _ in range(pages):
        made = unit(random.standard_normal((rows, dim), np.float32))
        writer.append(PageVectors(made, np.zeros((rows, 4), np.float32)))
    writer.close()
    return DocumentVectors(folder / "made.safetensors")


def _measure(
    resident: GpuVectorCache, held: DocumentVectors, query_rows: int, runs: int, size: int
) -> None:
    pages, dim = held.page_count, held.vectors.values.shape[1]
    part = CandidateBatch(held, np.arange(1, pages + 1), np.arange(pages))
    query = unit(
        np.random.default_rng(1).standard_normal((QUESTIONS * query_rows, dim), np.float32)
    )
    one, once = query[:query_rows], np.ones(query_rows, np.float32)
    each = block_weights([once] * QUESTIONS)

    def search() -> np.ndarray:
        return score_batches(one, once, [part], pages, "vectors", scorer=resident)

    def many() -> np.ndarray:
        return score_batches(query, each, [part], pages, "vectors", scorer=resident)

    started = time.perf_counter()
    first = search()
    print(f"first search, rows sent and kernel tuned: {time.perf_counter() - started:.2f} s")
    exact = maxsim(one, once, held.vectors, held.offsets)
    print(f"largest difference to the CPU's scores: {np.abs(first - exact).max():.1e}\n")
    peak = _copy_rate(runs)
    print(f"copy on the device: {peak / 1e9:.0f} GB/s, read and written\n")
    alone, together = _wall(search, runs), _wall(many, runs)
    kernel = _kernel_seconds(search, runs)
    print(
        f"{'kernel, 1 question':34}{kernel * 1e3:9.3f} ms {size / kernel / peak:7.1%} of the copy"
    )
    print(f"{'whole scoring, 1 question':34}{alone * 1e3:9.3f} ms {size / alone / peak:7.1%}")
    print(
        f"{f'whole scoring, {QUESTIONS} questions':34}{together * 1e3:9.3f} ms"
        f" {QUESTIONS * alone / together:7.2f} times as fast as one by one"
    )
    lying = torch.from_numpy(np.array(held.vectors.values)).to("cuda").view(pages, -1, dim)
    asked = torch.from_numpy(one).to("cuda", torch.float16)[None]

    def plain() -> torch.Tensor:
        return torch.einsum("bnd,csd->bcns", asked, lying).max(dim=3)[0].sum(dim=2)

    found = plain()[0].float().cpu().numpy() / query_rows
    assert np.allclose(found, exact, atol=5e-3), "torch scores otherwise"
    torch_seconds = _device_seconds(plain, runs)
    print(
        f"{'torch, as score_multi_vector':34}{torch_seconds * 1e3:9.3f} ms"
        f" {torch_seconds / kernel:7.2f} times the kernel"
    )


def _kernel_seconds(run: Callable[[], object], runs: int) -> float:
    """The mean that the device spends in the fused kernel itself, by the device's profiler."""
    with profile(activities=[ProfilerActivity.CUDA]) as profiled:
        for _ in range(runs):
            run()
        torch.cuda.synchronize()
    found = [event for event in profiled.key_averages() if KERNEL in event.key]
    assert found, f"the profiler saw no {KERNEL}"
    return sum(event.device_time_total for event in found) / runs / 1e6


def _copy_rate(runs: int, size: int = 1 << 30) -> float:
    """Bytes read and written in a second by a copy on the device."""
    source, target = (torch.empty(size, dtype=torch.uint8, device="cuda") for _ in range(2))
    return 2 * size / _device_seconds(lambda: target.copy_(source), runs)


def _device_seconds(run: Callable[[], object], runs: int) -> float:
    """The median by the device's own clock."""
    seconds = []
    for _ in range(3):
        run()
    for _ in range(runs):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        run()
        end.record()
        torch.cuda.synchronize()
        seconds.append(start.elapsed_time(end) / 1e3)
    return float(np.median(seconds))


def _wall(run: Callable[[], object], runs: int) -> float:
    seconds = []
    for _ in range(3):
        run()
    for _ in range(runs):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds))


if __name__ == "__main__":
    main()
