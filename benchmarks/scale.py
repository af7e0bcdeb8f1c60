"""Search time and memory as a library grows: this program and others.

    python -m benchmarks.scale [--pages 1000 10000] [--compare 200 1000]     build, search, delete
    python -m benchmarks.scale --build DIR --pages 100000                    build a home and keep it (26 GB)
    python -m benchmarks.scale --build DIR --pages 1000000 --rows 64 --no-records --a-document 100
    python -m benchmarks.scale --search DIR [--cold] [--ways candidates ...] search one that is there

Synthetic pages (benchmarks.made_pages) in real homes: SQLite, Chroma and vector files,
searched by the Searcher with a question's rows already made, so that the time is
that of the search alone, regions included. Each way is timed in a process of its
own (benchmarks.ways), so that its memory can be told apart. Peers
(benchmarks.peers) run at sizes that they can hold; one that is not installed, or that
takes longer than the limit, is named. `--results FILE` appends a line of JSON for each way
(benchmarks.peers_chart draws them).
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.made_home import PAGES_A_DOCUMENT, build, read_questions
from benchmarks.peers import PEERS
from benchmarks.ways import OURS
from ingest.index.quantization import QUANTIZATIONS
from ingest.library.home import Home
from ingest.library.library import Library

MOST_EXHAUSTIVE = 10_000
"""Pages up to which every page is scored too."""
MOST_PATCHED = 500
"""Pages up to which the recipe of a record a patch is tried: a page is 1,030 records."""
ASKED = {"patches": 10, "scan": 20, "qdrant": 20, "lance": 20}
"""Questions for the slow ways."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--compare", type=int, nargs="*", default=[200, 1000])
    parser.add_argument("--rows", type=int, default=1030)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--ways", nargs="+", choices=[*OURS, *PEERS])
    parser.add_argument("--build", type=Path)
    parser.add_argument("--search", type=Path)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--no-records", action="store_true", help="build without Chroma's records")
    parser.add_argument("--quantization", choices=QUANTIZATIONS, default="fp16")
    parser.add_argument("--a-document", type=int, default=PAGES_A_DOCUMENT, help="pages")
    parser.add_argument("--limit", type=float, help="seconds for each way, building included")
    parser.add_argument("--results", type=Path)
    args = parser.parse_args()
    print(_machine(), flush=True)
    if args.build:
        _build(args.build, args.pages[0], args)
    elif args.search:
        _show(args.search, args.ways or ["candidates"], args)
    else:
        for count in args.pages:
            _try(count, args, list(OURS) if count <= MOST_EXHAUSTIVE else ["candidates"])
        for count in args.compare:
            peers = [way for way in PEERS if way != "patches" or count <= MOST_PATCHED]
            _try(count, args, args.ways or ["candidates", "every", *peers])


def _try(count: int, args: argparse.Namespace, ways: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="pageglass-scale-") as folder:
        home = Path(folder) / "home"
        _build(home, count, args)
        _show(home, ways, args)


def _build(home: Path, count: int, args: argparse.Namespace) -> None:
    started = time.perf_counter()

    def tell(done: int) -> None:
        memory = psutil.Process().memory_info().rss / 1e9
        took = time.perf_counter() - started
        print(f"  {done} pages, {took:.0f} s, {memory:.2f} GB resident", flush=True)

    build(
        home, count, args.rows, args.questions, tell,
        records=not args.no_records, a_document=args.a_document, quantization=args.quantization,
    )  # fmt: skip
    print(
        f"{count} pages of {args.rows} rows: made and indexed in {time.perf_counter() - started:.0f} s"
    )


def _show(home: Path, ways: list[str], args: argparse.Namespace) -> None:
    """A line for each way; times are set against the first one's."""
    questions = min(args.questions, len(read_questions(home).sought))
    print(
        f"{questions} questions{', page cache dropped before each' if args.cold else ''}\n"
        f"  {'':14}{'p50 ms':>9}{'p95 ms':>9}{'times':>8}{'cpu ms':>9}{'first':>7}"
        f"{'records':>9}{'open s':>8}{'changed':>9}{'disk MB':>9}{'peak MB':>9}{'private':>9}{'mapped':>8}"
    )
    ours = 0.0
    for way in ways:
        asked = min(questions, ASKED.get(way, questions))
        found = _run(home, way, asked, args.cold, args.limit)
        if found is None:
            continue
        if args.results:
            pages = Library(Home(home)).page_count()
            with args.results.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"pages": pages, **found}) + "\n")
        ours = ours or found["p50"]
        print(
            f"  {way:14}{found['p50']:9.1f}{found['p95']:9.1f}{found['p50'] / ours:8.1f}"
            f"{found['cpu']:9.1f}{found['first']:7.2f}{found['records']:9}{found['opened']:8.1f}"
            f"{found['changed']:9.1f}{found['disk']:9.0f}"
            f"{found['peak']:9.0f}{found['private']:9.0f}{found['mapped']:8.0f}",
            flush=True,
        )


def _run(
    home: Path, way: str, questions: int, cold: bool, limit: float | None
) -> dict[str, Any] | None:
    """What benchmarks.ways says of one way, in a process of its own; None where it cannot run."""
    command = [sys.executable, "-m", "benchmarks.ways", str(home), "--way", way]
    command += ["--questions", str(questions), *(["--cold"] if cold else [])]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        print(f"  {way:14} not measured: more than {limit:.0f} s", flush=True)
        return None
    if ran.returncode:
        lines = ran.stderr.strip().splitlines() or [f"ended with {ran.returncode}"]
        print(f"  {way:14} not measured: {lines[-1]}", flush=True)
        return None
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _machine() -> str:
    memory = psutil.virtual_memory().total / 1e9
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    load = psutil.getloadavg()[0]
    return f"{psutil.cpu_count()} cores of {model}, {memory:.0f} GB; load {load:.1f} at the start"


if __name__ == "__main__":
    main()
