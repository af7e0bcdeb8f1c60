"""OCR: the words of an image with boxes, by rapidocr or by tesseract.

rapidocr's wheel holds PP-OCRv6 models for Chinese, Japanese, English and other
languages in Latin script. It does not read Korean, which tesseract with its
language data does.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from statistics import median
from typing import Any, Protocol

import numpy as np
from PIL import Image

from ingest.encoders.embedded.weights import OCR_CLASSIFIER, OCR_DETECTOR, OCR_RECOGNIZER
from ingest.error import ComputeError, ConfigurationError
from ingest.page import Word

MIN_SCORE = 0.5
"""Confidence of rapidocr; lines below it are left out."""

LONGEST_SIDE = 2_500
"""Pixels of the longer side; larger images are scaled down to it."""

JOIN_GAP = 0.4
"""Share of a line's height; pieces of CJK text closer than this make one word."""

TESSERACT_SECONDS = 300
"""Deadline for one image."""
TESSERACT_VARIABLES = ("PATH", "HOME", "TESSDATA_PREFIX")


class OcrUnavailable(ConfigurationError):
    """The OCR engine is unknown or not installed."""

    code = "ocr-unavailable"


class OcrFailed(ComputeError):
    """The OCR engine failed on an image."""

    code = "ocr-failed"


class Ocr(Protocol):
    """OCR engine."""

    name: str

    def read(self, image: Image.Image) -> list[Word]:
        """Read the words of an image in reading order, with boxes as fractions of it."""
        ...


def load_ocr(spec: str) -> Ocr | None:
    """Load the engine that `spec` names: "rapidocr", "tesseract:LANG+LANG" or "none".

    Raises:
        OcrUnavailable: there is none of this name, or it is not installed.
    """
    match spec.partition(":"):
        case ("none", "", _):
            return None
        case ("rapidocr", "", _):
            return RapidOcr()
        case ("tesseract", _, languages):
            return Tesseract(languages or "eng")
    raise OcrUnavailable(
        f"There is no OCR engine {spec!r}.",
        hint="Give rapidocr, tesseract:LANG+LANG (such as tesseract:kor+eng) or none.",
    )


def check_ocr(spec: str) -> None:
    """Check that an OCR engine is available, without loading models.

    Raises:
        OcrUnavailable: it is not.
        WeightsMissing, WeightsChanged: its model files are not there, or others.
    """
    if spec != "rapidocr":
        load_ocr(spec)
        return
    for weights in (OCR_DETECTOR, OCR_RECOGNIZER, OCR_CLASSIFIER):
        weights.verified()


class RapidOcr:
    """PP-OCRv6 (small) on onnxruntime, on one thread: each worker process runs one.

    Raises:
        WeightsMissing, WeightsChanged: a model file of the package is not there or another.
    """

    def __init__(self) -> None:
        from rapidocr import RapidOCR

        self.name = "rapidocr"
        threads = "EngineConfig.onnxruntime.{}_op_num_threads"
        self._engine = RapidOCR(
            params={
                threads.format("intra"): 1,
                threads.format("inter"): 1,
                "Global.log_level": "error",
                "Global.text_score": MIN_SCORE,
                # Given, and checked: rapidocr would download what is missing or changed.
                "Det.model_path": str(OCR_DETECTOR.verified()),
                "Rec.model_path": str(OCR_RECOGNIZER.verified()),
                "Cls.model_path": str(OCR_CLASSIFIER.verified()),
                # Images are not enlarged: enlarging small photos took twenty times as long.
                "Det.limit_type": "max",
                "Det.limit_side_len": 1_600,
                # One line at a time: as fast on one thread, and a third less memory.
                "Rec.rec_batch_num": 1,
                # The orientation classifier turns some upright lines upside down.
                "Global.use_cls": False,
            }
        )

    def read(self, image: Image.Image) -> list[Word]:
        """See `Ocr`."""
        image = fit(image)
        found: Any = self._engine(np.asarray(image)[:, :, ::-1], return_word_box=True)
        if found.txts is None:
            return []
        size = np.array([image.width, image.height], dtype=np.float64)
        words: list[Word] = []
        for text, corners, parts in zip(found.txts, found.boxes, found.word_results, strict=True):
            words.extend(_split_line(text, corners, parts, size))
        return words


def _split_line(text: str, corners: Any, parts: Any, size: np.ndarray[Any, Any]) -> list[Word]:
    """Split a line into words: boxes come from its parts, spaces from its text.

    rapidocr gives one part per Latin word or CJK character. If the parts do not
    add up to the text, the line is divided by the lengths of its words.
    """
    pieces = [(str(part[0]), np.asarray(part[2], dtype=np.float64) / size) for part in parts]
    words: list[Word] = []
    at = 0
    for token in text.split():
        inside = []
        spelled = ""
        while at < len(pieces) and len(spelled) < len(token):
            spelled += pieces[at][0].replace(" ", "")
            inside.append(pieces[at][1])
            at += 1
        if spelled != token:
            return _divide_line(text, np.asarray(corners, dtype=np.float64) / size)
        words.append(Word(token, _bounds(np.concatenate(inside))))
    return words


def _divide_line(text: str, corners: np.ndarray[Any, Any]) -> list[Word]:
    left, top, right, bottom = _bounds(corners)
    step = (right - left) / max(len(text), 1)
    words, at = [], 0
    for token in text.split():
        start = text.index(token, at)
        at = start + len(token)
        words.append(Word(token, (left + start * step, top, left + at * step, bottom)))
    return words


def _bounds(points: np.ndarray[Any, Any]) -> tuple[float, float, float, float]:
    points = points.clip(0, 1)
    (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
    return left, top, right, bottom


class Tesseract:
    """The `tesseract` program, with languages such as "kor+eng"."""

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

    def read(self, image: Image.Image) -> list[Word]:
        """See `Ocr`.

        Raises:
            OcrFailed: the program failed.
        """
        buffer = io.BytesIO()
        fit(image).save(buffer, "PNG", compress_level=1)
        try:
            done = subprocess.run(
                ["tesseract", "stdin", "stdout", "-l", self._languages, "tsv"],
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
        return _read_tsv(done.stdout.decode(errors="replace"))


def _read_tsv(text: str) -> list[Word]:
    """Read tesseract's TSV: a row of level 1 has the page's size, one of level 5 a word.

    Columns: level, page, block, paragraph, line, word, left, top, width, height, confidence, text.
    """
    # Not splitlines(): a word may contain a rarer line separator.
    rows = [line.split("\t", 11) for line in text.split("\n")[1:] if line]
    size = next((row[8:10] for row in rows if row[0] == "1"), ["1", "1"])
    width, height = int(size[0]), int(size[1])
    printed = (row for row in rows if row[0] == "5" and row[11].strip())
    words: list[Word] = []
    for _, line in groupby(printed, key=lambda row: row[1:5]):
        pieces = [
            (row[11].strip(), int(row[6]), int(row[7]), int(row[8]), int(row[9])) for row in line
        ]
        for joined, left, top, wide, high in _join_pieces(pieces):
            box = (left / width, top / height, (left + wide) / width, (top + high) / height)
            words.append(Word(joined, _bounds(np.array(box).reshape(2, 2))))
    return words


_Piece = tuple[str, int, int, int, int]
"""Text, left, top, width, height in pixels."""


def _join_pieces(line: Sequence[_Piece]) -> Iterator[_Piece]:
    """Join pieces of CJK words: tesseract often takes a syllable of Hangul for a word."""
    gap = JOIN_GAP * median(high for *_, high in line)
    joined, left, top, wide, high = line[0]
    for text, start, above, width, tall in line[1:]:
        cjk = _is_wide(joined[-1]) or _is_wide(text[0])
        if cjk and start - (left + wide) <= gap:
            right, bottom = max(left + wide, start + width), max(top + high, above + tall)
            left, top = min(left, start), min(top, above)
            joined, wide, high = joined + text, right - left, bottom - top
        else:
            yield joined, left, top, wide, high
            joined, left, top, wide, high = text, start, above, width, tall
    yield joined, left, top, wide, high


def _is_wide(character: str) -> bool:
    """Whether a character is full-width, as Chinese, Japanese and Korean ones are."""
    return unicodedata.east_asian_width(character) in "WF"


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


def fit(image: Image.Image) -> Image.Image:
    """Convert an image to RGB, scaled down to `LONGEST_SIDE`."""
    image = image.convert("RGB")
    if max(image.size) > LONGEST_SIDE:
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return image
