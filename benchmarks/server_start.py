"""Start of a server: seconds until it listens, is ready, and answers a first search.

    python -m benchmarks.server_start [--runs 3]

Wall clock, over the samples. A search that was asked before is shown beside the first:
where the first takes longer, something was loaded with it. The least of each counts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.server_load import ROOT, address_in

QUERY = {"query": "How many steps to the lamp?"}
OTHER = {"query": "What does a ticket cost?"}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="pageglass-bench-") as folder:
        os.environ["XDG_CACHE_HOME"] = str(Path(folder, "cache"))
        home = Path(folder, "home")
        command = [sys.executable, "-m", "api.cli.main", "--home", str(home)]
        samples = str(ROOT / "data" / "samples")
        subprocess.run([*command, "ingest", samples, "--quiet"], cwd=ROOT, check=True)
        runs = [measure(command, Path(folder, f"log {run}")) for run in range(args.runs + 1)]
    print(f"load average {os.getloadavg()[0]:.1f}")
    for name in runs[0]:
        print(f"{name:28}{min(run[name] for run in runs[1:]):7.3f} s")


def measure(command: list[str], log: Path) -> dict[str, float]:
    """Seconds from the start of a server to each step, and of searches after it."""
    seconds = {}
    started = time.monotonic()
    with log.open("wb") as file:
        server = subprocess.Popen([*command, "serve", "--port", "0"], cwd=ROOT, stderr=file)
        try:
            with httpx.Client(base_url=address_in(log, 0.01), timeout=60) as client:
                _wait(client, "/health")
                seconds["listens"] = time.monotonic() - started
                _wait(client, "/ready")
                seconds["ready"] = time.monotonic() - started
                for name, query in (("first search", QUERY), ("another", OTHER), ("again", OTHER)):
                    before = time.monotonic()
                    client.post("/v1/search", json=query).raise_for_status()
                    seconds[name] = time.monotonic() - before
        finally:
            server.terminate()
            server.wait(60)
    return seconds


def _wait(client: httpx.Client, path: str) -> None:
    """Wait until the server answers 200."""
    while True:
        try:
            if client.get(path).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.01)


if __name__ == "__main__":
    main()
