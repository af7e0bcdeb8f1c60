"""Searches of many clients at once in one process: time, processor time and memory.

    python -m benchmarks.clients [HOME] [--pages 10000] [--quantization fp16] [--clients 64] [--seconds 15]

The questions of a home of synthetic pages (benchmarks.made_home), which is built and deleted
where none is given. First one client asks all of them; `first` is the share whose page comes
first. Then each client is a thread that asks its next question once the last is answered, of a
Searcher that they share, as the server's threads do; questions' rows are already made. Processor
time is that of all threads over the searches. Memory, in megabytes: the largest resident set,
and at the end what is the process's own (RssAnon) and what it has mapped of files (RssFile).
"""

from __future__ import annotations

import argparse
import itertools
import os
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks.made_home import build, open_searcher, read_questions
from benchmarks.ways import read_memory
from ingest.index.quantization import QUANTIZATIONS
from retrieval.search import Searcher


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("home", type=Path, nargs="?")
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=1030)
    parser.add_argument("--questions", type=int, default=130)
    parser.add_argument("--quantization", choices=QUANTIZATIONS, default="fp16")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=15)
    args = parser.parse_args()
    if args.home:
        _measure(args.home, args.clients, args.seconds)
        return
    with tempfile.TemporaryDirectory(prefix="pageglass-clients-") as folder:
        home = Path(folder, "home")
        build(home, args.pages, args.rows, args.questions, quantization=args.quantization)
        _measure(home, args.clients, args.seconds)


def _measure(home: Path, clients: int, seconds: float) -> None:
    asked = read_questions(home)
    searcher = open_searcher(home, asked, 0)
    pages = searcher.library.page_count()
    print(f"{pages} pages, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    for number in range(len(asked.sought)):
        searcher.search(str(number), top=10)
    took, each, answers = _ask_alone(searcher, len(asked.sought))
    right = np.mean([a == page for a, page in zip(answers, asked.sought, strict=True)])
    print(f"one client: {_percentiles(took)}, {each:.1f} ms of processor time, first {right:.2f}")
    began = time.perf_counter()
    took, each = _ask_together(searcher, len(asked.sought), clients, seconds)
    rate = len(took) / (time.perf_counter() - began)
    print(
        f"{clients} clients: {rate:.1f} searches a second, {_percentiles(took)},"
        f" {each:.1f} ms of processor time each, load {os.getloadavg()[0]:.1f}"
    )
    memory = read_memory()
    print(
        f"memory: {memory['VmHWM']:.0f} MB at most; {memory['RssAnon']:.0f} of its own and"
        f" {memory['RssFile']:.0f} mapped at the end"
    )
    searcher.close()


def _ask_alone(searcher: Searcher, questions: int) -> tuple[list[float], float, list[str]]:
    """Seconds of each search, milliseconds of processor time of one, and the best pages."""
    took, answers = [], []
    worked = time.process_time()
    for number in range(questions):
        began = time.perf_counter()
        answers.append(searcher.search(str(number), top=10)[0].page.key)
        took.append(time.perf_counter() - began)
    return took, (time.process_time() - worked) / questions * 1000, answers


def _ask_together(
    searcher: Searcher, questions: int, clients: int, seconds: float
) -> tuple[list[float], float]:
    """Seconds of each search, and milliseconds of processor time of one."""
    took: list[float] = []
    until = time.perf_counter() + seconds

    def ask(first: int) -> None:
        for number in itertools.count(first, clients):
            began = time.perf_counter()
            searcher.search(str(number % questions), top=10)
            took.append(time.perf_counter() - began)
            if time.perf_counter() >= until:
                return

    worked = time.process_time()
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took, (time.process_time() - worked) / len(took) * 1000


def _percentiles(seconds: list[float]) -> str:
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    return f"p50 {p50:.0f} and p95 {p95:.0f} ms"


if __name__ == "__main__":
    main()
