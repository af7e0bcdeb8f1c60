"""One way to search a home, timed with its memory in its own process.

    python -m benchmarks.ways HOME --way candidates [--questions 60] [--cold]

Prints one line of JSON. This program runs every query once before any is timed,
so that files are in the page cache as far as memory reaches, the others one;
with `--cold` the vector files are dropped from the page cache before each query. `cpu` is the
processor time of a search, of all threads; `changed` the first search after a change; `disk` what
the index takes, the rows of pages among it; `opened` counts the time to build one that is not there.
`peak` is the largest resident set
that the process ever had (VmHWM); `private` and `mapped` are the most of either
after a search: memory of the process itself (RssAnon), and pages of files that
it has mapped (RssFile), which the system takes back when it needs them. Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.made_home import open_searcher, read_questions
from benchmarks.peers import PEERS, Missing
from ingest.library.home import Home
from ingest.library.writer import LibraryWriter

OURS = {"candidates": 0, "every": 10**9}
"""How many pages are all scored."""
Ask = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a way took: milliseconds, seconds and megabytes; `first` is the share whose page came first."""

    way: str
    questions: int
    p50: float
    p95: float
    cpu: float
    first: float
    opened: float
    changed: float
    records: int
    disk: float
    peak: float
    private: float
    mapped: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("--way", choices=[*OURS, *PEERS], default="candidates")
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--cold", action="store_true")
    args = parser.parse_args()
    questions = read_questions(args.home)
    before = _bytes_below(args.home / "peers")
    started = time.perf_counter()
    try:
        ask, records = _open(args.home, args.way)
    except Missing as missing:
        raise SystemExit(str(missing)) from None
    ask(0)
    opened = time.perf_counter() - started
    count = min(args.questions, len(questions.sought))
    if args.way in OURS and not args.cold:
        for number in range(count):
            ask(number)
    files = sorted((args.home / "index").rglob("*.safetensors")) if args.cold else []
    took, cpu, answers, memory = [], [], [], []
    for number in range(count):
        _forget(files)
        began, worked = time.perf_counter(), time.process_time()
        answers.append(ask(number))
        took.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - worked) * 1000)
        memory.append(read_memory())
    right = [found == page for found, page in zip(answers, questions.sought, strict=False)]
    outcome = Outcome(
        way=args.way,
        questions=count,
        p50=float(np.percentile(took, 50)),
        p95=float(np.percentile(took, 95)),
        cpu=float(np.percentile(cpu, 50)),
        first=float(np.mean(right)),
        opened=opened,
        changed=_after_a_change(args.home, ask) if args.way in OURS else 0.0,
        records=records,
        disk=_disk(args.home, args.way, before) / 1e6,
        peak=memory[-1]["VmHWM"],
        private=max(m["RssAnon"] for m in memory),
        mapped=max(m["RssFile"] for m in memory),
    )
    print(
        json.dumps(
            {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(outcome).items()}
        )
    )


def _open(root: Path, way: str) -> tuple[Ask, int]:
    """Something that answers a question, by its number, with the key of the best page; and its records."""
    questions = read_questions(root)
    if way in OURS:
        searcher = open_searcher(root, questions, OURS[way])
        searcher.manifests()
        count = searcher.library.page_count()
        return lambda number: searcher.search(str(number), top=10)[0].page.key, count
    find, records = PEERS[way](root)

    def ask(number: int) -> str:
        rows: npt.NDArray[np.float32] = questions.rows[number]
        return find(rows)

    return ask, records


def _after_a_change(root: Path, ask: Ask) -> float:
    """Milliseconds of the first search after the library has changed, the median of five."""
    took = []
    for _ in range(5):
        LibraryWriter(Home(root)).touch()
        began = time.perf_counter()
        ask(0)
        took.append((time.perf_counter() - began) * 1000)
    return float(np.median(took))


def _disk(root: Path, way: str, before: int) -> int:
    """Bytes of this program's index, or of what a peer has built; 0 for one built before."""
    return _bytes_below(root / "index") if way in OURS else _bytes_below(root / "peers") - before


def _bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def read_memory() -> dict[str, float]:
    """Lines of /proc/self/status, in megabytes."""
    status = Path("/proc/self/status").read_text()
    return {name: int(kb) * 1024 / 1e6 for name, kb in re.findall(r"(\w+):\s+(\d+) kB", status)}


def _forget(files: list[Path]) -> None:
    """Have the page cache drop what it holds of files, but for what is mapped."""
    for path in files:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


if __name__ == "__main__":
    main()
