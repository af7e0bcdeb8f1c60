"""Encoder actor: a process that holds encoders and writes slices to the store."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.cluster.slice_file import pack_slice
from ingest.cluster.slice_task import SliceHead
from ingest.encoders.encoder import (
    Encoder,
    EncoderFacts,
    Encoding,
    ImageEncoder,
    WordEncoder,
)
from ingest.encoders.load import load_encoder
from ingest.encoders.page_batch import batched_pages
from ingest.error import PageglassError
from ingest.page import PageVectors, QueryVectors, Rendered, Vectors
from ingest.replica.object_store import ObjectStore

EncoderSpec = tuple[str, Encoding]
"""An encoder's name and how it runs: what `load_encoder` takes."""


class EncoderActor:
    """Encoders, each loaded when it is first asked for.

    Args:
        store: where slices are written.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._loaded: dict[EncoderSpec, Encoder] = {}

    def describe(self, spec: EncoderSpec) -> EncoderFacts | PageglassError:
        """Load an encoder and tell its facts, or why it cannot be loaded."""
        try:
            encoder = self._encoder(spec)
        except PageglassError as error:
            return error
        return EncoderFacts.of(encoder)

    def encode_slice(
        self,
        head: SliceHead | PageglassError,
        pages: Sequence[Rendered],
        specs: Sequence[EncoderSpec],
        key: str,
    ) -> SliceHead | PageglassError:
        """Encode the pages of a slice and write it under its key; an error is passed on."""
        if isinstance(head, PageglassError):
            return head
        encoders = [self._encoder(spec) for spec in specs]
        encoded = {encoder.name: _encode(encoder, pages) for encoder in encoders}
        self._store.write(key, pack_slice(*head, pages, encoded))
        return head

    def encode_pages(self, spec: EncoderSpec, pages: Sequence[Rendered]) -> list[PageVectors]:
        """Encode pages of no slice: those of a probe, and of an index that is made anew."""
        return self._encoder(spec).encode_pages(pages)

    def encode_queries(self, spec: EncoderSpec, queries: Sequence[str]) -> list[QueryVectors]:
        """Encode queries."""
        return self._encoder(spec).encode_queries(queries)

    def embed(self, spec: EncoderSpec, texts: Sequence[str]) -> Vectors:
        """Embed label texts by an image encoder."""
        encoder = self._encoder(spec)
        assert isinstance(encoder, ImageEncoder)
        return encoder.embed(texts)

    def embed_words(self, spec: EncoderSpec, words: Sequence[str]) -> Vectors:
        """Embed single words by an encoder of words."""
        encoder = self._encoder(spec)
        assert isinstance(encoder, WordEncoder)
        return encoder.embed_words(words)

    def sample_words(self, spec: EncoderSpec, script: str) -> Vectors:
        """Rows of everyday words in a script by an encoder of words."""
        encoder = self._encoder(spec)
        assert isinstance(encoder, WordEncoder)
        return encoder.sample_words(script)

    def _encoder(self, spec: EncoderSpec) -> Encoder:
        if spec not in self._loaded:
            self._loaded[spec] = load_encoder(*spec)
        return self._loaded[spec]


def _encode(encoder: Encoder, pages: Sequence[Rendered]) -> list[PageVectors]:
    batches = batched_pages(pages, encoder.batch_pages)
    return [vectors for batch in batches for vectors in encoder.encode_pages(batch)]
