"""The plug that every encoder fits, and the place where one is chosen by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ingest.fault import Fault
from ingest.page import PageVectors, QueryVectors, Rendered


class NoEncoder(Fault):
    """No encoder has this name."""


class Encoder(Protocol):
    """Turns pages and questions into rows of length one in the same space (n, dim)."""

    name: str
    """As `load_encoder` takes it."""
    model: str
    """Which weights: a model id and the head of their hash."""
    dim: int
    reads: str
    """What of a page it sees: "words" or "pictures"."""

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """One `PageVectors` a page, in order; no rows where the page has nothing for this encoder."""
        ...

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """One `QueryVectors` a question, in order."""
        ...


def load_encoder(spec: str, threads: int = 0) -> Encoder:
    """Load an encoder by name; `threads` 0 lets it use every core.

    Raises:
        NoEncoder: no encoder has this name.
        WeightsMissing, WeightsChanged: its weights are not as they should be.
    """
    match spec:
        case "minilm":
            from ingest.encoders.minilm import load_minilm

            return load_minilm(threads)
        case "conse":
            from ingest.encoders.conse import Conse

            return Conse(threads)
    raise NoEncoder(f"There is no encoder {spec!r}.", remedy="Take minilm or conse.")
