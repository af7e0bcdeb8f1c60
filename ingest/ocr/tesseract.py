"""Tesseract: lines read by the program `tesseract`, in any languages installed.

Lines are found by rapidocr's detector and handed over in one image, one below the
other, each upright: so a page may have lines in several directions.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from PIL import Image

from ingest.ocr.corners import Corners, Pixels, as_pixels, crop_line, part_box
from ingest.ocr.ocr import OcrFailed, OcrLine, OcrUnavailable
from ingest.ocr.rapidocr_engine import RapidOcr
from ingest.ocr.split_line import PixelPiece, join_pieces
from ingest.page import Word

TESSERACT_SECONDS = 300
"""Deadline for one image."""
TESSERACT_VARIABLES = ("PATH", "HOME", "TESSDATA_PREFIX")
LINE_HEIGHT = 48
"""Pixels of each line as it is handed over."""
MARGIN = 24
"""Pixels around each line."""
LINES_AT_ONCE = 40


class Tesseract:
    """The `tesseract` program as an `Ocr`, with languages such as "kor+eng"."""

    def __init__(self, languages: str) -> None:
        self.name = f"tesseract:{languages}"
        self._languages = languages
        missing = set(filter(None, languages.split("+"))) - tesseract_languages()
        if missing:
            named = ", ".join(sorted(missing))
            packages = " ".join(
                f"tesseract-ocr-{code.lower().replace('_', '-')}" for code in sorted(missing)
            )
            raise OcrUnavailable(
                f"tesseract cannot read {named} here.",
                hint=f"On Debian: apt install tesseract-ocr {packages}.",
            )

    def detect(self, image: Image.Image) -> list[Corners]:
        """See `Ocr`."""
        return _detector().detect(image)

    def recognize(self, image: Image.Image, lines: Sequence[Corners]) -> list[OcrLine]:
        """See `Ocr`.

        Raises:
            OcrFailed: the program failed.
        """
        pixels, read = as_pixels(image), []
        for start in range(0, len(lines), LINES_AT_ONCE):
            some = lines[start : start + LINES_AT_ONCE]
            crops = [_scale(crop_line(pixels, corners)) for corners in some]
            rows = read_tsv(self._run(_stack(crops)))
            for at, (corners, crop) in enumerate(zip(some, crops, strict=True)):
                read.append(_line(rows, at, corners, crop.shape[1], image.size))
        return read

    def _run(self, image: Image.Image) -> str:
        buffer = io.BytesIO()
        image.save(buffer, "PNG", compress_level=1)
        try:
            done = subprocess.run(
                ["tesseract", "stdin", "stdout", "--psm", "6", "-l", self._languages, "tsv"],
                input=buffer.getvalue(),
                capture_output=True,
                check=True,
                timeout=TESSERACT_SECONDS,
                env=_environment(),
            )
        except (subprocess.SubprocessError, OSError) as error:
            stderr = getattr(error, "stderr", b"") or b""
            raise OcrFailed(
                f"tesseract failed ({stderr.decode(errors='replace').strip()[:300] or error}).",
                hint="Check that the tesseract program itself works.",
            ) from error
        return done.stdout.decode(errors="replace")


@cache
def _detector() -> RapidOcr:
    return RapidOcr()


def _scale(crop: Pixels) -> Pixels:
    """A crop in gray at `LINE_HEIGHT`, dark on light."""
    gray = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    width = max(round(gray.shape[1] * LINE_HEIGHT / gray.shape[0]), 1)
    scaled = np.asarray(cv2.resize(gray, (width, LINE_HEIGHT), interpolation=cv2.INTER_AREA))
    return np.asarray(255 - scaled if np.median(scaled) < 128 else scaled, dtype=np.uint8)


def _stack(crops: Sequence[Pixels]) -> Image.Image:
    step = LINE_HEIGHT + 2 * MARGIN
    width = max(crop.shape[1] for crop in crops) + 2 * MARGIN
    canvas = np.full((step * len(crops), width), 255, dtype=np.uint8)
    for at, crop in enumerate(crops):
        top = at * step + MARGIN
        canvas[top : top + LINE_HEIGHT, MARGIN : MARGIN + crop.shape[1]] = crop
    return Image.fromarray(canvas)


TsvWord = tuple[PixelPiece, float]
"""Piece of a line and its confidence."""


def read_tsv(text: str) -> list[TsvWord]:
    """Words of tesseract's TSV: a row of level 5 each.

    Columns: level, page, block, paragraph, line, word, left, top, width, height, confidence, text.
    """
    # Not splitlines(): a word may contain a rarer line separator.
    rows = [line.split("\t", 11) for line in text.split("\n")[1:] if line]
    return [
        ((row[11].strip(), int(row[6]), int(row[7]), int(row[8]), int(row[9])), float(row[10]))
        for row in rows
        if row[0] == "5" and row[11].strip()
    ]


def _line(
    rows: Sequence[TsvWord], at: int, corners: Corners, width: int, size: tuple[int, int]
) -> OcrLine:
    """The line of one crop: the words in its strip of the image that was handed over."""
    step = LINE_HEIGHT + 2 * MARGIN
    inside = [row for row in rows if (row[0][2] + row[0][4] / 2) // step == at]
    if not inside:
        return OcrLine((), 0.0, corners)
    pieces = sorted((piece for piece, _ in inside), key=lambda piece: piece[1])
    letters = sum(len(piece[0]) for piece in pieces)
    score = sum(confidence * len(piece[0]) for piece, confidence in inside) / letters / 100
    words = []
    for text, left, _, wide, _ in join_pieces(pieces):
        start, end = ((x - MARGIN) / width for x in (left, left + wide))
        words.append(Word(text, part_box(corners, max(start, 0), min(end, 1), size)))
    return OcrLine(tuple(words), score, corners)


@cache
def tesseract_languages() -> frozenset[str]:
    """The languages of the installed tesseract; none if it is not installed."""
    if shutil.which("tesseract") is None:
        return frozenset()
    listing = subprocess.run(
        ["tesseract", "--list-langs"],
        capture_output=True,
        text=True,
        check=False,
        env=_environment(),
    )
    return frozenset(line.strip() for line in listing.stdout.splitlines()[1:] if line.strip())


def _environment() -> dict[str, str]:
    """The environment of tesseract: its paths, and one thread, since workers share the cores."""
    kept = {name: os.environ[name] for name in TESSERACT_VARIABLES if name in os.environ}
    return {**kept, "OMP_THREAD_LIMIT": "1"}
