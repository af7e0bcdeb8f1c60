"""Ingest on a Ray cluster of 1 and 2 nodes, against this machine alone, and what is killed.

    python -m benchmarks.ray_ingest --pages 200

One row a way. The libraries that Ray makes are compared with that of this machine: documents,
words, images, vectors of every index, search results; a difference ends the run. CPU seconds
are of all processes that a run starts: on a machine with fewer cores than nodes, or beside
other work, they say more than the clock. `command` is what the command's own process spends of
them: it is what stays on one machine.

"a node killed" takes one of two nodes away when half of the pages are in. "the command
killed" ends the command there by SIGKILL and runs it again; its row is of both runs, and is
followed by how many slices the second one read.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pymupdf

from benchmarks.same_library import assert_same
from ingest.add import AddSettings, add
from ingest.cluster.cluster_add import add_on_cluster
from ingest.cluster.ray_cluster import RayCluster
from ingest.cluster.slice_task import PAGES
from ingest.event import Event, Failed, PagesEncoded
from ingest.files.render import RenderSettings
from ingest.library.home import Home

WORDS = "the keeper lit the lamp and the fog bell rang over the harbour until the boat came in"
DOCUMENT = 50
"""Pages of a document."""
NAMES = {
    "one": "Ray, 1 node",
    "two": "Ray, 2 nodes",
    "node": "Ray, one of 2 nodes killed",
    "command": "Ray, the command killed and run again",
}
TRIES = 3
NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 200 << 20}


def make_files(folder: Path, pages: int) -> None:
    """PDFs of text, `DOCUMENT` pages each."""
    for at in range(pages // DOCUMENT):
        with pymupdf.open() as pdf:
            for number in range(DOCUMENT):
                page = pdf.new_page()
                page.insert_textbox((72, 72, 520, 760), f"{at} {number} " + f"{WORDS}. " * 20)
            pdf.save(folder / f"{at}.pdf")


def own_seconds() -> float:
    """CPU seconds of this process without those below it."""
    own = os.times()
    return own.user + own.system


def cpu_seconds() -> float:
    """CPU seconds of this process and all below it that live, and of those that ended."""
    own = os.times()
    total = own_seconds() + own.children_user + own.children_system
    for child in psutil.Process().children(recursive=True):
        try:
            used = child.cpu_times()
        except psutil.Error:
            continue
        total += used.user + used.system + used.children_user + used.children_system
    return total


class Row:
    """One way, timed from its beginning to its row."""

    def __init__(self, name: str, pages: int) -> None:
        self._name, self._pages = name, pages
        self._wall, self._own, self._cpu = time.perf_counter(), own_seconds(), cpu_seconds()
        self._peak = self._cpu

    def follow(self, events: Iterator[Event], halfway: Callable[[], None] | None = None) -> None:
        """Take the events of a run; `halfway` is called once half of the pages are encoded."""
        left = self._pages / 2
        for event in events:
            assert not isinstance(event, Failed), event
            self._peak = max(self._peak, cpu_seconds())  # processes that end take theirs along
            left -= event.pages if isinstance(event, PagesEncoded) else 0
            if halfway and left <= 0:
                halfway()
                halfway = None

    def show(self) -> None:
        """Print the row."""
        wall = time.perf_counter() - self._wall
        spent = max(self._peak, cpu_seconds()) - self._cpu
        print(
            f"| {self._name} | {self._pages / wall:.2f} | {1_000 * spent / self._pages:.0f}"
            f" | {1_000 * (own_seconds() - self._own) / self._pages:.0f} |",
            flush=True,
        )


def drive(home: Path, files: Path, address: str, encoders: tuple[str, ...], pages: int) -> None:
    """Ingest on a cluster, and be killed at half of the pages."""
    settings = AddSettings(RenderSettings(), encoders=encoders)
    events = add_on_cluster(Home(home), [files], settings, address)
    Row("killed", pages).follow(events, lambda: os.kill(os.getpid(), signal.SIGKILL))


def measure(folder: Path, pages: int, encoders: tuple[str, ...], ways: Sequence[str]) -> None:
    """Print one row for each way."""
    from ray.cluster_utils import Cluster

    files = folder / "files"
    files.mkdir()
    make_files(files, pages)
    settings = AddSettings(RenderSettings(), encoders=encoders)
    print("| way | pages/s | CPU ms a page | of them command |\n|---|---|---|---|", flush=True)
    for workers in (1, 2) if "two" in ways else (1,):
        row = Row(f"this machine, workers {workers}", pages)
        alone = replace(settings, workers=workers)
        row.follow(add(Home(folder / f"plain-{workers}"), [files], alone))
        row.show()
    plain = Home(folder / "plain-1")
    cluster = start(lambda: Cluster(True, head_node_args={**NODE, "include_dashboard": False}))
    try:
        for way in ("one", "two", "node"):
            if way == "two":
                second = start(lambda: cluster.add_node(**NODE))
            if way in ways:
                home, row = Home(folder / way), Row(NAMES[way], pages)
                kill = partial(cluster.remove_node, second, False) if way == "node" else None
                row.follow(add_on_cluster(home, [files], settings, cluster.address), kill)
                row.show()
                assert_same(plain, home, WORDS)
        if "command" in ways:
            _kill_command(folder, files, cluster.address, settings, pages)
    finally:
        cluster.shutdown()


def start(node: Callable[[], Any]) -> Any:
    """Start a node, again where it was not up within Ray's 30 s, as on a busy machine."""
    for _ in range(TRIES):
        with suppress(Exception):
            return node()
    return node()


def _kill_command(
    folder: Path, files: Path, address: str, settings: AddSettings, pages: int
) -> None:
    """The row of a command that is killed and run again, and the slices of the second run."""
    home, row = Home(folder / "killed"), Row(NAMES["command"], pages)
    given = ["--pages", str(pages), "--encoders", ",".join(settings.encoders or ())]
    command = [sys.executable, "-m", "benchmarks.ray_ingest", *given, "--drive"]
    killed = subprocess.run([*command, str(home.root), str(files), address])
    assert killed.returncode == -signal.SIGKILL, killed.returncode
    started = _count_slices()
    row.follow(add_on_cluster(home, [files], settings, address))
    row.show()
    assert_same(Home(folder / "plain-1"), home, WORDS)
    print(f"the second command read {len(started)} slices of {slices_of(pages)}", flush=True)


def slices_of(pages: int) -> int:
    """Slices of the made files."""
    return pages // DOCUMENT * -(-DOCUMENT // PAGES)


def _count_slices() -> list[str]:
    """A list that gets the key of each slice that is given to a cluster from now on."""
    keys: list[str] = []
    start = RayCluster.start

    def counted(self: RayCluster, *args: Any) -> Any:
        keys.append(args[-1])
        return start(self, *args)

    RayCluster.start = counted  # type: ignore[method-assign, assignment]
    return keys


def main() -> None:
    """Measure in a folder that is deleted afterwards."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--encoders", default="minilm,e5")
    parser.add_argument("--ways", nargs="+", choices=list(NAMES), default=list(NAMES))
    parser.add_argument("--drive", nargs=3, metavar=("HOME", "FILES", "ADDRESS"))
    given = parser.parse_args()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    encoders = tuple(given.encoders.split(","))
    if given.drive:
        home, files, address = given.drive
        drive(Path(home), Path(files), address, encoders, given.pages)
        return
    with tempfile.TemporaryDirectory(prefix="pageglass-ray-") as name:
        measure(Path(name), given.pages, encoders, given.ways)


if __name__ == "__main__":
    main()
