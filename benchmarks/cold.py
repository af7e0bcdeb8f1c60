"""Processor time of commands in new processes, against importing chromadb.

    python -m benchmarks.cold [--runs 5]

The commands take turns with the import, over the sample corpus, and the least of each
counts, after a run that warms up. Bytecode is kept, as it is where the program is
installed. Ends with 1 where a ratio is above its limit.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
QUERY = "How many steps to the lamp?"
LIMITS = {"--help": 0.25, "list": 0.55, "search": 2.1, "ask": 2.6, "ingest": 4.7}
"""Processor time of each command as a multiple of the import's: 1.1 to 1.9 times what was measured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="pageglass-bench-") as folder:
        os.environ["PAGEGLASS_HOME"] = str(Path(folder, "home"))
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(folder, "bytecode"))
        took = measure(Path(folder), args.runs)
    base = took.pop("import chromadb")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"import chromadb: {base:.2f} s of processor time")
    print(f"{'':10}{'seconds':>8}{'ratio':>8}{'limit':>8}")
    for name, seconds in took.items():
        print(f"{name:10}{seconds:8.2f}{seconds / base:8.2f}{LIMITS[name]:8.2f}")
    sys.exit(any(seconds / base > LIMITS[name] for name, seconds in took.items()))


def measure(folder: Path, runs: int) -> dict[str, float]:
    """The least processor time of each command; the first run does not count."""
    command = [sys.executable, "-m", "api.cli.main"]
    processor_seconds([*command, "ingest", str(SAMPLES), "--quiet"])
    (text := folder / "note.txt").write_text("The lamp is at the top of 217 steps.", "utf-8")
    commands = {
        "import chromadb": [sys.executable, "-c", "import chromadb"],
        "--help": [*command, "--help"],
        "list": [*command, "list"],
        "search": [*command, "search", QUERY, "--json"],
        "ask": [*command, "ask", QUERY, "--json"],
    }
    took: dict[str, list[float]] = {name: [] for name in [*commands, "ingest"]}
    for run in range(runs + 1):
        for name, arguments in commands.items():
            took[name].append(processor_seconds(arguments))
        ingest = [*command, "ingest", str(text), "--quiet", "--home", str(folder / f"home {run}")]
        took["ingest"].append(processor_seconds(ingest))
    return {name: min(seconds[1:]) for name, seconds in took.items()}


def processor_seconds(command: Sequence[str]) -> float:
    """Processor time of a command and the processes that it waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
