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

from ingest.encoders.batch import Budget, run_batches
from ingest.encoders.device import choose_device, choose_dtype, dtype_name
from ingest.encoders.encoder import Encoding
from ingest.encoders.tower import load_tower
from ingest.page import WHOLE, Box, PageVectors, QueryVectors, Rendered, Vectors, cut

PICTURE_TOKENS = 256
"""What a picture counts for in a batch's budget of tokens: ViT-L/14 sees so many patches."""


@dataclass(frozen=True, slots=True)
class PicturePreparer:
    """A page's pictures as the model takes them: the page as a whole, then each figure."""

    prepare: Callable[[Image.Image], torch.Tensor]

    def __call__(self, page: Rendered) -> list[npt.NDArray[Any]]:
        """One array a picture."""
        picture = page.pixels()
        return [self.prepare(cut(picture, place)).numpy() for place in _places(page)]


class ClipEncoder:
    """See the module.

    Args:
        model: see `ingest.encoders.tower`.

    Raises:
        WeightsMissing, BadCheckpoint, NoDevice
    """

    reads = "pictures"
    batch_pages = 64
    templates = (
        *("a photo of a {}.", "a good photo of a {}.", "a close-up photo of a {}."),
        *("a drawing of a {}.", "a picture of the {}.", "a photo of many {}."),
    )

    def __init__(self, model: str, encoding: Encoding) -> None:
        device = choose_device(encoding.device)
        dtype = choose_dtype(encoding.dtype, device)
        self.tower = load_tower(model, device, dtype)
        self.name = f"clip:{self.tower.spec}"
        self.model = self.tower.title
        self.dim = self.tower.dim
        self.reach = self.tower.reach
        self.logit_scale = self.tower.logit_scale
        self.made = {**self.tower.made, "dtype": dtype_name(dtype)}
        self._device = device
        self._budget = Budget.start(device, encoding.batch)

    def preparer(self) -> PicturePreparer | None:
        """Decoding, cutting and resizing; on a CPU the model itself is what takes the time."""
        return None if self._device.type == "cpu" else PicturePreparer(self.tower.prepare)

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """A row for each page as a whole, then one for each figure on it."""
        boxes = [_places(page) for page in pages]
        prepare = PicturePreparer(self.tower.prepare)
        prepared = [
            torch.from_numpy(picture)
            for page in pages
            for picture in page.prepared.get(self.name) or prepare(page)
        ]
        rows = np.zeros((len(prepared), self.dim), np.float32)
        for some, vectors in run_batches(
            [PICTURE_TOKENS] * len(prepared),
            self._budget,
            lambda at: list(self._see(torch.stack([prepared[i] for i in at]))),
        ):
            rows[some] = np.stack(vectors)
        ends = np.cumsum([len(places) for places in boxes])
        return [
            PageVectors(own, np.array(places, np.float32))
            for own, places in zip(np.split(rows, ends[:-1]), boxes, strict=True)
        ]

    def _see(self, batch: torch.Tensor) -> torch.Tensor:
        """Unit rows of prepared pictures (n, dim), still on the device."""
        return self.tower.pictures(batch.pin_memory() if self._device.type == "cuda" else batch)

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """One row a question; one too long for the model warns and is cut."""
        rows = self.embed(queries)
        return [QueryVectors(row[None], ("",)) for row in rows]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row a text (n, dim)."""
        rows: Vectors = self.tower.texts(texts).float().cpu().numpy()
        return rows


def _places(page: Rendered) -> list[Box]:
    """The whole page, then its figures."""
    return [WHOLE, *(figure for figure in page.figures if figure != WHOLE)]
