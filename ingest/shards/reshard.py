"""Reshard: another number of shards; documents move while both places answer.

What is killed goes on where it stopped, when it is run again with the same number.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

from ingest.disk.atomic import discard
from ingest.event import Event, Moved
from ingest.index.index import open_indexes
from ingest.index.inverted.update import update_lists
from ingest.library.home import Home, WriterLock
from ingest.library.writer import LibraryWriter
from ingest.shards.move import link_or_copy, move_documents
from ingest.shards.open_shards import check_shards
from ingest.shards.row_copier import RowCopier
from ingest.shards.shard_layout import (
    ShardHome,
    ShardLayout,
    ShardsChanged,
    check_count,
    moves_mark,
    read_layout,
    shard_folder,
    shard_homes,
    write_layout,
)

AT_ONCE = 32
"""Documents that are moved while their shards are locked."""
FIRST = "000"
LIBRARY_FILES = ("library.sqlite3", "library.sqlite3-wal", "library.sqlite3-shm")


def reshard(
    home: Home, count: int, *, on_wait: Callable[[], None] | None = None
) -> Iterator[Event]:
    """Give a home's library this number of shards, and move documents to their places.

    A library that is not in shards becomes the first of them.

    Raises:
        InvalidShards, ShardMissing, ShardsUnreadable, HomeBusy, DiskFull, ReadOnlyMirror
        ObjectStoreError: the home cannot be published; documents have moved.
        ShardsChanged: another command took another number meanwhile.
    """
    check_count(count)
    with home.writing(on_wait=on_wait) as lock:
        layout = read_layout(home)
        if layout is None:
            _adopt(home)
            layout = read_layout(home)
        if layout is None:
            write_layout(home, ShardLayout((FIRST,)).resized(count))
            return
        check_shards(home)
        _clear_adopted(home)
        layout = layout.resized(count)
        write_layout(home, layout)
        yield from _rebalance(home, layout, lock, on_wait)


def _adopt(home: Home) -> None:
    """Make the library of a home its first shard, all at once.

    Its files get second names there; the old ones go once the layout is written.
    """
    if not home.database.exists():
        return
    discard(shard_folder(home, FIRST))
    folder = shard_folder(home, FIRST)
    folder.mkdir(parents=True)
    for name in ("pages", "index"):
        if (home.root / name).exists():
            # Of Chroma's files, which are written in place, copies.
            shutil.copytree(home.root / name, folder / name, copy_function=_link_or_copy_file)
    if (home.root / "id").exists():
        shutil.copyfile(home.root / "id", folder / "id")
    with (
        closing(sqlite3.connect(home.database, timeout=30)) as source,
        closing(sqlite3.connect(folder / "library.sqlite3")) as target,
    ):
        source.backup(target)
    write_layout(home, ShardLayout((FIRST,)))


def _link_or_copy_file(source: str, target: str) -> None:
    if source.endswith((".webp", ".safetensors")):
        link_or_copy(source, target)
    else:
        shutil.copy2(source, target)


def _clear_adopted(home: Home) -> None:
    """Delete what the first shard has now."""
    for name in (*LIBRARY_FILES, "pages", "index"):
        discard(home.root / name)


def _rebalance(
    home: Home, layout: ShardLayout, lock: WriterLock, on_wait: Callable[[], None] | None
) -> Iterator[Event]:
    """Move documents to the shards that they belong to; then drop shards that are empty.

    Others may publish the home in between.
    """
    homes = shard_homes(home)
    left = sum(len(_misplaced(shard, layout)) for shard in homes.values())
    for name, shard in homes.items():
        while families := _misplaced(shard, layout):
            target = layout.shard_of(families[0][0])
            some = [ids for ids in families if layout.shard_of(ids[0]) == target][:AT_ONCE]
            moves_mark(home).touch()
            with _both(shard, homes[target], on_wait):
                move_documents(shard, homes[target], [id_ for ids in some for id_ in ids])
            left -= len(some)
            yield Moved(sum(map(len, some)), name, target, left)
            if lock.give_way() and read_layout(home) != layout:
                raise ShardsChanged(
                    "The library was given another number of shards meanwhile.",
                    hint="Run the same again.",
                )
        with shard.writing(on_wait=on_wait, publish=False):
            _tidy(shard)
    for name in layout.leaving:
        with _both(homes[name], homes[layout.names[0]], on_wait):
            if not _misplaced(homes[name], layout):
                with closing(RowCopier(homes[layout.names[0]])) as first:
                    first.take_notes(homes[name])
                layout = ShardLayout(layout.names, tuple(n for n in layout.leaving if n != name))
                write_layout(home, layout)
                discard(homes[name].root)


def _misplaced(shard: ShardHome, layout: ShardLayout) -> list[list[str]]:
    """Documents that belong to another shard, those together that are attached to each other."""
    with closing(RowCopier(shard)) as library:
        return [ids for ids in library.families() if layout.shard_of(ids[0]) != shard.name]


def _both(source: ShardHome, target: ShardHome, on_wait: Callable[[], None] | None) -> ExitStack:
    """Locks of two shards, taken in the order of their names."""
    with ExitStack() as stack:
        for shard in sorted((source, target), key=lambda shard: shard.name):
            stack.enter_context(shard.writing(on_wait=on_wait, publish=False))
        return stack.pop_all()


def _tidy(shard: ShardHome) -> None:
    """Take the last traces of what has gone, and list what has come."""
    library = LibraryWriter(shard)
    library.compact()
    documents = library.documents()
    for index in open_indexes(shard):
        update_lists(index, documents)
    library.close()
