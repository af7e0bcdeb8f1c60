"""Session of a command: settings, terminal and home."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from api.cli.terminal import Terminal
from api.log import silence_models

if TYPE_CHECKING:
    from api.settings import Settings
    from ingest.library.home import Home
    from ingest.readers.reader_pool import ReaderPool
    from retrieval.search import Searcher


@dataclass(slots=True)
class Session:
    """One run of the program; `home` is the --home before the command's name."""

    settings: Settings
    home: Path | None = None
    terminal: Terminal = field(default_factory=Terminal)

    def open_home(self, home: Path | None, *, create: bool = False) -> Home:
        """Home by option, else by environment, else in the user's data directory.

        Args:
            create: create the folder where it is missing, for a command that writes.

        Raises:
            HomeUnusable: the folder cannot be created or used.
        """
        from api.factory import open_home

        return open_home(self.settings, home or self.home, create=create)

    @contextmanager
    def readers(self) -> Iterator[ReaderPool]:
        """Worker that opens the files which a command names; it starts with the first."""
        from ingest.readers.reader_pool import ReaderPool

        with closing(ReaderPool(1, self.settings.read_limits())) as pool:
            yield pool

    def open_searcher(self, home: Path | None, *, once: bool = True) -> Searcher:
        """Searcher of the home, for one query if `once`; close it after use.

        Raises:
            HomeUnusable, LibraryNotFound, DeviceUnavailable
        """
        from api.factory import make_searcher

        return make_searcher(self.open_home(home), self.settings, once=once)


def session(ctx: typer.Context, *, json: bool = False, quiet: bool = False) -> Session:
    """Session of a command; `json` and `quiet` say what it writes."""
    found = ctx.find_object(Session)
    assert found is not None
    if quiet:
        silence_models()
    found.terminal.json = json
    return found
