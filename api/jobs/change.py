"""Change signal: threads tell tasks of event loops that something has changed."""

from __future__ import annotations

import asyncio
import contextlib
import threading


class ChangeSignal:
    """Signal that wakes whoever listens; for any number of threads and event loops."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listening: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def listen(self) -> asyncio.Event:
        """Event that is set at the next change.

        Listen first, then look: a change in between is not missed.
        """
        event = asyncio.Event()
        with self._lock:
            self._listening.append((asyncio.get_running_loop(), event))
        return event

    def forget(self, event: asyncio.Event) -> None:
        """Listen no more."""
        with self._lock:
            self._listening = [pair for pair in self._listening if pair[1] is not event]

    def notify(self) -> None:
        """Wake everyone who listens."""
        with self._lock:
            listening, self._listening = self._listening, []
        for loop, event in listening:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and its tasks with it
                loop.call_soon_threadsafe(event.set)


class StopSignal:
    """Signal that the server stops, once; tasks of event loops await it."""

    def __init__(self) -> None:
        self.stopped = False
        self._changed = ChangeSignal()

    def stop(self) -> None:
        """Wake everyone who waits, now and from now on."""
        self.stopped = True
        self._changed.notify()

    async def wait(self) -> None:
        """Wait until the server stops."""
        event = self._changed.listen()
        try:
            if not self.stopped:
                await event.wait()
        finally:
            self._changed.forget(event)
