"""Texts, images and weighted sums as queries, by encoders of fixed rows."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ingest.encoders.encoder import Encoding
from ingest.page import QueryVectors, Rendered
from retrieval.error import EmptyQuery, ImageIndexNotFound
from retrieval.query import encode
from retrieval.query.encode import QueryEncoder, QueryParts, render_query_image

ROWS = {"a cat": (1.0, 0.0), "a cup": (0.6, 0.8)}
RED = Image.new("RGBA", (3, 2), "red")


class FixedEncoder:
    """Gives each text its row of `ROWS`, and each image (0, 1)."""

    def encode_queries(self, queries: list[str]) -> list[QueryVectors]:
        return [
            QueryVectors(np.array([ROWS.get(query, (0, 1))], np.float32), (query,))
            for query in queries
        ]

    def encode_pages(self, pages: list[Rendered]) -> list[Any]:
        return [SimpleNamespace(vectors=np.array([[0, 1]], np.float32)) for _ in pages]


def index(name: str, modality: str) -> Any:
    return SimpleNamespace(manifest=SimpleNamespace(encoder=name, modality=modality, dim=2))


WORDS, PHOTOS = index("words", "text"), index("photos", "image")


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the encoders that were loaded."""
    names: list[str] = []

    def load(name: str, _: Encoding) -> FixedEncoder:
        names.append(name)
        return FixedEncoder()

    monkeypatch.setattr(encode, "load_encoder", load)
    return names


def test_a_text_is_encoded_for_every_index_or_for_images_alone(loaded: list[str]) -> None:
    queries = QueryEncoder(Encoding())
    assert list(queries.encode_text("a cat", [WORDS, PHOTOS])) == ["words", "photos"]
    assert list(queries.encode_text("a cat", [WORDS, PHOTOS], images=True)) == ["photos"]
    assert loaded == ["words", "photos"]


def test_networks_are_opened_ahead_once(loaded: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    class Opening(FixedEncoder):
        def open_ahead(self) -> None:
            opened.append(threading.current_thread().name)
            raise OSError("said where the network is run")

    monkeypatch.setattr(encode, "load_encoder", lambda _name, _how: Opening())
    queries = QueryEncoder(Encoding())
    for _ in range(2):
        queries.open_ahead([WORDS], Opening(), None)
    for thread in threading.enumerate():
        if thread.name == "open-ahead":
            thread.join()
    assert opened == ["open-ahead"] * 2


def test_a_text_is_composed_before_it_is_encoded(loaded: list[str]) -> None:
    found = QueryEncoder(Encoding()).encode_text("cafe\u0301 ①", [WORDS])
    assert found["words"].words == ("café 1",)


def test_a_blank_text_is_said_before_a_missing_index(loaded: list[str]) -> None:
    queries = QueryEncoder(Encoding())
    with pytest.raises(EmptyQuery):
        queries.encode_text(" \n", [WORDS], images=True)
    with pytest.raises(ImageIndexNotFound):
        queries.encode_text("a cat", [WORDS], images=True)
    assert loaded == []


def test_an_image_is_encoded_by_the_indexes_of_images(loaded: list[str]) -> None:
    queries = QueryEncoder(Encoding())
    found = queries.encode_image(RED, [WORDS, PHOTOS])
    assert {name: vectors.vectors.tolist() for name, vectors in found.items()} == {
        "photos": [[0, 1]]
    }
    with pytest.raises(ImageIndexNotFound):
        queries.encode_image(RED, [WORDS])


def test_a_composed_query_is_the_unit_sum_of_its_parts(loaded: list[str]) -> None:
    queries = QueryEncoder(Encoding())
    parts: QueryParts = [(2.0, "a cat"), (-1.0, "a cup"), (0.8, RED)]
    # 2 * (1, 0) - (0.6, 0.8) + 0.8 * (0, 1) = (1.4, 0)
    found = queries.encode_composed(parts, [WORDS, PHOTOS])["photos"]
    np.testing.assert_allclose(found.vectors, [[1, 0]], atol=1e-6)
    with pytest.raises(EmptyQuery, match="cancel out"):
        queries.encode_composed([(1.0, "a cat"), (-1.0, "a cat")], [PHOTOS])


def test_a_query_image_is_a_page_of_one_figure_in_rgb() -> None:
    rendered = render_query_image(RED)
    assert (rendered.width, rendered.height, rendered.words) == (3, 2, ())
    assert rendered.figures == ((0.0, 0.0, 1.0, 1.0),)
