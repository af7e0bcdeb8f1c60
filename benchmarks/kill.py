"""Crash recovery: ingests killed at random moments, then repaired.

    python -m benchmarks.kill [--times 30] [--seed 0] [PATH...]

Each round ingests PATH (the samples by default) into an empty home, kills the
process group with SIGKILL at a random moment, checks that the home opens,
ingests again, and compares documents, pages, words and search results with an
uninterrupted ingest; `verify` must find nothing. Exits 1 at the first difference.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ingest.filter import PageFilter
from ingest.library.database import LibraryNotFound
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.verify import verify
from retrieval.search import Searcher

ROOT = Path(__file__).parents[1]
QUERIES = (
    "How many steps do you have to climb to reach the lamp?",
    "a red bicycle by a wall",
    "밤에 등대를 구경하려면 어른은 얼마를 내야 하나요?",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", default=[str(ROOT / "data" / "samples")])
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pageglass-kill-"))
    started = time.monotonic()
    ingest(folder / "whole", args.paths).wait()
    length = time.monotonic() - started
    expected = fingerprint(folder / "whole")
    moments = random.Random(args.seed)
    for number in range(1, args.times + 1):
        moment = moments.uniform(0, length)
        held = ingest_and_kill(folder / "home", args.paths, moment)
        ingest(folder / "home", args.paths).wait()
        found = fingerprint(folder / "home")
        problems = verify(Home(folder / "home"))
        same = found == expected and not problems
        print(f"{number:3} killed at {moment:5.1f} s with {held:2} documents held: ", end="")
        print("the same after a re-run" if same else f"DIFFERENT: {problems}", flush=True)
        if not same:
            sys.exit(1)
        shutil.rmtree(folder / "home")
    shutil.rmtree(folder)


def ingest(home: Path, paths: list[str]) -> subprocess.Popen[bytes]:
    """Start an ingest in a process group of its own."""
    command = [
        sys.executable,
        "-m",
        "api.cli.main",
        "ingest",
        *paths,
        "--quiet",
        "--home",
        str(home),
    ]
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True, stderr=subprocess.DEVNULL)


def ingest_and_kill(home: Path, paths: list[str], moment: float) -> int:
    """Ingest, kill after `moment` seconds; returns the documents held then, each whole."""
    process = ingest(home, paths)
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return _whole_documents(home)


def _whole_documents(home: Path) -> int:
    """How many documents there are; every one must have all its pages and pictures."""
    try:
        library = Library(Home(home))
    except LibraryNotFound:
        return 0
    documents = library.documents()
    for document in documents:
        records = library.page_records(PageFilter.to([document.id]))
        if len(records) != document.page_count:
            sys.exit(f"{document.name} is not whole")
        for record in records:
            library.words(record.page)
            library.image(record.page)
    return len(documents)


def fingerprint(home: Path) -> dict[str, Any]:
    """All that a person could tell of a home: documents, words, search results."""
    searcher = Searcher(Home(home))
    library = searcher.library
    found = {
        "documents": sorted((d.id, d.title, d.page_count, d.paths) for d in library.documents()),
        "words": [library.words(record.page) for record in library.page_records()],
        "hits": [
            [(hit.page, hit.score, hit.regions) for hit in searcher.search(query)]
            for query in QUERIES
        ],
    }
    searcher.close()
    return found


if __name__ == "__main__":
    main()
