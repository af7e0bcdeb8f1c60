"""ConSE: pictures in the space of sentences, so that a text finds a photo without a trained pair of towers.

Norouzi et al. 2013 (arXiv:1312.5650): a picture is the mean of the embeddings
of the labels a classifier sees in it, weighted by their probabilities. Here
the classifier is EfficientNet-Lite2 (ImageNet-1k) and the embeddings are
MiniLM's, of each label's words and WordNet definition. A photo is seen ten
times, whole and in a three by three grid of overlapping parts, so that small
things count and a match knows its place; a figure on a page of text once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

from ingest.encoders.embedded.efficientnet import EfficientNetLite2
from ingest.encoders.embedded.minilm import DIM, MiniLmEncoder, load_minilm, share_known
from ingest.encoders.embedded.weights import EFFICIENTNET
from ingest.page import WHOLE, Box, PageVectors, QueryVectors, Rendered, Vectors, cut, unit

TOP_LABELS = 50
WORDY = 20
"""A page with this many words is found by them: its figures are seen once, not ten times."""
PART = 0.6
"""A part's side as a share of the picture's shorter side."""


class ConseEncoder:
    """See the module.

    Raises:
        WeightsMissing, WeightsChanged
    """

    name = "conse"
    model = f"EfficientNet-Lite2 {EFFICIENTNET.sha256[:12]} + {MiniLmEncoder.model}"
    dim = DIM
    modality = "image"
    cosine_range = (0.0, 1.0)
    batch_pages = 16
    logit_scale = 20.0
    """The likeliest on COCO128 with its 70 names: the right label first on 60 % of the photos."""
    templates = ("{}",)

    def __init__(self, threads: int = 0) -> None:
        self._threads = threads
        self._words = load_minilm(threads)
        self.provenance = self._words.provenance

    @cached_property
    def _classifier(self) -> EfficientNetLite2:
        """Loaded only when pictures are to be read; a question needs the words alone."""
        return EfficientNetLite2(self._threads)

    @cached_property
    def _labels(self) -> Vectors:
        """An embedding a class (1000, dim), made by data/make_labels.py."""
        labels: Vectors = np.load(Path(__file__).with_name("labels.npy")).astype(np.float32)
        return labels

    def preparer(self) -> None:
        """Nothing: what is to be done ahead of the model is little."""

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """A row a figure; on a page of few words nine more, for its parts."""
        encoded = []
        for page in pages:
            rows, boxes = [np.zeros((0, DIM), np.float32)], [np.zeros((0, 4), np.float32)]
            if page.figures:
                picture = page.pixels()
                for figure in page.figures:
                    seen = cut(picture, figure)
                    parts = [WHOLE] if len(page.words) >= WORDY else list(_grid(*seen.size))
                    rows.append(self._encode_parts(seen, parts))
                    boxes.append(np.array([_within(figure, part) for part in parts]))
            encoded.append(
                PageVectors(np.concatenate(rows), np.concatenate(boxes, dtype=np.float32))
            )
        return encoded

    def _encode_parts(self, picture: Image.Image, parts: Sequence[Box]) -> Vectors:
        """A row a part of an RGB picture (parts, dim)."""
        probabilities = self._classifier.classify([cut(picture, part) for part in parts])
        weights = np.zeros_like(probabilities)
        top = np.argpartition(-probabilities, TOP_LABELS, axis=1)[:, :TOP_LABELS]
        np.put_along_axis(weights, top, np.take_along_axis(probabilities, top, axis=1), axis=1)
        return unit(weights @ self._labels)

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """One row a question."""
        return [
            QueryVectors(row[None], ("",), known=share_known(query))
            for query, row in zip(queries, self.embed(queries), strict=True)
        ]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row a text (n, dim), MiniLM's own."""
        return self._words.embed(texts)


def _grid(width: float, height: float) -> Iterator[Box]:
    """The whole, then nine overlapping squares, as fractions."""
    yield WHOLE
    side = PART * min(width, height)
    wide, high = side / width, side / height
    for row, column in product(range(3), range(3)):
        left, top = (1 - wide) * column / 2, (1 - high) * row / 2
        yield left, top, left + wide, top + high


def _within(figure: Box, part: Box) -> Box:
    """A part of a figure as a box of the page."""
    left, top, right, bottom = figure
    wide, high = right - left, bottom - top
    return left + part[0] * wide, top + part[1] * high, left + part[2] * wide, top + part[3] * high
