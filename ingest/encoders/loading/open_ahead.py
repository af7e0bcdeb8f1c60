"""Opening ahead: networks that a query needs are opened side by side."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from typing import Protocol, runtime_checkable


@runtime_checkable
class OpensAhead(Protocol):
    """Model whose networks are opened at their first run, or before."""

    def open_ahead(self) -> None:
        """Open what a query needs; threads may call it at once."""
        ...


def open_ahead(models: Iterable[object]) -> None:
    """Begin to open the networks of models, a thread each; who runs one waits for it."""
    for model in models:
        if isinstance(model, OpensAhead):
            threading.Thread(target=_open, args=(model,), name="open-ahead").start()


def _open(model: OpensAhead) -> None:
    with contextlib.suppress(Exception):  # raised again where the network is run
        model.open_ahead()
