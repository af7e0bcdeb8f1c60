"""CLIP: pictures and texts in one space, a row a picture (Radford et al. 2021, arXiv:2103.00020).

Every page gives a row for the whole of it and one for each figure on it; a
photo is its own one figure. Late interaction with one row is the cosine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ingest.encoders.batch import Budget, run_batches
from ingest.encoders.device import choose_device, choose_dtype, dtype_name
from ingest.encoders.encoder import Encoding
from ingest.encoders.tower import load_tower
from ingest.page import WHOLE, Box, PageVectors, QueryVectors, Rendered, Vectors, cut

PICTURE_TOKENS = 256
"""What a picture counts for in a batch's budget of tokens: ViT-L/14 sees so many patches."""


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
        self._budget = Budget.start(device, encoding.batch)

    def preparer(self) -> None:
        """Nothing yet: decoding and resizing take far less than reading the file does."""

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """A row for each page as a whole, then one for each figure on it."""
        boxes = [_places(page) for page in pages]
        prepared: list[torch.Tensor] = []
        for page, places in zip(pages, boxes, strict=True):
            picture = page.pixels()
            prepared.extend(self.tower.prepare(cut(picture, place)) for place in places)
        rows = np.zeros((len(prepared), self.dim), np.float32)
        for some, vectors in run_batches(
            [PICTURE_TOKENS] * len(prepared),
            self._budget,
            lambda at: list(self.tower.pictures(torch.stack([prepared[i] for i in at]))),
        ):
            rows[some] = np.stack(vectors)
        ends = np.cumsum([len(places) for places in boxes])
        return [
            PageVectors(own, np.array(places, np.float32))
            for own, places in zip(np.split(rows, ends[:-1]), boxes, strict=True)
        ]

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
