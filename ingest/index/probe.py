"""Encoder drift probe: a fixed page and query, encoded when an index is created.

Encoded again later, they show whether the encoder still gives the same vectors:
library upgrades have changed them for the same weights. The page is stored as an
image, so that rendering it cannot differ.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ingest.disk.atomic import write_atomically
from ingest.encoders.encoder import Encoder
from ingest.page import WHOLE, Page, Rendered, Vectors, Word

QUERY = "Which lighthouse has a red lantern?"
LINES = ("The lighthouse of Skerry Point", "has a red lantern,", "lit every evening at six.")
SIZE = (480, 640)
MIN_COSINE = 0.99
"""Mean cosine of rows above which an encoder is unchanged; bf16 on other hardware differs by less."""

_encoded: WeakKeyDictionary[Encoder, tuple[Vectors, Vectors]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Drift:
    """Drift of an encoder.

    `cosine` is the mean cosine of rows, 0 if their number changed.
    """

    cosine: float

    @property
    def changed(self) -> bool:
        """Whether the index should be rebuilt."""
        return self.cosine < MIN_COSINE


def write_probe(folder: Path, encoder: Encoder) -> None:
    """Write the probe page and the probe's vectors to an index's folder.

    The vectors are those of the page and of the query.
    """
    folder.mkdir(parents=True, exist_ok=True)
    image = io.BytesIO()
    _draw().save(image, "PNG")
    write_atomically(folder / "probe.png", image.getvalue())
    page, query = _encode_once(encoder, image.getvalue())
    vectors = io.BytesIO()
    np.savez(vectors, page=page, query=query)
    write_atomically(folder / "probe.npz", vectors.getvalue())


def measure_drift(folder: Path, encoder: Encoder) -> Drift | None:
    """Encode an index's probe again and compare; None if the index has no probe."""
    if not (folder / "probe.npz").is_file():
        return None
    stored = np.load(folder / "probe.npz")
    now = _encode(encoder, (folder / "probe.png").read_bytes())
    return Drift(
        min(
            _mean_cosine(stored[name], rows)
            for name, rows in zip(("page", "query"), now, strict=True)
        )
    )


def _mean_cosine(before: Vectors, now: Vectors) -> float:
    if before.shape != now.shape:
        return 0.0
    return float((before * now).sum(axis=1).mean()) if len(now) else 1.0


def _encode_once(encoder: Encoder, image: bytes) -> tuple[Vectors, Vectors]:
    """As `_encode`; an encoder that stays loaded makes many indexes, each with the same probe."""
    if encoder not in _encoded:
        _encoded[encoder] = _encode(encoder, image)
    return _encoded[encoder]


def _encode(encoder: Encoder, image: bytes) -> tuple[Vectors, Vectors]:
    page = Rendered(
        page=Page("probe", 1, "probe"),
        image=image,
        width=SIZE[0],
        height=SIZE[1],
        words=tuple(_words()),
        figures=(WHOLE,),
        source="text",
    )
    rows = encoder.encode_pages([page])[0].vectors.astype(np.float32)
    return rows, encoder.encode_queries([QUERY])[0].vectors.astype(np.float32)


def _words() -> list[Word]:
    """The words of the probe page, with boxes by line."""
    words = []
    for row, line in enumerate(LINES):
        for column, text in enumerate(line.split()):
            left, top = 0.05 + 0.17 * column, 0.05 + 0.06 * row
            words.append(Word(text, (left, top, left + 0.16, top + 0.04)))
    return words


def _draw() -> Image.Image:
    """A lighthouse with a red lantern under three lines of text."""
    image = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(image)
    for row, line in enumerate(LINES):
        draw.text((24, 32 + 38 * row), line, fill="black", font=ImageFont.load_default(24))
    draw.rectangle((0, 560, 480, 640), fill=(70, 110, 160))
    draw.polygon(
        [(200, 560), (215, 300), (265, 300), (280, 560)], fill=(235, 235, 230), outline="black"
    )
    draw.rectangle((212, 260, 268, 300), fill=(200, 30, 30), outline="black")
    return image
