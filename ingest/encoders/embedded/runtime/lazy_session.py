"""Lazy session: opened at its first run, once for all threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy.typing as npt

from ingest.encoders.embedded.runtime.session import Session


class LazySession:
    """A `Session` that is opened when it is needed; one that waits takes no memory."""

    def __init__(self, open_session: Callable[[], Session]) -> None:
        self._open = open_session
        self._session: Session | None = None
        self._lock = threading.Lock()

    def open(self) -> Session:
        """The session; other threads wait until it is open."""
        with self._lock:
            if self._session is None:
                self._session = self._open()
            return self._session

    def run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """See `Session`."""
        return (self._session or self.open()).run(inputs)
