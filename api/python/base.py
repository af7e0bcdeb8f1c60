"""Base of the client: its settings, its engine and its models."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self, Unpack

from api.engine import Engine
from api.factory import make_model, open_home
from api.python.arguments import check_keywords
from api.python.keywords import SettingsKeywords
from api.settings import Settings, read_settings

if TYPE_CHECKING:
    from generation.models.model import VisionModel


class ClientBase:
    """Data folder, settings and open resources of a client."""

    def __init__(
        self, home: str | os.PathLike[str] | None = None, **settings: Unpack[SettingsKeywords]
    ) -> None:
        check_keywords(settings, SettingsKeywords)
        where = {} if home is None else {"home": Path(home)}
        self.settings: Settings = read_settings(**where, **settings)
        self._engine = Engine(open_home(self.settings), self.settings)
        self._models: dict[str, VisionModel] = {}
        self._models_lock = threading.Lock()

    @property
    def home(self) -> Path:
        """The data folder."""
        return self._engine.home.root

    def close(self) -> None:
        """Close the index and drop loaded models; a later call opens them anew."""
        self._engine.close()
        self._models.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"pageglass.open({str(self.home)!r})"

    def _model(self, spec: str | None) -> VisionModel:
        """Model by name, loaded once; None takes the setting."""
        name = spec or self.settings.model
        with self._models_lock:
            if name not in self._models:
                self._models[name] = make_model(self.settings, name)
            return self._models[name]
