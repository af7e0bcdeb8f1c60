"""Quantization: time and size, nDCG and kept neighbours of each kind.

    python -m benchmarks.quantization [--rows N] [--dim D] [--home DIR EVAL/mmlongbench-dev]

First, seconds to score a question of 20 rows against N rows as each kind stores
them, on one core, beside the two ways to compare sign bits that were not kept:
Hamming distance, and signs unpacked to plus and minus one and multiplied in
fp32. Then, given
a home that holds the set as fp16, nDCG@5 within the document and over all,
which share of the ten pages that late interaction puts first with fp16 is still
there, size a page and the time of a search, for several numbers of rescored
pages. Only copies in a temporary folder are changed.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from ingest.filter import ALL_PAGES, PageFilter
from ingest.index.quantization import QUANTIZATIONS, Rows, pack_signs, to_int8
from ingest.library.home import Home
from ingest.page import unit
from retrieval import signals
from retrieval.evaluate.metrics import ndcg
from retrieval.evaluate.quantizations import Converted
from retrieval.scoring.dot_products import dot_products, dot_products_dense
from retrieval.scoring.maxsim import BLOCK_ROWS
from retrieval.scoring.scores import RESCORE_TOP_K, score_batches
from retrieval.search import Searcher

TIMES = 5
QUERY_ROWS = 20
KEPT = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=160_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--home", type=Path)
    parser.add_argument("folder", type=Path, nargs="?")
    args = parser.parse_args()
    _time_products(args.rows, args.dim)
    if args.home and args.folder:
        _measure(Home(args.home), args.folder)


def _time_products(count: int, dim: int) -> None:
    random = np.random.default_rng(0)
    rows = unit(random.standard_normal((count, dim), np.float32))
    query = unit(random.standard_normal((QUERY_ROWS, dim), np.float32))
    signs = Rows(pack_signs(rows))
    ways: dict[str, tuple[Rows, Callable[[Rows], Any]]] = {
        "fp32": (Rows(rows), lambda some: dot_products(query, some)),
        "fp16": (Rows(rows.astype(np.float16)), lambda some: dot_products(query, some)),
        "int8": (to_int8(rows), lambda some: dot_products(query, some)),
        "signs": (signs, lambda some: dot_products(query, some)),
        "signs, differing bits counted": (signs, lambda some: _differing(query, some.values)),
        "signs, unpacked and multiplied": (
            signs,
            lambda some: dot_products_dense(
                query, np.unpackbits(some.values, axis=1).view(np.int8)
            ),
        ),
    }
    print(f"{count} rows of {dim}, {QUERY_ROWS} rows of a question\n")
    print(f"{'':34}{'ms':>8}{'bytes a row':>13}")
    for name, (held, score) in ways.items():
        took = []
        for _ in range(TIMES):
            started = time.perf_counter()
            for at in range(0, count, BLOCK_ROWS):
                score(held[at : at + BLOCK_ROWS])
            took.append(time.perf_counter() - started)
        size = held.values.nbytes + (held.scales.nbytes if held.scales is not None else 0)
        print(f"{name:34}{min(took) * 1000:8.1f}{size / count:13.0f}")


def _differing(query: np.ndarray, codes: np.ndarray) -> np.ndarray:
    asked = pack_signs(query).view(np.uint64)
    held = np.ascontiguousarray(codes.view(np.uint64).T)
    apart = np.zeros((len(query), len(codes)), np.uint16)
    for place, words in enumerate(held):
        apart += np.bitwise_count(asked[:, place, None] ^ words)
    return apart


def _measure(home: Home, folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    asked = [q for q in manifest["queries"] if q.get("answerable") and q["relevant_pages"]]
    print(f"\n{len(asked)} questions\n")
    print(f"{'':14}{'rescored':>9}{'filter':>8}{'all':>7}{'kept':>7}{'KB a page':>11}{'ms':>6}")
    first: list[set[str]] = []
    for kind in QUANTIZATIONS:
        with Converted(home, kind) as made:
            for rescored in (
                (20, 50, RESCORE_TOP_K) if kind.startswith("binary") else (RESCORE_TOP_K,)
            ):

                def score(*given: Any, most: int = rescored, **more: Any) -> Any:
                    return score_batches(*given, rescore_top_k=most, **more)

                with mock.patch.object(signals, "score_batches", score):
                    searcher = Searcher(home, exhaustive_pages=1_000_000, opener=made.open)
                    figures, top, took = _ask(searcher, asked)
                    pages = searcher.library.page_count()
                    searcher.close()
                first = first or top
                kept = np.mean([len(a & b) / KEPT for a, b in zip(first, top, strict=True)])
                print(
                    f"{kind:14}{rescored if kind.startswith('binary') else '':>9}{figures[0]:8.3f}"
                    f"{figures[1]:7.3f}{kept:7.3f}{made.size / pages / 1e3:11.1f}{took:6.0f}"
                )


def _ask(searcher: Searcher, asked: list[dict[str, Any]]) -> tuple[Any, Any, float]:
    """NDCG@5 in both scopes, the pages that late interaction puts first over all, milliseconds over all."""
    names = {os.path.basename(path): d.id for d in searcher.library.documents() for path in d.paths}
    figures, top, took = [], [], []
    for question in asked:
        document = names[os.path.basename(question["doc"])]
        relevant = {f"{document}-{number}": 1.0 for number in question["relevant_pages"]}
        pair = []
        for filter in (PageFilter.to([document]), ALL_PAGES):
            started = time.perf_counter()
            ranking = searcher.rank(question["query"], filter=filter)
            took.append(time.perf_counter() - started)
            keys = [record.page.key for record in ranking.pages]
            pair.append(ndcg([keys[i] for i in ranking.order()], relevant, 5))
        signal = next(name for name in ranking.signals if name.startswith("late."))
        order = np.argsort(-np.nan_to_num(ranking.signals[signal], nan=-9), kind="stable")
        top.append({keys[i] for i in order[:KEPT]})
        figures.append(pair)
    return np.mean(figures, axis=0), top, float(np.median(took[1::2])) * 1000


if __name__ == "__main__":
    main()
