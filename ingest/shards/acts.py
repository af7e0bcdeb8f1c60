"""Acts on a home, in shards or not: removal, edits, checks, rebuilds, backups."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ingest.annotate.edit import edit
from ingest.encoders.encoder import Encoding
from ingest.error import PageglassError
from ingest.event import Event
from ingest.index.quantization import Quantization
from ingest.library.documents import DocumentNotFound
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import Document
from ingest.readers.limits import ReadLimits
from ingest.rebuild import rebuild_indexes
from ingest.remove import remove
from ingest.replica.backup import BackupContent, Report, back_up
from ingest.shards.open_shards import check_shards
from ingest.shards.shard_layout import (
    ShardHome,
    ShardLayout,
    ShardsChanged,
    read_layout,
    shard_homes,
)
from ingest.shards.sharded_library import MOVES, ShardedLibrary, open_library
from ingest.verify import verify

__all__ = ["back_up_home", "edit_document", "remove_documents", "renew_indexes", "verify_home"]


def remove_documents(
    home: Home, wanted: Sequence[str], *, wait: float | None = None
) -> list[Document]:
    """Remove documents (see `ingest.remove.remove`), from every shard that has them.

    One that is not there stops it before anything is removed.

    Raises:
        What `ingest.remove.remove` raises.
    """
    if read_layout(home) is None:
        return remove(home, wanted, wait=wait)
    library = ShardedLibrary(home)
    every = library.documents()
    names = {document.id: document.name for document in every}
    ids = list(dict.fromkeys(library.document(name).id for name in wanted))
    removed: dict[str, Document] = {}

    def remove_from(shard: Home, its_ids: list[str]) -> None:
        for document in remove(shard, its_ids, wait=wait):
            shown = names.get(document.id, document.name)
            removed[document.id] = replace(document, name=shown)

    _act_on(library, ids, remove_from)
    return list(removed.values())


def edit_document(
    home: Home,
    wanted: str,
    *,
    title: str | None = None,
    tags: Sequence[str] | None = None,
    wait: float | None = None,
) -> Document:
    """Give a document a title or tags (see `ingest.annotate.edit.edit`).

    Raises:
        What `ingest.annotate.edit.edit` raises.
    """
    if read_layout(home) is None:
        return edit(home, wanted, title=title, tags=tags, wait=wait)
    library = ShardedLibrary(home)
    document = library.document(wanted)

    def edit_in(shard: Home, _: list[str]) -> None:
        edit(shard, document.id, title=title, tags=tags, wait=wait)

    _act_on(library, [document.id], edit_in)
    return library.document(document.id)


def _act_on(
    library: ShardedLibrary, document_ids: Sequence[str], act: Callable[[Home, list[str]], None]
) -> None:
    """Act on documents in every shard that has some of them.

    Those that move between the look for their shard and the act are looked for again.

    Raises:
        DocumentNotFound: they have been removed meanwhile.
        What `act` raises.
    """
    left = set(document_ids)
    for _ in range(MOVES):
        moved = False
        for its_library in library.shards().values():
            its_ids = [id_ for id_ in document_ids if its_library.has(id_)]
            try:
                if its_ids:
                    act(its_library.home, its_ids)
                    left -= set(its_ids)
            except (DocumentNotFound, ShardsChanged):
                moved = True
        if not (left or moved):
            return
    if left:
        raise DocumentNotFound(
            f"There is no document {min(left)!r} any more.",
            hint="List the documents to see what there is.",
        )


def verify_home(home: Home, *, repair: bool = False) -> list[str]:
    """Find disagreements (see `ingest.verify.verify`), in each shard and between them.

    Raises:
        ReadOnlyMirror, and what `ingest.verify.verify` raises of a home that is not in shards.
    """
    layout = read_layout(home)
    if layout is None:
        return verify(home, repair=repair)
    home.check_writable()
    problems: list[str] = []
    for name, shard in shard_homes(home).items():
        try:
            problems += [f"Shard {name}: {each}" for each in verify(shard, repair=repair)]
        except (PageglassError, sqlite3.Error) as error:
            problems.append(f"Shard {name} cannot be read: {error}")
    return [*problems, *_misplaced(layout, open_library(home))]


def _misplaced(layout: ShardLayout, library: Library) -> Iterator[str]:
    """Sentences about documents that several shards have."""
    holders: Counter[str] = Counter()
    for its_library in library.shards().values():
        holders.update(its_library.document_ids())
    several = sorted(id_ for id_, count in holders.items() if count > 1)
    if several:
        yield f"{len(several)} documents are in more than one shard, such as {several[0]}."
    if layout.leaving:
        yield f"Shards {', '.join(layout.leaving)} have not been emptied yet: reshard again."


def renew_indexes(
    home: Home,
    encoders: Sequence[str],
    encoding: Encoding,
    *,
    dpi: int,
    limits: ReadLimits,
    quantization: Quantization | None = None,
    on_wait: Callable[[], None] | None = None,
) -> Iterator[Event]:
    """Drop every index and encode again (see `ingest.rebuild.rebuild_indexes`).

    Raises:
        What `ingest.rebuild.rebuild_indexes` raises.
    """
    homes: dict[str, ShardHome] = shard_homes(home)
    for each in homes.values() or [home]:
        yield from rebuild_indexes(
            each,
            encoders,
            encoding,
            dpi=dpi,
            limits=limits,
            quantization=quantization,
            on_wait=on_wait,
        )


def back_up_home(home: Home, target: Path, report: Report | None = None) -> BackupContent:
    """Write a home into one file (see `ingest.replica.backup.back_up`).

    Raises:
        ShardMissing: a shard cannot be read; nothing is written.
        LibraryNotFound, and what `ingest.replica.backup.back_up` raises.
    """
    library = open_library(home)
    if homes := shard_homes(home):
        check_shards(home)
    return back_up(library, target, report, homes)
