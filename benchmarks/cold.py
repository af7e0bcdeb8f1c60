"""Cold-start search time, against importing chromadb and onnxruntime alone.

    python -m benchmarks.cold [--runs 7]

Runs both in turn, each in a new process, over the sample corpus, and prints
the medians and the median of the ratios; then a second, identical ingest.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "data" / "samples"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    args = parser.parse_args()
    home = tempfile.mkdtemp(prefix="pageglass-bench-")
    pageglass = [sys.executable, "-m", "api.cli.main"]
    ingest = [*pageglass, "ingest", str(SAMPLES), "--quiet", "--home", home]
    search = [*pageglass, "search", "How many steps to the lamp?", "--json", "--home", home]
    imports = [sys.executable, "-c", "import chromadb, onnxruntime"]
    _time(ingest)
    pairs = [(_time(search), _time(imports)) for _ in range(args.runs + 1)][1:]
    found, imported = zip(*pairs, strict=True)
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"search, cold: median {statistics.median(found):.2f} s")
    print(f"import chromadb, onnxruntime: median {statistics.median(imported):.2f} s")
    print(f"ratio: {ratio:.2f}")
    again = statistics.median(_time(ingest) for _ in range(args.runs))
    print(f"second ingest of the samples: median {again:.2f} s")
    check = "import sys, api.cli.main; api.cli.main.main()"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", check, *search[3:]],
        capture_output=True,
        text=True,
        check=False,
    )
    imported = any(line.rsplit("|", 1)[-1].strip() == "torch" for line in done.stderr.splitlines())
    print(f"torch imported by search: {'yes' if imported else 'no'}")


def _time(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
