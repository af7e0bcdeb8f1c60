"""Bytes and seconds to publish one changed document, and to mirror it, by size of the library.

    python -m benchmarks.publish_blocks --pages 1000 10000 100000

Libraries of synthetic pages of 400 words, without images and vectors, in a folder store: what
is measured is the library's snapshot in blocks. A document of 20 pages is added. The images and
vectors of a document are files of their own, which travel once at any size of the library.
Pages beyond 10,000 repeat the first ones, under documents of their own.
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
from ingest.replica.publish import take_snapshot
from ingest.replica.snapshot_blocks import BLOCKS, fetch_blocks, hash_block, put_blocks, read_blocks
from tests.make_library import write_document

PAGES = 20
"""Pages of a document."""
WORDS = 400
MADE = 10_000
"""Pages that are made of new words."""


def add(library: LibraryWriter, at: int, vocabulary: list[str]) -> None:
    """Add one document of `PAGES` pages."""
    chosen = random.Random(at)
    texts = [" ".join(chosen.choices(vocabulary, k=WORDS)) for _ in range(PAGES)]
    write_document(library, f"{at}.pdf", *texts)


class Repeater(LibraryWriter):
    """Library whose documents can be repeated, which is faster than making words for more."""

    def repeat(self, time: int) -> None:
        """Add every document that was made once more, a transaction each."""
        made = "SELECT id FROM documents WHERE length(id) = 20"
        for (id_,) in self._db.execute(made).fetchall():
            new = f"{id_}-{time}"
            with self._transaction():
                self._db.execute(
                    "INSERT INTO documents SELECT ?, sha256, kind, title, page_count, byte_size,"
                    " revision, added_at FROM documents WHERE id = ?",
                    (new, id_),
                )
                self._db.execute(
                    "INSERT INTO names SELECT CAST(path || ? AS BLOB), ?, size, mtime_ns FROM names"
                    " WHERE document_id = ?",
                    (f"-{time}", new, id_),
                )
                self._db.execute(
                    "INSERT INTO pages (document_id, number, width, height, source, figures, words)"
                    " SELECT ?, number, width, height, source, figures, words FROM pages"
                    " WHERE document_id = ? ORDER BY number",
                    (new, id_),
                )
                self._db.execute(
                    "INSERT INTO terms (rowid, title, body, forms)"
                    " SELECT own.row, title, body, forms FROM pages AS its"
                    " JOIN terms ON terms.rowid = its.row"
                    " JOIN pages AS own ON own.number = its.number AND own.document_id = ?"
                    " WHERE its.document_id = ? ORDER BY own.row",
                    (new, id_),
                )


class Clock:
    """Seconds since it was made, as text: on the clock, and of processor time."""

    def __init__(self) -> None:
        self._wall, self._spent = time.perf_counter(), sum(os.times()[:2])

    def __str__(self) -> str:
        wall, spent = time.perf_counter() - self._wall, sum(os.times()[:2]) - self._spent
        return f"{wall:.1f} / {spent:.1f}"


def measure(pages: int) -> None:
    """Print one row of the table."""
    chosen = random.Random(0)
    vocabulary = ["".join(chosen.choices("abcdefghijklmnop", k=7)) for _ in range(20_000)]
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder, "home"))
        store = ObjectStore(f"file://{folder}/store")
        snapshot, mirrored = Path(folder, "snapshot"), Path(folder, "mirror")
        library = Repeater(home)
        for at in range(min(pages, MADE) // PAGES):
            add(library, at, vocabulary)
        for time_ in range(1, pages // MADE):
            library.repeat(time_)
        assert library.page_count() == pages
        take_snapshot(home, snapshot)
        put_blocks(store, snapshot, ())
        fetch_blocks(store, [hash_block(each) for each in read_blocks(snapshot)], mirrored)
        add(library, pages, vocabulary)
        clock = Clock()
        take_snapshot(home, snapshot)
        digests = [hash_block(each) for each in read_blocks(snapshot)]
        there = {key.rpartition("/")[2] for key in store.children(BLOCKS)}
        sent = put_blocks(store, snapshot, there)
        published, clock = str(clock), Clock()
        fetched = fetch_blocks(store, digests, Path(folder, "new"), mirrored)
        whole = snapshot.stat().st_size
        print(
            f"| {pages:,} | {whole / 1e6:.1f} MB | {sent / 1e6:.1f} MB | {sent / whole:.2f}"
            f" | {published} | {fetched / 1e6:.1f} MB | {clock} |",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, nargs="+", default=[1_000, 10_000])
    given = parser.parse_args()
    print(
        "| pages | snapshot | sent | share | publish, s wall / CPU | fetched | mirror, s wall / CPU |"
        "\n|---|---|---|---|---|---|---|"
    )
    for each in given.pages:
        measure(each)
