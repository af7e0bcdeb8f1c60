"""Bytes and seconds to publish one changed document, and to mirror it, by size of the library.

    python -m benchmarks.publish_blocks --pages 1000 10000 100000

Libraries of synthetic pages of 400 words, without images and vectors, in a folder store: what
is measured is the library's snapshot in blocks: `publish`, and what a mirror does with a new head.
A document of 20 pages is added. The images and vectors of a document are files of their own, which
travel once at any size of the library.
Pages beyond 10,000 repeat the first ones, under documents of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from pathlib import Path

from ingest.library.home import Home
from ingest.library.keys import HEAD, page_folder
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter
from ingest.replica.head import Head, read_head
from ingest.replica.mirrored_library import MirroredLibrary
from ingest.replica.object_store import ObjectStore
from ingest.replica.publish import publish, take_snapshot
from ingest.replica.snapshot_blocks import (
    fetch_blocks,
    hash_block,
    pack_digests,
    put_blocks,
    read_blocks,
    unpack_digests,
)
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


def publish_first(home: Home, store: ObjectStore, snapshot: Path) -> Head:
    """Publish a library whose images and indexes are taken to be in the store."""
    generation = take_snapshot(home, snapshot)
    digests = [hash_block(each) for each in read_blocks(snapshot)]
    head = Head(home.id, f"{generation}-first", {}, {})
    put_blocks(store, snapshot, ())
    store.write(head.library_key, pack_digests(digests))
    folders = [page_folder(each.id, each.revision) for each in Library(home).documents()]
    store.write(head.contents_key, json.dumps(folders).encode())
    store.write(HEAD, head.pack())
    return head


def sizes(folder: Path) -> dict[Path, int]:
    """Bytes of the files of a store but for images."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".webp")
    return {path: path.stat().st_size for path in files}


def measure(pages: int) -> None:
    """Print one row of the table."""
    chosen = random.Random(0)
    vocabulary = ["".join(chosen.choices("abcdefghijklmnop", k=7)) for _ in range(20_000)]
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder, "home"))
        bucket = Path(folder, "store")
        store = ObjectStore(f"file://{bucket}")
        snapshot = Path(folder, "snapshot")
        mirror = MirroredLibrary(Path(folder, "mirror"), store)
        library = Repeater(home)
        for at in range(min(pages, MADE) // PAGES):
            add(library, at, vocabulary)
        for time_ in range(1, pages // MADE):
            library.repeat(time_)
        assert library.page_count() == pages
        mirror.take(publish_first(home, store, snapshot))
        add(library, pages, vocabulary)
        before = sizes(bucket)
        clock = Clock()
        publish(home, store)
        published = str(clock)
        head = read_head(store)
        assert isinstance(head, Head)
        sent = sum(size for path, size in sizes(bucket).items() if path not in before)
        digests = unpack_digests(store.read(head.library_key))
        fetched = fetch_blocks(store, digests, snapshot, mirror.database)
        clock = Clock()
        mirror.take(head)
        whole = snapshot.stat().st_size
        print(
            f"| {pages:,} | {whole / 1e6:.1f} MB | {sent / 1e6:.1f} MB | {sent / whole:.2f}"
            f" | {published} | {fetched / 1e6:.1f} MB | {clock} |",
            flush=True,
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, nargs="+", default=[1_000, 10_000])
    given = parser.parse_args()
    print(
        "| pages | snapshot | sent | share | publish, s wall / CPU | fetched | mirror, s wall / CPU |"
        "\n|---|---|---|---|---|---|---|"
    )
    for each in given.pages:
        measure(each)


if __name__ == "__main__":
    main()
