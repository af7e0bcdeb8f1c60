"""What the endpoints share: one searcher and one model, each made when first needed, and the home.

A server may start before anything was ingested; it then says so, and works
from the first document on.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from api.cli.session import make_model, make_searcher
from api.settings import Settings
from ingest.add import AddSettings
from ingest.choose import choose_encoders
from ingest.files.render import RenderSettings
from ingest.index.quantization import parse_quantization
from ingest.library.home import Home
from ingest.library.library import Library

if TYPE_CHECKING:
    from generation.models.model import VisionModel
    from retrieval.search import Searcher


class Engine:
    """Shared by the server's threads."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self.home = home
        self.settings = settings
        self._lock = threading.Lock()
        self._searcher: Searcher | None = None
        self._model: VisionModel | None = None

    def searcher(self) -> Searcher:
        """The one searcher.

        Raises:
            LibraryNotFound: nothing has been ingested yet.
            DeviceUnavailable: pages are to be scored where there is no such device.
        """
        with self._lock:
            if self._searcher is None:
                self._searcher = make_searcher(self.home, self.settings)
            return self._searcher

    def library(self) -> Library:
        """The library that the searcher reads.

        Raises:
            LibraryNotFound: nothing has been ingested yet.
        """
        return self.searcher().library

    def model(self) -> VisionModel:
        """The one model.

        Raises:
            UnknownModel: there is none of that name.
            ApiKeyMissing: its provider wants a key, and there is none.
            WeightsMissing, WeightsChanged, InvalidCheckpoint, DeviceUnavailable, OutOfDeviceMemory: what
                it needs is not as it should be.
        """
        with self._lock:
            if self._model is None:
                self._model = make_model(self.settings)
            return self._model

    def add_settings(self, password: str | None) -> AddSettings:
        """How uploads are read."""
        settings = self.settings
        return AddSettings(
            render=RenderSettings(settings.dpi, settings.ocr, password),
            encoders=choose_encoders(self.home, settings.encoder, settings.images).encoders,
            workers=settings.workers,
            encoding=settings.encoding(),
            quantization=parse_quantization(settings.quantization)
            if settings.quantization
            else None,
        )

    def close(self) -> None:
        """Let go of the index."""
        with self._lock:
            if self._searcher is not None:
                self._searcher.close()
                self._searcher = None
