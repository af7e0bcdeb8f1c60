"""A fixed page and question, encoded when an index is made: the same again later proves the encoder unchanged.

Upgrades of libraries have given other vectors for the same file months later.
The page travels with the index as a picture, so that drawing it cannot differ.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ingest.encoders.encoder import Encoder
from ingest.library.atomic import write_atomically
from ingest.page import WHOLE, Page, Rendered, Vectors, Word

QUESTION = "Which lighthouse has a red lantern?"
LINES = ("The lighthouse of Skerry Point", "has a red lantern,", "lit every evening at six.")
SIZE = (480, 640)
SAME = 0.99
"""Mean cosine of rows that are still the same: other hardware rounds bf16 otherwise, by less than this."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How far an encoder has moved; `similar` is the mean cosine of rows, 0 where their number changed."""

    similar: float

    @property
    def changed(self) -> bool:
        """Whether the index should be derived anew."""
        return self.similar < SAME


def write_probe(folder: Path, encoder: Encoder) -> None:
    """Leave the probe's page, and what the encoder makes of it and of the question, in an index's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = io.BytesIO()
    _draw().save(picture, "PNG")
    write_atomically(folder / "probe.png", picture.getvalue())
    page, question = _encode(encoder, picture.getvalue())
    vectors = io.BytesIO()
    np.savez(vectors, page=page, question=question)
    write_atomically(folder / "probe.npz", vectors.getvalue())


def measure_drift(folder: Path, encoder: Encoder) -> Drift | None:
    """Encode an index's probe again; None where the index has none."""
    if not (folder / "probe.npz").is_file():
        return None
    before = np.load(folder / "probe.npz")
    now = _encode(encoder, (folder / "probe.png").read_bytes())
    return Drift(
        min(
            _similar(before[name], rows)
            for name, rows in zip(("page", "question"), now, strict=True)
        )
    )


def _similar(before: Vectors, now: Vectors) -> float:
    if before.shape != now.shape:
        return 0.0
    return float((before * now).sum(axis=1).mean()) if len(now) else 1.0


def _encode(encoder: Encoder, picture: bytes) -> tuple[Vectors, Vectors]:
    page = Rendered(
        page=Page("probe", 1, "probe"),
        image=picture,
        width=SIZE[0],
        height=SIZE[1],
        words=tuple(_words()),
        figures=(WHOLE,),
        source="text",
    )
    rows = encoder.encode_pages([page])[0].vectors.astype(np.float32)
    return rows, encoder.encode_queries([QUESTION])[0].vectors.astype(np.float32)


def _words() -> list[Word]:
    """The probe's words, boxes by the lines they stand on."""
    words = []
    for row, line in enumerate(LINES):
        for column, text in enumerate(line.split()):
            left, top = 0.05 + 0.17 * column, 0.05 + 0.06 * row
            words.append(Word(text, (left, top, left + 0.16, top + 0.04)))
    return words


def _draw() -> Image.Image:
    """A tower with a red lantern under three lines of text."""
    picture = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(picture)
    for row, line in enumerate(LINES):
        pen.text((24, 32 + 38 * row), line, fill="black", font=ImageFont.load_default(24))
    pen.rectangle((0, 560, 480, 640), fill=(70, 110, 160))
    pen.polygon(
        [(200, 560), (215, 300), (265, 300), (280, 560)], fill=(235, 235, 230), outline="black"
    )
    pen.rectangle((212, 260, 268, 300), fill=(200, 30, 30), outline="black")
    return picture
