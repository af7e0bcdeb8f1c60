from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from ingest.encoders.embedded.conse import ConseEncoder
from ingest.encoders.embedded.minilm import load_minilm
from ingest.encoders.encoder import Encoder, Encoding, ImageEncoder, UnknownEncoder
from ingest.encoders.shared import SharedEncoders
from ingest.page import QueryVectors


class Slow:
    """MiniLM that notes how many threads are in it at once."""

    def __init__(self) -> None:
        self._encoder = load_minilm(0)
        self._inside = threading.Lock()
        self.crowded = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._encoder, name)

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        if not self._inside.acquire(blocking=False):
            self.crowded = True
            return []
        time.sleep(0.01)
        self._inside.release()
        return self._encoder.encode_queries(queries)


def test_an_encoder_is_loaded_once_and_used_by_one_at_a_time() -> None:
    slow, loaded = Slow(), []

    def load(spec: str, encoding: Encoding) -> Encoder:
        time.sleep(0.05)
        loaded.append((spec, encoding))
        return slow  # type: ignore[return-value]

    encoders = SharedEncoders(load)
    found: list[Encoder] = []

    def use() -> None:
        encoder = encoders("minilm", Encoding())
        found.append(encoder)
        encoder.encode_queries(["a lamp"])

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loaded == [("minilm", Encoding())]
    assert len(set(map(id, found))) == 1
    assert not slow.crowded
    assert encoders("minilm", Encoding(threads=1)) is not found[0]


def test_it_is_what_it_shares() -> None:
    encoders = SharedEncoders()
    words, images = (encoders(name, Encoding()) for name in ("minilm", "conse"))
    plain = load_minilm(0)
    assert isinstance(images, ImageEncoder)
    assert not isinstance(words, ImageEncoder)
    for name in ("name", "model", "dim", "modality", "calibrated", "cosine_range", "provenance"):
        assert getattr(words, name) == getattr(plain, name)
    query = "who mended the lens?"
    rows = [encoder.encode_queries([query])[0].vectors for encoder in (words, plain)]
    assert (rows[0] == rows[1]).all()
    assert (images.embed(["a boat"]) == ConseEncoder(0).embed(["a boat"])).all()


def test_what_cannot_be_loaded_is_tried_again() -> None:
    encoders = SharedEncoders()
    for _ in range(2):
        with pytest.raises(UnknownEncoder):
            encoders("nothing", Encoding())
