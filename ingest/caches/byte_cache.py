"""Byte-bounded cache: values by key, the least recently used dropped first."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ByteCache(Generic[Value]):
    """Values by key, of so many bytes in all; threads may share it.

    Args:
        most: bytes of all values together. One that alone is larger is not kept.

    >>> cache = ByteCache[str](most=10)
    >>> cache.put("a", "one", 6), cache.put("b", "two", 6)
    ('one', 'two')
    >>> cache.get("a"), cache.get("b")
    (None, 'two')
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.used = 0
        """Bytes of the values that are held."""
        self._held: dict[Hashable, tuple[Value, int]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        """The value of a key; None where it is not held."""
        with self._lock:
            if (held := self._held.pop(key, None)) is None:
                return None
            self._held[key] = held  # the most recently used is last
            return held[0]

    def put(self, key: Hashable, value: Value, size: int) -> Value:
        """Hold a value of so many bytes, and return it."""
        with self._lock:
            if (old := self._held.pop(key, None)) is not None:
                self.used -= old[1]
            if size <= self.most:
                self._held[key] = value, size
                self.used += size
            while self.used > self.most:
                _, dropped = self._held.pop(next(iter(self._held)))
                self.used -= dropped
        return value
