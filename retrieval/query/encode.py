"""Query encoder for texts, images and weighted sums of both.

A query is encoded by each index's encoder.
"""

from __future__ import annotations

import io
import threading
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ingest.encoders.encoder import Encoder, Encoding
from ingest.encoders.load import load_encoder
from ingest.encoders.loading.open_ahead import open_ahead
from ingest.index.index import Index
from ingest.page import WHOLE, Clip, Page, QueryVectors, Rendered, Vectors
from ingest.trace import span
from retrieval.error import EmptyQuery, ImageIndexNotFound, VideoIndexNotFound

if TYPE_CHECKING:
    from PIL import Image

QueryParts = Sequence[tuple[float, "str | Image.Image"]]
"""Weights with texts or images."""
EncodedQuery = dict[str, QueryVectors]
"""A query's vectors by the name of the encoder."""
SMALLEST_NORM = 1e-6
"""The parts of a composed query cancel out where their sum is shorter."""


class QueryEncoder:
    """Encodes queries for indexes, from any thread; loads each index's encoder once.

    Args:
        encoding: device and batch size of the encoders.
    """

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._encoders: dict[str, Encoder] = {}
        self._lock = threading.Lock()
        self._ahead = False

    def open_ahead(self, indexes: Sequence[Index], *others: object) -> None:
        """At the first query, begin to open networks of indexes and other models."""
        if not self._ahead:
            self._ahead = True
            open_ahead([*others, *map(self.encoder, indexes)])

    @span("encode")
    def encode_text(
        self, query: str, indexes: Sequence[Index], *, images: bool = False
    ) -> EncodedQuery:
        """Vectors of a text for each index, or for those of images alone.

        Raises:
            EmptyQuery: the text is blank.
            ImageIndexNotFound: `images`, and there is no index of images.
        """
        if not query.strip():
            raise EmptyQuery("The query is empty.", hint="Give a question or a description.")
        if images:
            indexes = _image_indexes(indexes)
        composed = unicodedata.normalize("NFKC", query)
        return {
            index.manifest.encoder: self.encoder(index).encode_queries([composed])[0]
            for index in indexes
        }

    @span("encode")
    def encode_image(self, image: Image.Image, indexes: Sequence[Index]) -> EncodedQuery:
        """Vectors of an image for each index of images.

        Raises:
            ImageIndexNotFound: there is none.
        """
        rendered = render_query_image(image)
        encoded = {}
        for index in _image_indexes(indexes):
            rows = self.encoder(index).encode_pages([rendered])[0].vectors
            encoded[index.manifest.encoder] = QueryVectors(rows, ("",) * len(rows))
        return encoded

    @span("encode")
    def encode_clip(
        self, clip: Clip | Page, indexes: Sequence[Index], rows_of: Callable[[Index, Page], Vectors]
    ) -> EncodedQuery:
        """Vectors of a clip, or of a shot of the library, for each index of videos.

        Args:
            rows_of: gives the rows that an index has of a page.

        Raises:
            VideoIndexNotFound: there is none.
        """
        encoded = {}
        for index in _video_indexes(indexes):
            if isinstance(clip, Page):
                rows = rows_of(index, clip)
            else:
                shot = Rendered(Page("", 1), b"", 0, 0, (), (), "none", clip=clip)
                rows = self.encoder(index).encode_pages([shot])[0].vectors
            encoded[index.manifest.encoder] = QueryVectors(rows, ("",) * len(rows))
        return encoded

    @span("encode")
    def encode_composed(self, parts: QueryParts, indexes: Sequence[Index]) -> EncodedQuery:
        """The unit vector of a weighted sum of texts and images for each index of images.

        Raises:
            ImageIndexNotFound: there is none.
            EmptyQuery: the parts cancel out.
        """
        encoded = {}
        for index in _image_indexes(indexes):
            encoder = self.encoder(index)
            total = np.zeros(index.manifest.dim, np.float32)
            for weight, part in parts:
                total += np.float32(weight) * _encode_part(encoder, part)
            norm = float(np.linalg.norm(total))
            if norm < SMALLEST_NORM:
                raise EmptyQuery(
                    "The parts of the query leave nothing: they cancel out.",
                    hint="Give one of the parts another weight.",
                )
            encoded[index.manifest.encoder] = QueryVectors(total[None] / norm, ("",))
        return encoded

    def encoder(self, index: Index) -> Encoder:
        """The encoder that an index was built with."""
        name = index.manifest.encoder
        with self._lock:
            if name not in self._encoders:
                self._encoders[name] = load_encoder(name, self._encoding)
            return self._encoders[name]


def render_query_image(image: Image.Image) -> Rendered:
    """An image that is no page of the library, in the form that encoders take."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "PNG", compress_level=1)
    return Rendered(
        page=Page("", 1),
        image=buffer.getvalue(),
        width=image.width,
        height=image.height,
        words=(),
        figures=(WHOLE,),
        source="none",
    )


def _image_indexes(indexes: Sequence[Index]) -> list[Index]:
    found = [index for index in indexes if index.manifest.modality == "image"]
    if not found:
        raise ImageIndexNotFound(
            "The library has no index of images.",
            hint="Ingest the files with an image encoder, as the default ones are.",
        )
    return found


def _video_indexes(indexes: Sequence[Index]) -> list[Index]:
    found = [index for index in indexes if index.manifest.modality == "video"]
    if not found:
        raise VideoIndexNotFound(
            "The library has no index of videos.",
            hint="Ingest the videos with an encoder of clips.",
        )
    return found


def _encode_part(encoder: Encoder, part: str | Image.Image) -> Vectors:
    """The first row (dim,) of a text or an image."""
    if isinstance(part, str):
        rows = encoder.encode_queries([part])[0].vectors
    else:
        rows = encoder.encode_pages([render_query_image(part)])[0].vectors
    return np.asarray(rows[0])
