"""Processor and wall time of commands in new processes, against importing chromadb.

    python -m benchmarks.cold [--runs 5]

The commands take turns with the import, over the sample corpus, and the least of each
counts, after a run that warms up. Bytecode is kept, as it is where the program is
installed, and so are optimized networks, as they are after the first search. Ends with
1 where a ratio of processor times is above its limit.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
QUERY = "How many steps to the lamp?"
LIMITS = {
    "--help": 0.2,
    "list": 0.45,
    "search": 1.3,
    "search, no reranker": 1.05,
    "ask": 1.8,
    "ask, no reranker": 1.5,
    "ingest": 4.7,
}
"""Processor time of each command as a multiple of the import's: 1.2 to 1.3 times what was measured."""
NO_RERANKER = {"PAGEGLASS_RERANK": "none"}


class Took(NamedTuple):
    """Seconds of a command and of the processes that it waits for."""

    processor: float
    wall: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="pageglass-bench-") as folder:
        os.environ["PAGEGLASS_HOME"] = str(Path(folder, "home"))
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(folder, "bytecode"))
        os.environ["XDG_CACHE_HOME"] = str(Path(folder, "cache"))
        took = measure(Path(folder), args.runs)
    base = took.pop("import chromadb")
    load = os.getloadavg()[0]
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}"
    )
    print(f"import chromadb: {base.processor:.2f} s of processor time, {base.wall:.2f} s")
    print(f"{'':22}{'processor':>10}{'ratio':>8}{'limit':>8}{'wall':>8}")
    ratios = {name: one.processor / base.processor for name, one in took.items()}
    for name, one in took.items():
        print(
            f"{name:22}{one.processor:10.2f}{ratios[name]:8.2f}{LIMITS[name]:8.2f}{one.wall:8.2f}"
        )
    sys.exit(any(ratio > LIMITS[name] for name, ratio in ratios.items()))


def measure(folder: Path, runs: int) -> dict[str, Took]:
    """The least times of each command; the first run does not count."""
    command = [sys.executable, "-m", "api.cli.main"]
    timed([*command, "ingest", str(SAMPLES), "--quiet"])
    (text := folder / "note.txt").write_text("The lamp is at the top of 217 steps.", "utf-8")
    search, ask = ([*command, name, QUERY, "--json"] for name in ("search", "ask"))
    commands: dict[str, tuple[list[str], Mapping[str, str]]] = {
        "import chromadb": ([sys.executable, "-c", "import chromadb"], {}),
        "--help": ([*command, "--help"], {}),
        "list": ([*command, "list"], {}),
        "search": (search, {}),
        "search, no reranker": (search, NO_RERANKER),
        "ask": (ask, {}),
        "ask, no reranker": (ask, NO_RERANKER),
    }
    took: dict[str, list[Took]] = {name: [] for name in [*commands, "ingest"]}
    for run in range(runs + 1):
        for name, (arguments, environment) in commands.items():
            took[name].append(timed(arguments, environment))
        ingest = [*command, "ingest", str(text), "--quiet", "--home", str(folder / f"home {run}")]
        took["ingest"].append(timed(ingest))
    return {name: Took(*map(min, zip(*some[1:], strict=True))) for name, some in took.items()}


def timed(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Took:
    """Times of a command and the processes that it waits for."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    quiet = subprocess.DEVNULL
    subprocess.run(
        command, check=True, env={**os.environ, **(environment or {})}, stdout=quiet, stderr=quiet
    )
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(processor, wall)


if __name__ == "__main__":
    main()
