"""Progress in bytes, of backups and restorations."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from api.cli.progress.progress import BarProgress, is_bar_shown


class NoBytes:
    """Progress that shows nothing."""

    def report(self, done: int, total: int) -> None:
        """Take the bytes done, and all of them."""


class BytesBar(BarProgress[int]):
    """Progress bar in megabytes."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._text = text

    def report(self, done: int, total: int) -> None:
        """Take the bytes done, and all of them."""
        self.update(done, total, self._text, f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB")


def bytes_progress(text: str, quiet: bool) -> AbstractContextManager[NoBytes | BytesBar]:
    """Bar on a terminal; nothing elsewhere, or if `quiet`."""
    return BytesBar(text) if is_bar_shown() and not quiet else nullcontext(NoBytes())
