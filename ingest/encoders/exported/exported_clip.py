"""CLIP or SigLIP by its exported towers: an `Encoder` without torch.

Rows and boxes are those of `ingest.encoders.clip.ClipEncoder`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.box import crop_image
from ingest.encoders.embedded.runtime.lazy_session import LazySession
from ingest.encoders.embedded.runtime.session import Precision, Session, open_session
from ingest.encoders.embedded.weights import WeightsMissing
from ingest.encoders.encoder import Encoding, InvalidVectors, Modality
from ingest.encoders.exported.pixel_recipe import Pixels
from ingest.encoders.exported.token_recipe import TowerTokenizer
from ingest.encoders.exported.towers import TEXT, TOKENIZER, VISION, Towers
from ingest.encoders.loading.label_templates import LABEL_TEMPLATES
from ingest.page import WHOLE, Box, PageVectors, QueryVectors, Rendered, Vectors, unit

BATCHES = (8, 4, 2, 1)
"""Sizes of batches: the runtime prepares each shape of its input once."""


class ExportedClip:
    """CLIP or SigLIP as an `Encoder`, whose networks open at their first use."""

    modality: Modality = "image"
    calibrated = False
    batch_pages = 64
    templates = LABEL_TEMPLATES

    def __init__(self, towers: Towers, encoding: Encoding) -> None:
        precision: Precision = "bf16" if encoding.dtype == "bf16" else "f32"

        def open_tower(name: str) -> Session:
            path = towers.folder / name
            if not path.is_file():
                raise WeightsMissing(
                    f"The exported towers of {towers.spec} were deleted since the program started.",
                    hint="Start the program again.",
                )
            return open_session(path, encoding.threads, runtime="openvino", precision=precision)

        self.name = f"clip:{towers.spec}"
        self.model = towers.title
        self.dim = towers.dim
        self.cosine_range = towers.cosine_range
        self.logit_scale = towers.logit_scale
        dtype = "bf16" if precision == "bf16" else "fp32"
        self.provenance = {**towers.provenance, "dtype": dtype}
        self._prepare = towers.pixels
        self._tokenize = TowerTokenizer(towers.folder / TOKENIZER, towers.tokens)
        self._text = LazySession(lambda: open_tower(TEXT))
        self._vision = LazySession(lambda: open_tower(VISION))

    def preparer(self) -> None:
        """None: the vision tower takes most of the time."""

    def open_ahead(self) -> None:
        """Open the text tower; a text needs no other."""
        self._text.open()

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """Encode pages: a row for the whole page, then one for each figure."""
        boxes = [[WHOLE, *(box for box in page.figures if box != WHOLE)] for page in pages]
        crops = self._crops(pages, boxes)
        rows = np.zeros((sum(map(len, boxes)), self.dim), np.float32)
        for part in _batches(len(rows)):
            pixels = np.stack([next(crops) for _ in range(part.start, part.stop)])
            rows[part] = _rows(self._vision, {"pixel_values": pixels})
        ends = np.cumsum([len(some) for some in boxes], dtype=int)
        return [
            PageVectors(rows[end - len(some) : end], np.array(some, np.float32))
            for end, some in zip(ends, boxes, strict=True)
        ]

    def _crops(self, pages: Sequence[Rendered], boxes: Sequence[Sequence[Box]]) -> Iterator[Pixels]:
        """Pixels of each box of each page, made when their batch is."""
        for page, some in zip(pages, boxes, strict=True):
            image = page.pixels()
            yield from (self._prepare(crop_image(image, box)) for box in some)

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """Encode queries: one row each. Too long a query is truncated, with a warning."""
        return [QueryVectors(row[None], ("",)) for row in self.embed(queries)]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts: one unit row each (n, dim)."""
        rows = np.zeros((len(texts), self.dim), np.float32)
        for part in _batches(len(texts)):
            rows[part] = _rows(self._text, self._tokenize(texts[part]))
        return rows


def _rows(tower: Session, inputs: Mapping[str, npt.NDArray[Any]]) -> Vectors:
    """Unit rows of a batch (n, dim); lengths in fp32, whatever the network runs in."""
    rows: Vectors = unit(tower.run(inputs)[0].astype(np.float32))
    if not np.isfinite(rows).all():
        raise InvalidVectors(
            "The model returned NaN or infinity.",
            hint="Use fp32; if that does not help, the weights are broken.",
        )
    return rows


def _batches(count: int) -> Iterator[slice]:
    """Slices of so many items, of few sizes."""
    start = 0
    while start < count:
        size = next(size for size in BATCHES if size <= count - start)
        yield slice(start, start + size)
        start += size
