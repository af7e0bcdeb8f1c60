"""Growth of a library by shards: one more where one is full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

from ingest.event import Done, Event
from ingest.library.home import Home
from ingest.shards.reshard import reshard
from ingest.shards.row_copier import RowCopier
from ingest.shards.shard_layout import (
    MAX_SHARDS,
    read_layout,
    shard_homes,
    shard_name,
    shard_weight,
)
from ingest.shards.sharded_library import open_library


def grow_shards(
    home: Home, most_pages: int, *, on_wait: Callable[[], None] | None = None
) -> Iterator[Event]:
    """Add as many shards as are needed for none to have more pages than `most_pages`.

    Nothing happens where none has. A library that is not in shards becomes the first of them.

    Raises:
        What `ingest.shards.reshard.reshard` raises.
    """
    home.check_writable()
    layout = read_layout(home)
    if not (layout or home.database.exists()):
        return
    with closing(open_library(home)) as library:
        if max(each.page_count() for each in library.shards().values()) <= most_pages:
            return
    count = count_shards(_read_families(home), most_pages, len(layout.names) if layout else 1)
    if not (layout is None and count == 1):
        yield from reshard(home, count, on_wait=on_wait)


def grow_after(
    events: Iterator[Event],
    home: Home,
    most_pages: int,
    *,
    on_wait: Callable[[], None] | None = None,
) -> Iterator[Event]:
    """Events of an ingest, with those of the growth that it needs before its totals.

    Raises:
        What `events` and `grow_shards` raise.
    """
    totals: list[Done] = []
    for event in events:
        if isinstance(event, Done):
            totals.append(event)  # the ingest still holds its lock
        else:
            yield event
    yield from grow_shards(home, most_pages, on_wait=on_wait)
    yield from totals


def count_shards(pages: Mapping[str, int], most_pages: int, least: int = 1) -> int:
    """The smallest number of shards of which none has more than `most_pages` pages.

    Args:
        pages: of each document with what is attached to it, by its id. One that alone has
            more than a shard may have is left out of account.
        least: number of shards at least.

    >>> count_shards({"a": 2, "b": 2, "c": 2}, 4)
    2
    """
    best = dict.fromkeys(pages, (b"", 0))
    for number in range(MAX_SHARDS):
        for document_id, before in best.items():
            weight = shard_weight(document_id, shard_name(number))
            best[document_id] = max(before, (weight, number))
        if number + 1 < least:
            continue
        size: Counter[int] = Counter()
        for document_id, (_, place) in best.items():
            size[place] += min(pages[document_id], most_pages)
        if not size or max(size.values()) <= most_pages:
            return number + 1
    return MAX_SHARDS


def _read_families(home: Home) -> dict[str, int]:
    """Pages by document, with those of what is attached to it."""
    found: dict[str, int] = {}
    homes: list[Home] = [*shard_homes(home).values()] or [home]
    for each in homes:
        with closing(RowCopier(each)) as library:
            pages = {document.id: document.page_count for document in library.documents()}
            found |= {ids[0]: sum(pages[id_] for id_ in ids) for ids in library.families()}
    return found
