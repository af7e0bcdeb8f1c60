"""Bytes and seconds to publish one changed document, and to mirror it, by size of the library.

    python -m benchmarks.publish_blocks --pages 1000 10000

Libraries of synthetic pages of 400 words, without images and vectors, in a folder store: what
is measured is the library's snapshot, whole before and in blocks now.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from pathlib import Path

from ingest.library.home import Home
from ingest.library.writer import LibraryWriter
from ingest.replica.object_store import ObjectStore
from ingest.replica.publish import _take_snapshot
from ingest.replica.snapshot_blocks import BLOCKS, fetch_blocks, hash_block, put_blocks, read_blocks
from tests.make_library import write_document

PAGES = 20
"""Pages of a document."""
WORDS = 400


def add(library: LibraryWriter, at: int, vocabulary: list[str]) -> None:
    """Add one document of `PAGES` pages."""
    chosen = random.Random(at)
    texts = [" ".join(chosen.choices(vocabulary, k=WORDS)) for _ in range(PAGES)]
    write_document(library, f"{at}.pdf", *texts)


def changed(before: Path, after: Path, size: int) -> float:
    """Megabytes of the blocks of a size that are in one file and not in the other."""
    known = set(cut(before, size))
    return (
        sum(length for (_, length) in (each for each in cut(after, size) if each not in known))
        / 1e6
    )


def cut(path: Path, size: int) -> list[tuple[str, int]]:
    """Hash and length of each block of a file."""
    data = path.read_bytes()
    blocks = (data[at : at + size] for at in range(0, len(data), size))
    return [(hash_block(block), len(block)) for block in blocks]


def measure(pages: int) -> None:
    """Print one row of the table."""
    chosen = random.Random(0)
    vocabulary = ["".join(chosen.choices("abcdefghijklmnop", k=7)) for _ in range(20_000)]
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder, "home"))
        store = ObjectStore(f"file://{folder}/store")
        snapshot, mirrored = Path(folder, "snapshot"), Path(folder, "mirror")
        library = LibraryWriter(home)
        for at in range(pages // PAGES):
            add(library, at, vocabulary)
        _take_snapshot(home, snapshot)
        put_blocks(store, snapshot, ())
        fetch_blocks(store, [hash_block(each) for each in read_blocks(snapshot)], mirrored)
        add(library, pages, vocabulary)
        clock = [time.perf_counter(), sum(os.times()[:2])]
        _take_snapshot(home, snapshot)
        digests = [hash_block(each) for each in read_blocks(snapshot)]
        there = {key.rpartition("/")[2] for key in store.children(BLOCKS)}
        sent = put_blocks(store, snapshot, there)
        publish = time.perf_counter() - clock[0], sum(os.times()[:2]) - clock[1]
        clock = [time.perf_counter(), sum(os.times()[:2])]
        fetched = fetch_blocks(store, digests, Path(folder, "new"), mirrored)
        mirror = time.perf_counter() - clock[0], sum(os.times()[:2]) - clock[1]
        whole = snapshot.stat().st_size
        print(
            f"| {pages:,} | {whole / 1e6:.0f} MB | {sent / 1e6:.0f} MB | {sent / whole:.2f}"
            f" | {publish[1]:.2f} | {fetched / 1e6:.0f} MB | {mirror[1]:.2f}"
            f" | {changed(mirrored, snapshot, 1 << 20):.0f} MB"
            f" | {changed(mirrored, snapshot, 1 << 18):.0f} MB |",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, nargs="+", default=[1_000, 10_000])
    print(
        "| pages | snapshot | sent | share | CPU s | fetched | CPU s |\n|---|---|---|---|---|---|---|"
    )
    for each in parser.parse_args().pages:
        measure(each)
