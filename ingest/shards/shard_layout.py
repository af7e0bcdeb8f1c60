"""Shard layout: which shards there are, and where a document belongs.

    HOME/shards.json        the shards that take documents, and those that give theirs away
    HOME/shards/NAME/       a shard: a home with a library, indexes and page images

A document belongs to the shard with the highest hash of both names (rendezvous hashing,
Thaler and Ravishankar 1998): where one shard is added to n, one document of n + 1 moves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.disk.atomic import write_atomically
from ingest.error import ConflictError, InvalidInputError, StorageError
from ingest.library.home import Home, HomeBusy, Publisher, WriterLock
from ingest.library.keys import Replica, shard_prefix

FORMAT = 1
MAX_SHARDS = 1_000


class InvalidShards(InvalidInputError):
    """A number of shards that cannot be had."""

    code = "invalid-shards"


class ShardsUnreadable(StorageError):
    """What lists the shards of a home cannot be read, or a newer version wrote it."""

    code = "shards-unreadable"


class ShardsChanged(ConflictError):
    """A shard was given up by another command meanwhile."""

    code = "shards-changed"


class ShardMissing(StorageError):
    """A shard that is to be written has no library."""

    code = "shard-missing"


@dataclass(frozen=True, slots=True)
class ShardLayout:
    """Shards of a home by name; `leaving` give their documents to the others."""

    names: tuple[str, ...]
    leaving: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> ShardLayout:
        """Layout from its stored form. Raises ValueError, KeyError, TypeError."""
        if values["format"] != FORMAT:
            raise ValueError(f"format {values['format']}")
        return cls(tuple(values["shards"]), tuple(values["leaving"]))

    @property
    def values(self) -> dict[str, Any]:
        """Stored form, for JSON."""
        return {"format": FORMAT, "shards": list(self.names), "leaving": list(self.leaving)}

    @property
    def every(self) -> tuple[str, ...]:
        """All shards that may hold documents."""
        return (*self.names, *self.leaving)

    def shard_of(self, document_id: str) -> str:
        """Name of the shard that a document belongs to.

        >>> ShardLayout(("000", "001")).shard_of("3f786850e387550fdab8")
        '001'
        """
        return max(self.names, key=lambda name: shard_weight(document_id, name))

    def resized(self, count: int) -> ShardLayout:
        """Layout with so many shards: the first stay, the others leave."""
        wanted = tuple(map(shard_name, range(check_count(count))))
        return ShardLayout(wanted, tuple(name for name in self.every if name not in wanted))


def parse_count(wanted: int | str) -> int:
    """Number of shards, 0 for "auto". Raises InvalidShards."""
    if wanted == "auto":
        return 0
    try:
        return check_count(int(wanted))
    except ValueError:
        raise InvalidShards(
            f"A library cannot have {wanted!r} shards.", hint=f"Take 1 to {MAX_SHARDS}, or auto."
        ) from None


def check_count(count: int) -> int:
    """Number of shards, if it can be had. Raises InvalidShards."""
    if not 1 <= count <= MAX_SHARDS:
        raise InvalidShards(
            f"A library cannot have {count} shards.", hint=f"Take 1 to {MAX_SHARDS}."
        )
    return count


def read_layout(home: Home) -> ShardLayout | None:
    """Layout of a home in shards; None for any other home. A mirror takes the newest.

    Raises:
        ShardsUnreadable
        ObjectStoreError: the store of a mirror cannot be asked.
    """
    if replica := home.replica:
        replica.refresh()
    try:
        return ShardLayout.of(json.loads(home.shards_file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ShardsUnreadable(
            f"{home.shards_file} cannot be read: {error}.",
            hint="Restore it from a backup, or use the version of pageglass that wrote it.",
        ) from error


def write_layout(home: Home, layout: ShardLayout) -> None:
    """Write a layout, after the libraries of its new shards have been made."""
    from ingest.library.writer import LibraryWriter

    before = read_layout(home)
    known = before.every if before else ()
    for name in layout.names:
        folder = shard_folder(home, name)
        if name not in known and not (folder / "library.sqlite3").exists():
            LibraryWriter(Home(folder, home.server, uploads=home.uploads)).close()
    write_atomically(home.shards_file, json.dumps(layout.values, indent=2).encode())


@dataclass(frozen=True, slots=True)
class _ShardPublisher:
    """Publisher of a shard: that of the whole home, told which lock is held."""

    whole: Home
    publisher: Publisher
    name: str

    def check(self, _: Home) -> None:
        """Raise where the home may not be published."""
        self.publisher.check(self.whole)

    def publish(self, _: Home, shard: str = "", *, held: bool = True) -> None:
        """Publish the shard, but not while documents move, or others must be waited for."""
        with suppress(HomeBusy), self.whole.writing(0, publish=False):
            self.publisher.publish(self.whole, shard or self.name, held=held)


class ShardHome(Home):
    """Home of a shard, which is written only while it is listed and has its library.

    Uploads lie in the home that it is part of, which is published as a whole.
    """

    def __init__(self, whole: Home, name: str) -> None:
        super().__init__(
            shard_folder(whole, name),
            whole.server,
            publisher=whole.publisher and _ShardPublisher(whole, whole.publisher, name),
            create=False,
            uploads=whole.uploads,
        )
        self.name = name
        self._whole = whole

    @property
    def replica(self) -> Replica | None:
        """In a mirror, the copy of the shard."""
        replica = self._whole.replica
        return replica.shard(self.name) if replica else None

    @contextmanager
    def writing(
        self,
        timeout: float | None = None,
        on_wait: Callable[[], None] | None = None,
        *,
        publish: bool = True,
    ) -> Iterator[WriterLock]:
        """Hold the writer's lock, as of any home; publish once it is released.

        Raises:
            ShardsChanged: the shard has been given up meanwhile.
            ShardMissing: it is listed, and has no library.
            What `Home.writing` raises.
        """
        self.check_writable()
        self.check()
        if self.publisher and publish:
            self.publisher.check(self)
        with super().writing(timeout, on_wait, publish=False) as lock:
            self.check()
            yield lock
        if self._whole.publisher and publish:
            with self._whole.writing(timeout, on_wait, publish=False):
                self._whole.publisher.publish(self._whole, self.name)

    def check(self) -> None:
        """Check that the shard is listed and there. Raises ShardsChanged, ShardMissing."""
        layout = read_layout(self._whole)
        if layout is None or self.name not in layout.every:
            raise ShardsChanged(
                f"Shard {self.name} has been given up meanwhile.",
                hint="What was added before stays. Run the same again.",
            )
        if not self.database.exists():
            raise ShardMissing(
                f"Shard {self.name} is missing: there is no library in {self.root}.",
                hint="Make its folder available, or restore it from a backup.",
            )


def shard_folder(home: Home, name: str) -> Path:
    """Folder of a shard, in a mirror that of its copy."""
    return home.shards_file.parent / shard_prefix(name)


def shard_homes(home: Home) -> dict[str, ShardHome]:
    """Homes of the shards by name; none of a home that is not in shards.

    Raises:
        ShardsUnreadable
    """
    layout = read_layout(home)
    return {name: ShardHome(home, name) for name in layout.every} if layout else {}


def moves_mark(home: Home) -> Path:
    """File that says that documents have moved since all shards were published."""
    return home.root / "shards.moved"


def first_with_indexes(home: Home) -> Home:
    """The first shard that has an index, else the home itself."""
    return next(
        (shard for shard in shard_homes(home).values() if any(shard.index.glob("*/manifest.json"))),
        home,
    )


def shard_name(number: int) -> str:
    """Name of a shard by its number.

    >>> shard_name(7)
    '007'
    """
    return f"{number:03}"


def shard_weight(document_id: str, name: str) -> bytes:
    """Weight of a shard for a document, which belongs to the one of the highest."""
    return hashlib.sha256(f"{document_id}/{name}".encode()).digest()
