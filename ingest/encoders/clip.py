"""CLIP: pictures and texts in one space, a row a picture (Radford et al. 2021, arXiv:2103.00020).

Every page gives a row for the whole of it and one for each figure on it; a
photo is its own one figure. Late interaction with one row is the cosine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from ingest.box import crop_image
from ingest.encoders.batch import Budget, run_batches
from ingest.encoders.device import choose_device, choose_dtype, dtype_name
from ingest.encoders.dual_encoder import Prepared, load_dual_encoder
from ingest.encoders.encoder import Encoding
from ingest.page import WHOLE, Box, PageVectors, QueryVectors, Rendered, Vectors

PICTURE_TOKENS = 256
"""What a picture counts for in a batch's budget of tokens: ViT-L/14 sees so many patches."""
TEXT_TOKENS = 77
"""What a text counts for: CLIP pads it to so many."""


@dataclass(frozen=True, slots=True)
class ImagePreparer:
    """A page's pictures as the model takes them: the page as a whole, then each figure."""

    prepare: Callable[[Image.Image], Prepared]

    def __call__(self, page: Rendered) -> list[dict[str, npt.NDArray[Any]]]:
        """One set of arrays a picture."""
        picture = page.pixels()
        ready = [self.prepare(crop_image(picture, place)) for place in _places(page)]
        return [{name: value.numpy() for name, value in one.items()} for one in ready]


class ClipEncoder:
    """See the module.

    Args:
        model: see `ingest.encoders.dual_encoder`.

    Raises:
        WeightsMissing, InvalidCheckpoint, DeviceUnavailable
    """

    modality = "image"
    batch_pages = 64

    def __init__(self, model: str, encoding: Encoding) -> None:
        device = choose_device(encoding.device)
        dtype = choose_dtype(encoding.dtype, device)
        self.dual_encoder = load_dual_encoder(model, device, dtype)
        self.name = f"clip:{self.dual_encoder.spec}"
        self.model = self.dual_encoder.title
        self.dim = self.dual_encoder.dim
        self.cosine_range = self.dual_encoder.cosine_range
        self.logit_scale = self.dual_encoder.logit_scale
        self.provenance = {**self.dual_encoder.provenance, "dtype": dtype_name(dtype)}
        self._device = device
        self._budget = Budget.start(device, encoding.batch)

    def preparer(self) -> ImagePreparer | None:
        """Decoding, cutting and resizing; on a CPU the model itself is what takes the time."""
        return None if self._device.type == "cpu" else ImagePreparer(self.dual_encoder.prepare)

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """A row for each page as a whole, then one for each figure on it."""
        boxes = [_places(page) for page in pages]
        prepare = ImagePreparer(self.dual_encoder.prepare)
        prepared = [
            {name: torch.from_numpy(value) for name, value in picture.items()}
            for page in pages
            for picture in page.prepared.get(self.name) or prepare(page)
        ]
        lengths = [PICTURE_TOKENS] * len(prepared)
        rows = self._run(
            lengths, lambda at: self.dual_encoder.encode_images([prepared[i] for i in at])
        )
        ends = np.cumsum([len(places) for places in boxes], dtype=int)
        return [
            PageVectors(rows[end - len(places) : end], np.array(places, np.float32))
            for end, places in zip(ends, boxes, strict=True)
        ]

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """One row a question; one too long for the model warns and is cut."""
        rows = self.embed(queries)
        return [QueryVectors(row[None], ("",)) for row in rows]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row a text (n, dim)."""
        lengths = [TEXT_TOKENS] * len(texts)
        return self._run(lengths, lambda at: self.dual_encoder.encode_texts([texts[i] for i in at]))

    def _run(
        self, lengths: Sequence[int], forward: Callable[[Sequence[int]], torch.Tensor]
    ) -> Vectors:
        """A row an item (n, dim), in batches that fit."""
        rows = np.zeros((len(lengths), self.dim), np.float32)
        for some, vectors in run_batches(lengths, self._budget, lambda at: list(forward(at))):
            rows[some] = np.stack(vectors)
        return rows


def _places(page: Rendered) -> list[Box]:
    """The whole page, then its figures."""
    return [WHOLE, *(figure for figure in page.figures if figure != WHOLE)]
