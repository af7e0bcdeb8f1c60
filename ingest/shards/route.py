"""Routes: which shard each file goes to.

A file whose document is in a shard goes there; a new one by the hash of its content.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.file_state import FileStamp, document_id, hash_file, stamp_of
from ingest.files.find import find_files
from ingest.files.formats.kinds import is_subtitles
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.run.scan import is_ours
from ingest.shards.shard_layout import ShardLayout


@dataclass(frozen=True, slots=True)
class FileRoutes:
    """Shards by the path of a file; `left_out` are of kinds that are not read.

    `known` are the shards that know a path so far, by its name or as one that failed;
    `to_read` is how many files are new or changed; `unsettled` are being written, and go nowhere yet.
    """

    shards: dict[str, str] = field(default_factory=dict)
    known: dict[str, set[str]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    to_read: int = 0
    unsettled: frozenset[str] = frozenset()

    def goes_to(self, name: str, path: str) -> bool:
        """Whether this shard looks at a file; at one that is being written all do."""
        return path in self.unsettled or self.shards.get(path) == name

    def is_settled(self, path: Path) -> bool:
        """Whether a file was whole when it was routed."""
        return str(path) not in self.unsettled

    def strays(self) -> dict[str, list[str]]:
        """Paths by the shard that knows them, of files that go to another."""
        found: dict[str, list[str]] = defaultdict(list)
        for path, names in self.known.items():
            for name in names - {self.shards[path]}:
                found[name].append(path)
        return found


def route_files(
    home: Home,
    layout: ShardLayout,
    libraries: Mapping[str, Library],
    paths: Sequence[str | Path],
    suffixes: Collection[str],
    *,
    redo: bool = False,
    is_settled: Callable[[Path], bool] | None = None,
) -> FileRoutes:
    """Find the shard of each file below the given paths.

    Args:
        libraries: those of all shards, by name.
        suffixes: of the files of folders that are read.
        redo: files that have not changed are read too.
        is_settled: tells files that would be read from those that are being written.
    """
    others: list[Path] = []
    places = _Places(layout, libraries)
    shards, known, to_read, unsettled = {}, {}, 0, set[str]()
    for path in find_files(paths, others.append, suffixes):
        if is_ours(home, path):
            continue
        named = str(path)
        unchanged = places.unchanged(path)
        if is_settled and not unchanged and not is_settled(path):
            unsettled.add(named)
            continue
        shards[named] = unchanged or places.choose(path)
        known[named] = places.shards_of(named)
        to_read += not unchanged or redo
    left_out = dict.fromkeys(
        str(path) for path in others if not (is_ours(home, path) or is_subtitles(path))
    )
    return FileRoutes(shards, known, tuple(left_out), to_read, frozenset(unsettled))


class _Places:
    """What the shards know of files and documents."""

    def __init__(self, layout: ShardLayout, libraries: Mapping[str, Library]) -> None:
        self._layout = layout
        self.names: dict[str, tuple[str, FileStamp]] = {}
        self._failed: dict[str, tuple[str, FileStamp]] = {}
        self._holders: dict[str, str] = {}
        for name, library in libraries.items():
            self.names |= {path: (name, stamp) for path, (_, stamp) in library.names().items()}
            self._failed |= {one.path: (name, one.seen) for one in library.failures()}
            self._holders |= dict.fromkeys(library.document_ids(), name)

    def unchanged(self, path: Path) -> str:
        """Shard that knows a file as it is now; empty where it is new or has changed."""
        stamp = stamp_of(path)
        for known in (self.names, self._failed):
            name, seen = known.get(str(path), ("", None))
            if name and seen == stamp:
                return name
        return ""

    def shards_of(self, path: str) -> set[str]:
        """Shards that know a path, whatever is there now."""
        return {known[path][0] for known in (self.names, self._failed) if path in known}

    def choose(self, path: Path) -> str:
        """Shard of a file that is new or has changed, by its content."""
        try:
            id_ = document_id(hash_file(path))
        except OSError:  # the run will say why
            return self._layout.shard_of(str(path))
        return self._holders.setdefault(id_, self._layout.shard_of(id_))
