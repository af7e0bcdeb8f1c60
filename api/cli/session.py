"""What every command is handed: the settings, the terminal, and the way to the home."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from api.cli.exits import InvalidUsage
from api.cli.terminal import Terminal
from api.settings import Settings

if TYPE_CHECKING:
    from generation.models.model import VisionModel
    from ingest.library.home import Home
    from retrieval.search import Searcher
    from retrieval.snapshot import Opener

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="The data folder.", show_default=False)
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Write JSON lines on stdout, and nothing else there.")
]
DocumentOption = Annotated[
    list[str] | None,
    typer.Option(
        "--document",
        "-d",
        help="Only in this document: its id, head of id, path or file name. May be repeated.",
        show_default=False,
    ),
]


@dataclass(slots=True)
class Session:
    """One run of the program. `home` is what came before the command's name on the line."""

    settings: Settings
    home: Path | None = None
    terminal: Terminal = field(default_factory=Terminal)

    def open_home(self, home: Path | None) -> Home:
        """The home by option, else by environment, else the user's data directory.

        Raises:
            HomeUnusable: it cannot be made.
        """
        from ingest.replica.connect import connect_home

        settings = self.settings
        root = home or self.home or settings.home
        return connect_home(root, settings.chroma_server(), settings.published())

    def open_searcher(self, home: Path | None, *, once: bool = True) -> Searcher:
        """A searcher of the home, for one question if `once`; to be closed.

        Raises:
            HomeUnusable, LibraryNotFound, DeviceUnavailable
        """
        return make_searcher(self.open_home(home), self.settings, once=once)


def make_searcher(
    home: Home, settings: Settings, opener: Opener | None = None, *, once: bool = False
) -> Searcher:
    """A searcher as the settings say, of the multi-vectors that `opener` gives if it is there.

    Args:
        once: for one question; then a GPU scores only if it is asked for by name,
            as the CPU is done before torch is loaded.

    Raises:
        LibraryNotFound: nothing has been ingested yet.
        DeviceUnavailable: pages are to be scored where there is no such device.
    """
    from ingest.index.index import Index
    from retrieval.gpu.device import open_vector_cache
    from retrieval.search import Searcher

    wanted = "cpu" if once and settings.score_device == "auto" else settings.score_device
    return Searcher(
        home,
        exhaustive_pages=settings.exhaustive_pages,
        encoding=settings.encoding(),
        opener=opener or Index.vectors,
        scorer=open_vector_cache(wanted, settings.device_cache_mb),
    )


def make_model(settings: Settings, spec: str | None = None) -> VisionModel:
    """The model that `spec` names, else the settings, reached as they say.

    Raises:
        UnknownModel: there is none of that name.
        ApiKeyMissing: its provider wants a key, and there is none.
        WeightsMissing, WeightsChanged, InvalidCheckpoint, DeviceUnavailable, OutOfDeviceMemory: what it
            needs is not as it should be.
    """
    from generation.models.load import load_model

    spec = spec or settings.model
    return load_model(spec, settings.access(spec))


def read_settings() -> Settings:
    """The settings from the environment.

    Raises:
        InvalidUsage: a variable's value cannot be; the value itself is not repeated.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "PAGEGLASS_" + "_".join(str(part) for part in first["loc"]).upper()
        raise InvalidUsage(f"{name}: {first['msg']}.", hint="Set it right, or unset it.") from None


def session(ctx: typer.Context, *, json: bool = False) -> Session:
    """The session of a command; from here on it speaks JSON if asked to."""
    found = ctx.find_object(Session)
    assert found is not None
    found.terminal.json = json
    return found
