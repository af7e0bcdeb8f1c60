"""Hints in the words of Python, as notes on errors that leave the client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from api.hints import hint_for
from ingest.error import PageglassError


@contextmanager
def python_hints() -> Iterator[None]:
    """Add to an error, as a note under its traceback, what to call in Python.

    Also a decorator.
    """
    try:
        yield
    except PageglassError as error:
        words = hint_for(error, "python").removeprefix(error.hint).strip()
        if words and words not in getattr(error, "__notes__", ()):
            error.add_note(words)
        raise
