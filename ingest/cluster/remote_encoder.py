"""Remote encoder: an encoder that the actors of a cluster hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ingest.cluster.encoder_actor import EncoderSpec
from ingest.encoders.encoder import DescribedEncoder, EncoderFacts
from ingest.page import PageVectors, QueryVectors, Rendered, Vectors

Call = Callable[..., Any]
"""Calls a method of an actor, by its name, and waits for the result."""


class RemoteEncoder(DescribedEncoder):
    """Encoder whose pages come with their vectors, or are sent to an actor."""

    def __init__(self, spec: EncoderSpec, facts: EncoderFacts, call: Call) -> None:
        super().__init__(facts)
        self._spec = spec
        self._call = call

    def preparer(self) -> None:
        """None: the cluster's workers prepare pages."""

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """Take the vectors that pages of slices have; others are encoded by an actor."""
        known = [page.prepared.get(self.name) for page in pages]
        waiting = [page for page, seen in zip(pages, known, strict=True) if seen is None]
        if not waiting:
            return [seen for seen in known if seen is not None]
        encoded = iter(self._call("encode_pages", self._spec, waiting))
        return [next(encoded) if seen is None else seen for seen in known]

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """Encode queries."""
        encoded: list[QueryVectors] = self._call("encode_queries", self._spec, list(queries))
        return encoded


class RemoteImageEncoder(RemoteEncoder):
    """Image encoder of the same kind."""

    def __init__(self, spec: EncoderSpec, facts: EncoderFacts, call: Call) -> None:
        super().__init__(spec, facts, call)
        self.logit_scale = facts.logit_scale
        self.templates = facts.templates

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts."""
        rows: Vectors = self._call("embed", self._spec, list(texts))
        return rows


class RemoteWordEncoder(RemoteEncoder):
    """Encoder of words of the same kind."""

    def embed_words(self, words: Sequence[str]) -> Vectors:
        """Embed single words."""
        rows: Vectors = self._call("embed_words", self._spec, list(words))
        return rows

    def sample_words(self, script: str) -> Vectors:
        """Rows of everyday words in a script."""
        rows: Vectors = self._call("sample_words", self._spec, script)
        return rows
