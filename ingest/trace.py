"""Trace hook: marks steps of the work for whoever wants to time them.

Nothing is done until `set_tracer` gives a tracer; this layer knows of no tracing library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Tracer = Callable[[str], AbstractContextManager[object]]
"""Makes a context of a step's name. It gets no words of questions or pages."""

_tracer: Tracer | None = None


def set_tracer(tracer: Tracer | None) -> None:
    """Set what is told of each step from now on, None for nobody."""
    global _tracer
    _tracer = tracer


@contextmanager
def span(name: str) -> Iterator[None]:
    """Context of one step, such as "search" or "encode"."""
    if _tracer is None:
        yield
        return
    with _tracer(name):
        yield
