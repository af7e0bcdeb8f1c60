"""Chroma's server with many records: rate of adding, latency, memory and disk.

    python -m benchmarks.chroma_server [--records 1000000] [--dim 384] [--seconds 600]

Starts `chroma run` in a folder of its own and adds records as pageglass does: unit
vectors with document and page number, under the inner product, 300 a request, from
two connections. At each power of two of 10,000 and at the end 50 queries ask for 100
records, a tenth of them within 20 documents. It stops adding after SECONDS. Memory is
the server's resident size.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from ingest.index.server import AT_ONCE, Server

FIRST = 10_000
QUERIES, NEAREST, WITHIN = 50, 100, 20
PAGES = 20
"""Pages of a document."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--seconds", type=float, default=600)
    args = parser.parse_args()
    print(f"{'records':>10}{'added/s':>10}{'p50 ms':>9}{'p95 ms':>9}{'within p50':>12}", end="")
    print(f"{'memory GB':>11}{'disk GB':>9}")
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as (process, url):
        clients = [Server(url).connect() for _ in range(2)]
        configuration = {"hnsw": {"space": "ip"}}
        clients[0].create_collection("pages", configuration=configuration, embedding_function=None)
        collections = [c.get_collection("pages", embedding_function=None) for c in clients]
        there, mark, spent = 0, min(FIRST, args.records), 0.0
        while there < args.records and spent < args.seconds:
            before = there
            started = time.perf_counter()
            while there < mark and spent + time.perf_counter() - started < args.seconds:
                there += add(collections, there, min(20 * AT_ONCE, mark - there), args.dim)
            took = time.perf_counter() - started
            spent += took
            report(collections[0], there, (there - before) / took, args.dim)
            print(f"{psutil.Process(process.pid).memory_info().rss / 1e9:>11.2f}", end="")
            print(f"{size(Path(folder)) / 1e9:>9.2f}", flush=True)
            mark = min(2 * mark, args.records)


def add(collections: list[Any], first: int, count: int, dim: int) -> int:
    """Add records from two connections at once; how many."""
    starts = range(first, first + count, AT_ONCE)

    def put(at: int) -> None:
        numbers = range(at, min(at + AT_ONCE, first + count))
        collections[at // AT_ONCE % 2].add(
            ids=[str(number) for number in numbers],
            embeddings=vectors(numbers, dim),
            metadatas=[{"document": f"d{n // PAGES}", "number": n % PAGES + 1} for n in numbers],
        )

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(put, starts))
    return count


def vectors(numbers: range, dim: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Unit vectors (n, dim) of pages: those of a document are alike."""
    rows = np.empty((len(numbers), dim), np.float32)
    for at, number in enumerate(numbers):
        shared = np.random.default_rng(number // PAGES).standard_normal(dim)
        rows[at] = shared + np.random.default_rng((number, 1)).standard_normal(dim)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def report(collection: Any, there: int, rate: float, dim: int) -> None:
    """Print latencies of queries near records that are there."""
    chosen = np.random.default_rng(there).integers(0, there, QUERIES)
    asked = vectors(range(int(chosen[0]), int(chosen[0]) + QUERIES), dim)
    plain, within = [], []
    for number, vector in zip(chosen, asked, strict=True):
        started = time.perf_counter()
        collection.query(query_embeddings=vector[None], n_results=min(NEAREST, there))
        plain.append(time.perf_counter() - started)
        if len(within) * 10 < len(plain):
            documents = [f"d{number // PAGES + other}" for other in range(WITHIN)]
            started = time.perf_counter()
            where = {"document": {"$in": documents}}
            collection.query(query_embeddings=vector[None], n_results=10, where=where)
            within.append(time.perf_counter() - started)
    p50, p95 = np.percentile(plain, [50, 95]) * 1e3
    print(
        f"{there:>10,}{rate:>10.0f}{p50:>9.1f}{p95:>9.1f}{np.median(within) * 1e3:>12.1f}", end=""
    )


def size(folder: Path) -> int:
    """Bytes of the files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`chroma run` over an empty folder, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--host", "127.0.0.1"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--path", str(folder / "data"), "--port", str(port)],
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise RuntimeError((folder / "log").read_text())
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    main()
