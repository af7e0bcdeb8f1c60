"""ConSE encoder: images in a sentence embedding space, by a classifier's labels.

Norouzi et al. 2013 (arXiv:1312.5650): an image is the mean of the embeddings of
its classes, weighted by their probabilities. The classifier is EfficientNet-Lite2
(ImageNet-1k). The embeddings are MiniLM's, of each class's name and WordNet
definition. A photo gives ten rows, for the whole and for a three by three grid of
overlapping crops, so that small objects count and a match has a box; a figure on
a page of text gives one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ingest.box import crop_image
from ingest.encoders.embedded.minilm import DIM, MiniLmEncoder, known_share, load_minilm
from ingest.encoders.embedded.weights import EFFICIENTNET
from ingest.encoders.encoder import Modality
from ingest.page import WHOLE, Box, PageVectors, QueryVectors, Rendered, Vectors, unit

if TYPE_CHECKING:
    from PIL import Image

    from ingest.encoders.embedded.efficientnet import EfficientNetLite2

TOP_LABELS = 50
MANY_WORDS = 20
"""On a page with so many words a figure gives one row, not ten."""
CROP_SIDE = 0.6
"""The side of a crop as a share of the image's shorter side."""


class ConseEncoder:
    """ConSE as an `Encoder` and `ImageEncoder`; see the module.

    Raises:
        WeightsMissing, WeightsChanged
    """

    name = "conse"
    model = f"EfficientNet-Lite2 {EFFICIENTNET.sha256[:12]} + {MiniLmEncoder.model}"
    dim = DIM
    modality: Modality = "image"
    calibrated = False
    cosine_range = (0.0, 1.0)
    batch_pages = 16
    logit_scale = 20.0
    """Maximum likelihood on COCO128 with its 70 names, where top-1 accuracy is 60 %."""
    templates = ("{}",)

    def __init__(self, threads: int = 0) -> None:
        self._threads = threads
        self._words = load_minilm(threads)
        self.provenance = self._words.provenance

    @cached_property
    def _classifier(self) -> EfficientNetLite2:
        """Loaded when images are encoded; a query needs MiniLM alone."""
        from ingest.encoders.embedded.efficientnet import EfficientNetLite2

        return EfficientNetLite2(self._threads)

    @cached_property
    def _labels(self) -> Vectors:
        """Class embeddings (1000, dim), written by data/make_labels.py."""
        labels: Vectors = np.load(Path(__file__).with_name("labels.npy")).astype(np.float32)
        return labels

    def preparer(self) -> None:
        """None: there is little preprocessing."""

    def open_ahead(self) -> None:
        """Open the network of words; a query needs no other."""
        self._words.open_ahead()

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """Encode pages: one row for each figure.

        On a page of few words, there is also a row for each of nine crops of the
        figure.
        """
        return [self._encode_page(page) for page in pages]

    def _encode_page(self, page: Rendered) -> PageVectors:
        rows, boxes = [np.zeros((0, self.dim), np.float32)], [np.zeros((0, 4), np.float32)]
        if page.figures:
            image = page.pixels()
            for figure in page.figures:
                crop = crop_image(image, figure)
                parts = [WHOLE] if len(page.words) >= MANY_WORDS else list(_grid(*crop.size))
                rows.append(self._encode_parts(crop, parts))
                boxes.append(np.array([_within(figure, part) for part in parts]))
        return PageVectors(np.concatenate(rows), np.concatenate(boxes, dtype=np.float32))

    def _encode_parts(self, image: Image.Image, parts: Sequence[Box]) -> Vectors:
        """Encode parts of an RGB image: one unit row each (parts, dim)."""
        probabilities = self._classifier.classify([crop_image(image, part) for part in parts])
        weights = np.zeros_like(probabilities)
        top = np.argpartition(-probabilities, TOP_LABELS, axis=1)[:, :TOP_LABELS]
        np.put_along_axis(weights, top, np.take_along_axis(probabilities, top, axis=1), axis=1)
        return self.mix_labels(weights)

    def mix_labels(self, weights: Vectors) -> Vectors:
        """Unit rows of images, from the weights of their classes (n, 1000)."""
        return unit(weights @ self._labels)

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """Encode queries: one row each."""
        return [
            QueryVectors(row[None], ("",), known=known_share(query))
            for query, row in zip(queries, self.embed(queries), strict=True)
        ]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts with MiniLM: one unit row each (n, dim)."""
        return self._words.embed(texts)


def _grid(width: float, height: float) -> Iterator[Box]:
    """The boxes of the whole image and of nine overlapping squares."""
    yield WHOLE
    side = CROP_SIDE * min(width, height)
    wide, high = side / width, side / height
    for row, column in product(range(3), range(3)):
        left, top = (1 - wide) * column / 2, (1 - high) * row / 2
        yield left, top, left + wide, top + high


def _within(figure: Box, part: Box) -> Box:
    """Convert a box within a figure to a box on the page."""
    left, top, right, bottom = figure
    wide, high = right - left, bottom - top
    return left + part[0] * wide, top + part[1] * high, left + part[2] * wide, top + part[3] * high
