"""Regression check of speed: ratios of processor times, never seconds.

    python -m benchmarks.ratios [--pages 6000] [--rounds 9]

Each step of a search is set against a plain way to do the same on the same pages
in the same process, the two taking turns, so that the machine and what else runs
on it cancel out. Ends with 1 where a ratio is above its limit, which is twice
what was measured when the step was last changed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ingest.index.centroids import pool_rows
from ingest.index.inverted.codebook import train_codebook
from ingest.index.inverted.lists import InvertedLists
from ingest.index.inverted.update import find_pairs
from ingest.index.quantization import Rows, pack_signs, to_int8
from ingest.page import unit
from retrieval.scoring.list_scores import score_lists
from retrieval.scoring.maxsim import maxsim
from retrieval.scoring.prefilter import PageCodes, score_centroids

DIM, QUERY_ROWS, PAGE_ROWS = 128, 18, 1_030
Step = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Check:
    """A step, the plain way, and the share of its time that the step may take."""

    name: str
    step: Step
    plain: Step
    limit: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=int, default=6_000, help="pages of sign codes")
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    failed = False
    print(f"{'':52}{'ratio':>8}{'limit':>8}")
    for check in _checks(args.pages):
        ratio = _ratio(check.step, check.plain, args.rounds)
        failed |= ratio > check.limit
        print(f"{check.name:52}{ratio:8.3f}{check.limit:8.2f}", flush=True)
    sys.exit(int(failed))


def _checks(count: int) -> list[Check]:
    random = np.random.default_rng(1)
    query = _rows(random, QUERY_ROWS)
    ones = np.ones(QUERY_ROWS, np.float32)
    pages = [_rows(random, PAGE_ROWS).astype(np.float16) for _ in range(60)]
    ends = np.arange(len(pages) + 1) * PAGE_ROWS
    stored = Rows(np.concatenate(pages))
    coded = Rows(pack_signs(stored.values))
    quantized = to_int8(stored.values.astype(np.float32))
    codes = [pack_signs(_rows(random, 64)) for _ in range(count)]
    lists = _lists(codes)

    def plain_maxsim() -> object:
        return [(query @ page.astype(np.float32).T).max(axis=1).mean() for page in pages]

    def plain_pooling() -> object:
        return [_pool_slowly(pages[0].astype(np.float32), 64) for _ in range(2)]

    return [
        Check("exact scores of fp16 rows / numpy, page by page",
              lambda: maxsim(query, ones, stored, ends), plain_maxsim, 0.55),
        Check("exact scores of int8 rows / numpy, page by page",
              lambda: maxsim(query, ones, quantized, ends), plain_maxsim, 0.55),
        Check("sign codes of rows / numpy, page by page",
              lambda: maxsim(query, ones, coded, ends), plain_maxsim, 0.55),
        Check("inverted lists / sign codes of every page",
              lambda: score_lists(query, ones, lists),
              lambda: score_centroids(query, ones, PageCodes.of(codes)), 0.16),
        Check("centroids of two pages / row by row",
              lambda: [pool_rows(pages[0], 64) for _ in range(2)], plain_pooling, 0.5),
    ]  # fmt: skip


def _ratio(step: Step, plain: Step, rounds: int) -> float:
    """The least processor time of one over that of the other, after a round to warm up."""
    took: dict[Step, list[float]] = {step: [], plain: []}
    for _ in range(rounds + 1):
        for act, times in took.items():
            began = time.process_time()
            act()
            times.append(time.process_time() - began)
    return min(took[step][1:]) / min(took[plain][1:])


def _rows(random: np.random.Generator, count: int) -> np.ndarray:
    return unit(random.standard_normal((count, DIM), np.float32))


def _lists(codes: list[np.ndarray]) -> InvertedLists:
    """Inverted lists of pages' sign codes, as of one document."""
    codebook = train_codebook(np.concatenate(codes[::12]), DIM, 4_096)
    pairs = find_pairs(codes, codebook, DIM)
    pairs = pairs[np.argsort(pairs["list"], kind="stable")]
    ends = np.searchsorted(pairs["list"], np.arange(len(codebook) + 1))
    edges = np.array([0, len(codes)])
    return InvertedLists(codebook, pairs["page"], ends, ("made-1",), edges, len(codes))


def _pool_slowly(rows: np.ndarray, limit: int) -> np.ndarray:
    """Pooling by its definition: the nearest mean of each row, one row at a time."""
    means = rows[np.linspace(0, len(rows) - 1, limit).astype(int)]
    for _ in range(4):
        nearest = np.array([int((means @ row).argmax()) for row in rows])
        means = np.stack(
            [
                rows[nearest == i].sum(axis=0) if (nearest == i).any() else means[i]
                for i in range(limit)
            ]
        )
        means = unit(means)
    return means


if __name__ == "__main__":
    main()
