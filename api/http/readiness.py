"""Readiness: whether a server can answer, part by part."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from api.engine import Engine
from ingest.error import PageglassError
from ingest.index.server import disconnect
from ingest.library.database import LibraryNotFound
from ingest.replica.head import read_head

log = logging.getLogger(__name__)

KEEP = 1.0
"""Seconds for which an answer is given again."""


class Readiness:
    """Checks of the library, models, Chroma and store.

    One request checks; others get the last answer meanwhile, so that a part which
    hangs holds no more than one thread.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._checked = float("-inf")
        self._last: dict[str, str] = {"server": "starting"}

    def check(self) -> dict[str, str]:
        """Say "ok", or the code of the error, of each part."""
        if self._engine.warming:
            return {"models": "loading"}
        if time.monotonic() - self._checked < KEEP or not self._lock.acquire(blocking=False):
            return self._last
        try:
            self._last = {name: self._told(name, part) for name, part in self._parts().items()}
            self._checked = time.monotonic()
        finally:
            self._lock.release()
        return self._last

    def _parts(self) -> dict[str, Callable[[], object]]:
        engine = self._engine
        parts: dict[str, Callable[[], object]] = {
            "library": lambda: engine.library().generation,
            "model": engine.model,
        }
        if server := engine.home.server:
            parts["chroma"] = lambda: disconnect(server.connect())
        if store := engine.settings.published():
            parts["store"] = lambda: read_head(store)
        return parts

    def _told(self, name: str, part: Callable[[], object]) -> str:
        try:
            part()
        except LibraryNotFound:
            return "ok"  # nothing was ingested yet; uploads are taken
        except PageglassError as error:
            log.warning("not ready: %s (%s)", name, type(error).code)
            return type(error).code
        except Exception:
            log.exception("not ready: %s", name)
            return "error"
        return "ok"
