"""Progress of files that are sent to a model."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Self

from api.cli.progress.bytes_progress import BytesBar, NoBytes, bytes_progress


class UploadProgress:
    """Bar for each file that is sent, on a terminal."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._stack = ExitStack()
        self._bar: NoBytes | BytesBar | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def __call__(self, name: str, sent: int, total: int) -> None:
        """Take how much of a file was sent."""
        if self._bar is None:
            self._bar = self._stack.enter_context(bytes_progress(f"sending {name}", self._quiet))
        self._bar.report(sent, total)
        if sent >= total:
            self._close()

    def _close(self) -> None:
        self._stack.close()
        self._bar = None
