"""CLIP encoder: one row for the page image and one for each figure.

A dual encoder computes the rows. Radford et al. 2021 (arXiv:2103.00020). MaxSim
with one query row is the largest cosine. A photo is a page with one figure, itself.
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
from ingest.encoders.batch import TokenBudget, run_batches
from ingest.encoders.device import choose_device, choose_dtype, dtype_name
from ingest.encoders.dual_encoder import PreparedImage
from ingest.encoders.encoder import Encoding, Modality
from ingest.encoders.load_dual_encoder import load_dual_encoder
from ingest.encoders.loading.label_templates import LABEL_TEMPLATES
from ingest.page import WHOLE, Box, PageVectors, QueryVectors, Rendered, Vectors

IMAGE_TOKENS = 256
"""Tokens of an image in a batch's budget: the patches of ViT-L/14."""
TEXT_TOKENS = 77
"""Tokens of a text in a batch's budget: CLIP's context length."""


@dataclass(frozen=True, slots=True)
class ImagePreparer:
    """Preprocessing for CLIP: the page image, then each figure cropped from it."""

    prepare: Callable[[Image.Image], PreparedImage]

    def __call__(self, page: Rendered) -> list[dict[str, npt.NDArray[Any]]]:
        """Preprocess a page: one set of arrays for each crop."""
        image = page.pixels()
        ready = [self.prepare(crop_image(image, box)) for box in _boxes(page)]
        return [{name: value.numpy() for name, value in one.items()} for one in ready]


class ClipEncoder:
    """CLIP or SigLIP as an `Encoder`; see the module.

    Args:
        model: see `ingest.encoders.load_dual_encoder`.

    Raises:
        WeightsMissing, InvalidCheckpoint, DeviceUnavailable
    """

    modality: Modality = "image"
    calibrated = False
    batch_pages = 64
    templates = LABEL_TEMPLATES

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
        self._budget = TokenBudget.start(device, encoding.batch)

    def preparer(self) -> ImagePreparer | None:
        """Preprocessing in workers; None on a CPU, where the model takes most of the time."""
        return None if self._device.type == "cpu" else ImagePreparer(self.dual_encoder.prepare)

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """Encode pages: a row for the whole page, then one for each figure."""
        boxes = [_boxes(page) for page in pages]
        prepare = ImagePreparer(self.dual_encoder.prepare)
        prepared = [
            {name: torch.from_numpy(value) for name, value in arrays.items()}
            for page in pages
            for arrays in page.prepared.get(self.name) or prepare(page)
        ]
        lengths = [IMAGE_TOKENS] * len(prepared)
        rows = self._run(
            lengths, lambda at: self.dual_encoder.encode_images([prepared[i] for i in at])
        )
        ends = np.cumsum([len(some) for some in boxes], dtype=int)
        return [
            PageVectors(rows[end - len(some) : end], np.array(some, np.float32))
            for end, some in zip(ends, boxes, strict=True)
        ]

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """Encode queries: one row each. Too long a query is truncated, with a warning."""
        rows = self.embed(queries)
        return [QueryVectors(row[None], ("",)) for row in rows]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts: one unit row each (n, dim)."""
        lengths = [TEXT_TOKENS] * len(texts)
        return self._run(lengths, lambda at: self.dual_encoder.encode_texts([texts[i] for i in at]))

    def _run(
        self, lengths: Sequence[int], forward: Callable[[Sequence[int]], torch.Tensor]
    ) -> Vectors:
        """Run the model in batches: one row an item (n, dim)."""
        rows = np.zeros((len(lengths), self.dim), np.float32)
        for positions, vectors in run_batches(lengths, self._budget, lambda at: list(forward(at))):
            rows[positions] = np.stack(vectors)
        return rows


def _boxes(page: Rendered) -> list[Box]:
    """The box of the whole page, then those of its figures."""
    return [WHOLE, *(figure for figure in page.figures if figure != WHOLE)]
