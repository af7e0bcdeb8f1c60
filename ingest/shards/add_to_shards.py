"""Ingest into a library in shards: each file into the shard that it belongs to."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

from ingest.add import AddSettings, add
from ingest.choose import choose_encoders
from ingest.encoders.shared import SharedEncoders
from ingest.event import (
    Done,
    Event,
    FilesFound,
    LeftOut,
    Removed,
)
from ingest.files.formats.office import readable_suffixes
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter
from ingest.readers.reader_pool import ReaderPool
from ingest.remove import remove_nameless
from ingest.shards.open_shards import check_shards
from ingest.shards.route import FileRoutes, route_files
from ingest.shards.seed import seed_indexes
from ingest.shards.shard_layout import (
    ShardHome,
    first_with_indexes,
    read_layout,
    shard_homes,
)

NOTHING = Done(added=0, unchanged=0, named=0, removed=0, failed=0, pages=0, seconds=0.0)
"""Totals of a run that has done nothing."""


def add_documents(
    home: Home,
    paths: Sequence[str | Path],
    settings: AddSettings | None = None,
    *,
    wait: float | None = None,
    on_wait: Callable[[], None] | None = None,
) -> Iterator[Event]:
    """Read files into a home, in shards or not (see `ingest.add.add`).

    Raises:
        ShardMissing: a shard cannot be read; nothing has been added.
        ShardsChanged: a shard was given up meanwhile; what was added stays.
        What `ingest.add.add` raises.
    """
    homes = shard_homes(home)
    if not homes:
        return (yield from add(home, paths, settings, wait=wait, on_wait=on_wait))
    yield from _add(home, homes, paths, settings or AddSettings(), wait, on_wait)


def _add(
    home: Home,
    homes: dict[str, ShardHome],
    paths: Sequence[str | Path],
    settings: AddSettings,
    wait: float | None,
    on_wait: Callable[[], None] | None,
) -> Iterator[Event]:
    started = time.monotonic()
    home.check_writable()
    check_shards(home)
    routes = _route(home, homes, paths, settings)
    yield FilesFound(len(routes.shards), routes.to_read)
    if routes.left_out:
        yield LeftOut(routes.left_out)
    total = replace(NOTHING, left_out=len(routes.left_out))
    with _shared(home, settings) as shared:
        for name in _in_turn(homes, paths, routes, settings):
            _seed(homes[name], homes, wait, on_wait)
            mine = replace(
                shared, accepts=partial(routes.goes_to, name), is_settled=routes.is_settled
            )
            for event in add(homes[name], paths, mine, wait=wait, on_wait=on_wait):
                if isinstance(event, Done):
                    total = _sum(total, event)
                elif not isinstance(event, FilesFound | LeftOut):
                    yield event
    for name, strays in routes.strays().items():
        for removed in _forget(homes, name, strays, routes, wait):
            total = replace(total, removed=total.removed + 1)
            yield removed
    yield replace(total, seconds=time.monotonic() - started)


def _route(
    home: Home, homes: dict[str, ShardHome], paths: Sequence[str | Path], settings: AddSettings
) -> FileRoutes:
    layout = read_layout(home)
    assert layout is not None  # there are homes
    libraries = {name: Library(shard) for name, shard in homes.items()}
    try:
        suffixes = readable_suffixes(settings.render.office)
        return route_files(
            home,
            layout,
            libraries,
            paths,
            suffixes,
            redo=settings.redo,
            is_settled=settings.is_settled,
        )
    finally:
        for library in libraries.values():
            library.close()


@contextlib.contextmanager
def _shared(home: Home, settings: AddSettings) -> Iterator[AddSettings]:
    """Settings with the readers and encoders that all shards share."""
    encoders = settings.encoders or choose_encoders(first_with_indexes(home)).encoders
    shared = replace(
        settings, encoders=encoders, load_encoder=SharedEncoders(settings.load_encoder)
    )
    if settings.readers:
        yield shared
        return
    with contextlib.closing(ReaderPool(settings.workers, settings.limits)) as readers:
        yield replace(shared, readers=readers)


def _in_turn(
    homes: dict[str, ShardHome],
    paths: Sequence[str | Path],
    routes: FileRoutes,
    settings: AddSettings,
) -> list[str]:
    """Shards that have files, and the others where more than files may have changed.

    Those with an index are first: the others take its center.
    """
    named = set(routes.shards.values())
    every = (
        settings.prune
        or not paths
        or settings.encoders is not None
        or settings.labels is not None
        or settings.caption is not None
        or settings.quantization is not None
        or any(Path(path).expanduser().is_dir() for path in paths)
    )
    turn = [name for name in homes if every or name in named]
    return sorted(turn, key=lambda name: (name not in named, name))


def _seed(
    shard: ShardHome,
    homes: dict[str, ShardHome],
    wait: float | None,
    on_wait: Callable[[], None] | None,
) -> None:
    with shard.writing(wait, on_wait, publish=False):
        seed_indexes(shard, list(homes.values()))


def _forget(
    homes: dict[str, ShardHome],
    name: str,
    paths: Sequence[str],
    routes: FileRoutes,
    wait: float | None,
) -> Iterator[Removed]:
    """Let a shard forget files that have changed and whose content is in another now."""
    for home in homes.values():
        home.check()
    added = {shard: set(Library(home).names()) for shard, home in homes.items()}
    gone = [path for path in paths if path in added[routes.shards[path]]]
    if gone:
        with homes[name].writing(wait):
            library = LibraryWriter(homes[name])
            library.forget_names(gone)
            yield from map(Removed, remove_nameless(homes[name], library))
            library.close()


def _sum(one: Done, other: Done) -> Done:
    """Totals of two runs; files that a run left out are counted once for all."""
    added = {f.name: getattr(one, f.name) + getattr(other, f.name) for f in fields(Done)}
    return Done(**{**added, "left_out": one.left_out})
