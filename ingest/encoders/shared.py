"""Shared encoders: each loaded once, used by several ingests one batch at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ingest.encoders.encoder import (
    DescribedEncoder,
    Encoder,
    EncoderFacts,
    Encoding,
    ImageEncoder,
    Preparer,
    WordEncoder,
)
from ingest.encoders.load import load_for_ingest
from ingest.page import PageVectors, QueryVectors, Rendered, Vectors


class SharedEncoder(DescribedEncoder):
    """Encoder that several threads may use: one call at a time."""

    def __init__(self, encoder: Encoder, lock: threading.Lock) -> None:
        super().__init__(EncoderFacts.of(encoder))
        self._encoder = encoder
        self._lock = lock

    def preparer(self) -> Preparer | None:
        """Preprocessing that workers do."""
        return self._encoder.preparer()

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """Encode pages."""
        with self._lock:
            return self._encoder.encode_pages(pages)

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """Encode queries."""
        with self._lock:
            return self._encoder.encode_queries(queries)


class SharedImageEncoder(SharedEncoder):
    """Encoder of images that several threads may use: one call at a time."""

    def __init__(self, encoder: ImageEncoder, lock: threading.Lock) -> None:
        super().__init__(encoder, lock)
        self.logit_scale = encoder.logit_scale
        self.templates = encoder.templates
        self._image_encoder = encoder

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts."""
        with self._lock:
            return self._image_encoder.embed(texts)


class SharedWordEncoder(SharedEncoder):
    """Encoder of words that several threads may use: one call at a time."""

    def __init__(self, encoder: WordEncoder, lock: threading.Lock) -> None:
        super().__init__(encoder, lock)
        self._word_encoder = encoder

    def embed_words(self, words: Sequence[str]) -> Vectors:
        """Embed single words."""
        with self._lock:
            return self._word_encoder.embed_words(words)

    def sample_words(self, script: str) -> Vectors:
        """Rows of everyday words in a script."""
        return self._word_encoder.sample_words(script)


class SharedEncoders:
    """Loader that keeps what it loads; for `AddSettings.load_encoder`.

    Args:
        load: loads an encoder by its name.
    """

    def __init__(self, load: Callable[[str, Encoding], Encoder] = load_for_ingest) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._loaded: dict[tuple[str, Encoding], SharedEncoder] = {}

    def __call__(self, spec: str, encoding: Encoding) -> Encoder:
        """Encoder of this name. Raises what `ingest.encoders.load.load_encoder` raises."""
        with self._lock:  # two that want the same wait for one loading
            if (spec, encoding) not in self._loaded:
                self._loaded[spec, encoding] = _share(self._load(spec, encoding))
            return self._loaded[spec, encoding]


def _share(encoder: Encoder) -> SharedEncoder:
    if isinstance(encoder, ImageEncoder):
        return SharedImageEncoder(encoder, threading.Lock())
    if isinstance(encoder, WordEncoder):
        return SharedWordEncoder(encoder, threading.Lock())
    return SharedEncoder(encoder, threading.Lock())
