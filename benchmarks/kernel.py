"""Exact MaxSim on the CPU: this program's kernel against others.

    python -m benchmarks.kernel [--pages 1000] [--rows 1030] [--dim 128] [--query 20] [--runs 15]

Random unit rows, the same for all. Prints the median of each and its ratio to
ours on fp16 rows, as stored. maxsim-cpu is a fused kernel in Rust;
`score_multi_vector` is what colpali-engine and byaldi score with. Then the same
for 32 questions, in one pass over the rows and in a pass for each. On a GPU:
benchmarks/resident.py.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable

import maxsim_cpu
import numpy as np
import torch

from benchmarks.sizes import read_sizes
from ingest.page import unit
from retrieval.scoring.maxsim import block_weights, maxsim

MAXSIM_CPU = 320
"""Dimensions that maxsim-cpu 0.1 is given at most: on rows of 384 it crashes the interpreter."""
QUESTIONS = 32
RAGGED = "pageglass, fp16, pages of unlike lengths"


def main() -> None:
    args = read_sizes(__doc__, pages=1000, rows=1030, dim=128, query=20, runs=15)
    random = np.random.default_rng(0)
    rows = unit(random.standard_normal((args.pages * args.rows, args.dim), np.float32))
    query = unit(random.standard_normal((args.query, args.dim), np.float32))
    print(f"{platform.machine()}, {torch.get_num_threads()} threads; {vars(args)}")
    figures = _time(_peers(query, rows, args.rows), args.runs)
    ours = figures["pageglass, fp16"][0]
    best = figures["pageglass, fp16"][1]
    for name, (seconds, scores) in figures.items():
        assert name == RAGGED or np.allclose(scores, best, atol=2e-3), f"{name} scores otherwise"
        print(f"{name:42}{seconds * 1000:9.1f} ms  {seconds / ours:6.2f} times ours")
    _compare_passes(rows.astype(np.float16), args.rows, args.query, args.runs)


def _compare_passes(half: np.ndarray, length: int, query_rows: int, runs: int) -> None:
    random = np.random.default_rng(2)
    query = unit(random.standard_normal((QUESTIONS * query_rows, half.shape[1]), np.float32))
    offsets, once = np.arange(0, len(half) + 1, length), np.ones(query_rows, np.float32)
    asked = query.reshape(QUESTIONS, query_rows, -1)
    each = block_weights([once] * QUESTIONS)
    (many, apart), (one, together) = _time(
        {
            "one by one": lambda: np.stack([maxsim(one, once, half, offsets) for one in asked]),
            "in one pass": lambda: maxsim(query, each, half, offsets),
        },
        runs,
    ).values()
    assert np.allclose(apart, together, atol=1e-5)
    print(
        f"\n{QUESTIONS} questions: {many * 1000:.0f} ms one by one, {one * 1000:.0f} ms in one pass:"
        f" {many / one:.2f} times as fast"
    )


def _peers(query: np.ndarray, rows: np.ndarray, length: int) -> dict[str, Callable[[], np.ndarray]]:
    half = rows.astype(np.float16)
    offsets = np.arange(0, len(rows) + 1, length)
    ragged = offsets.copy()
    ragged[1:-1] += np.random.default_rng(1).integers(-9, 10, len(ragged) - 2)
    pages = rows.reshape(-1, length, rows.shape[1])
    weights = np.ones(len(query), np.float32)
    tensors, asked = list(torch.from_numpy(pages)), [torch.from_numpy(query)]

    def engine() -> np.ndarray:
        from colpali_engine.utils.processing_utils import BaseVisualRetrieverProcessor

        score = BaseVisualRetrieverProcessor.score_multi_vector
        return score(asked, tensors, device="cpu")[0].numpy() / len(query)

    def plain() -> np.ndarray:
        found = [(query @ page.T).max(axis=1).mean() for page in pages]
        return np.array(found, np.float32)

    def blocks() -> np.ndarray:
        found = []
        for at in range(0, len(pages), 8):
            some = pages[at : at + 8]
            products = query @ some.reshape(-1, some.shape[2]).T
            found.append(products.reshape(len(query), len(some), -1).max(axis=2).mean(axis=0))
        return np.concatenate(found)

    return {
        "pageglass, fp16": lambda: maxsim(query, weights, half, offsets),
        "pageglass, fp32": lambda: maxsim(query, weights, rows, offsets),
        RAGGED: lambda: maxsim(query, weights, half, ragged),
        **(
            {}
            if rows.shape[1] > MAXSIM_CPU
            else {"maxsim-cpu, fp32": lambda: maxsim_cpu.maxsim_scores(query, pages) / len(query)}
        ),
        "numpy, a page at a time, fp32": plain,
        "numpy, 8 pages at a time, fp32": blocks,
        "colpali-engine score_multi_vector, fp32": engine,
    }


def _time(
    ways: dict[str, Callable[[], np.ndarray]], rounds: int
) -> dict[str, tuple[float, np.ndarray]]:
    """Median seconds of each way, which take turns, so that what else the machine does meets all; and its scores."""
    scores = {name: run() for name, run in ways.items()}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, run in ways.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    return {name: (float(np.median(seconds[name])), scores[name]) for name in ways}


if __name__ == "__main__":
    main()
