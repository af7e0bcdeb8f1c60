"""Pages a second of ingest on a Ray cluster with 1 and 2 nodes, against this machine alone.

    python -m benchmarks.ray_ingest --pages 200

CPU seconds are of all processes that a run starts: on a machine with fewer cores than nodes,
or beside other work, they say more than the clock.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pymupdf

from ingest.add import AddSettings, add
from ingest.cluster.cluster_add import add_on_cluster
from ingest.event import Event
from ingest.files.render import RenderSettings
from ingest.library.home import Home

WORDS = "the keeper lit the lamp and the fog bell rang over the harbour until the boat came in"
DOCUMENT = 50
"""Pages of a document."""


def make_files(folder: Path, pages: int) -> None:
    """PDFs of text, `DOCUMENT` pages each."""
    for at in range(pages // DOCUMENT):
        with pymupdf.open() as pdf:
            for number in range(DOCUMENT):
                page = pdf.new_page()
                page.insert_textbox((72, 72, 520, 760), f"{at} {number} " + f"{WORDS}. " * 20)
            pdf.save(folder / f"{at}.pdf")


def cpu_seconds() -> float:
    """CPU seconds of this process and all below it that live, and of those that ended."""
    own = os.times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in psutil.Process().children(recursive=True):
        try:
            used = child.cpu_times()
        except psutil.Error:
            continue
        total += used.user + used.system + used.children_user + used.children_system
    return total


def run(events: Iterator[Event]) -> tuple[float, float]:
    """Wall and CPU seconds of a run."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    peak = cpu
    for _ in events:
        peak = max(peak, cpu_seconds())  # workers that end take their times along
    return time.perf_counter() - wall, max(peak, cpu_seconds()) - cpu


def main(pages: int, encoders: tuple[str, ...]) -> None:
    """Print one row for each way."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    with tempfile.TemporaryDirectory() as name:
        files = Path(name, "files")
        files.mkdir()
        make_files(files, pages)
        print("| way | pages/s | CPU ms a page |\n|---|---|---|")
        for workers in (1, 2):
            settings = AddSettings(RenderSettings(), encoders=encoders, workers=workers)
            wall, cpu = run(add(Home(Path(name, f"plain-{workers}")), [files], settings))
            print(
                f"| this machine, {workers} | {pages / wall:.2f} | {1_000 * cpu / pages:.0f} |",
                flush=True,
            )
        node: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 200 << 20}
        cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
        for nodes in (1, 2):
            home = Home(Path(name, f"ray-{nodes}"))
            settings = AddSettings(RenderSettings(), encoders=encoders)
            wall, cpu = run(add_on_cluster(home, [files], settings, cluster.address))
            print(f"| Ray, {nodes} | {pages / wall:.2f} | {1_000 * cpu / pages:.0f} |", flush=True)
            if nodes == 1:
                cluster.add_node(**node)
        cluster.shutdown()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--encoders", default="minilm,e5")
    given = parser.parse_args()
    main(given.pages, tuple(given.encoders.split(",")))
