"""Reranker protocol: the relevance of passages to a question, read together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ingest.page import Vectors


class Reranker(Protocol):
    """Cross-encoder: reads a question and a passage as one text.

    `reads_any_script` is False where questions in other scripts than Latin are
    strange to it.
    """

    name: str
    reads_any_script: bool

    def score(self, query: str, passages: Sequence[str]) -> Vectors:
        """Relevance (n,) of each passage to the question, 0..1."""
        ...
