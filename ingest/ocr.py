"""Read the words in a picture: rapidocr by default, Debian's tesseract where asked for.

rapidocr's wheel carries PP-OCRv6 models for Chinese, English, Japanese and
other Latin scripts; it does not read Korean (see `RAPIDOCR_UNREAD`), which
tesseract with its language data does.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from ingest.fault import Fault
from ingest.page import Word

MIN_SCORE = 0.5
"""Lines that rapidocr is less sure of than this are left out."""

LONGEST_SIDE = 2_500
"""Pixels; larger pictures are read at this size, boxes being fractions anyway."""


class NoOcr(Fault):
    """The OCR asked for is unknown or not installed."""


class Ocr(Protocol):
    """Reads a picture."""

    name: str

    def read(self, image: Image.Image) -> list[Word]:
        """The words of an RGB picture in reading order, boxes as fractions of it."""
        ...


def load_ocr(spec: str) -> Ocr | None:
    """Make the reader that `spec` names: "rapidocr", "tesseract:LANG+LANG" or "none".

    Raises:
        NoOcr: no such reader, or it is not installed.
    """
    kind, _, languages = spec.partition(":")
    match kind:
        case "none":
            return None
        case "rapidocr":
            return RapidOcr()
        case "tesseract":
            return Tesseract(languages or "eng")
    raise NoOcr(
        f"There is no OCR called {spec!r}.",
        remedy="Take rapidocr, tesseract:LANG+LANG (such as tesseract:kor+eng) or none.",
    )


class RapidOcr:
    """PP-OCRv6 (small) on onnxruntime, one thread: ingest runs one a worker process."""

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
                # Pictures keep their size: enlarging small photos made them twenty times slower.
                "Det.limit_type": "max",
                "Det.limit_side_len": 2_000,
                # The upside-down classifier turns some upright lines and garbles them.
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
    """A line's words; its parts carry the boxes, its text the spaces.

    rapidocr gives one part per Latin word or CJK character. Where the parts do
    not spell the line, the line is divided by the lengths of its words.
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
    """The `tesseract` program, with the languages given."""

    def __init__(self, languages: str) -> None:
        self.name = f"tesseract:{languages}"
        self._languages = languages
        missing = set(languages.split("+")) - tesseract_languages()
        if missing:
            named = ", ".join(sorted(missing))
            packages = " ".join(f"tesseract-ocr-{code}" for code in sorted(missing))
            raise NoOcr(
                f"tesseract cannot read {named} here.",
                remedy=f"On Debian: apt install tesseract-ocr {packages}.",
            )

    def read(self, image: Image.Image) -> list[Word]:
        """See `Ocr`.

        Raises:
            NoOcr: the program failed.
        """
        with tempfile.TemporaryDirectory(prefix="pageglass-") as folder:
            path = Path(folder, "page.png")
            fit(image).save(path, compress_level=1)
            command = ["tesseract", str(path), "stdout", "-l", self._languages, "tsv"]
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                encoding="utf-8",
                check=False,
                env={"OMP_THREAD_LIMIT": "1", "PATH": _path()},
            )
        if done.returncode:
            raise NoOcr(
                f"tesseract failed: {done.stderr.strip()[:300]}.",
                remedy="Run `tesseract --list-langs` to see whether it works by itself.",
            )
        return list(_read_tsv(done.stdout))


def _read_tsv(text: str) -> list[Word]:
    """Words of tesseract's TSV: level 1 gives the page's size, level 5 a word each."""
    words: list[Word] = []
    width = height = 1
    for line in text.splitlines()[1:]:
        cells = line.split("\t", 11)
        left, top, wide, high = map(int, cells[6:10])
        if cells[0] == "1":
            width, height = wide, high
        elif cells[0] == "5" and cells[11].strip():
            box = (left / width, top / height, (left + wide) / width, (top + high) / height)
            words.append(Word(cells[11].strip(), box))
    return words


@cache
def tesseract_languages() -> frozenset[str]:
    """The languages that an installed tesseract reads; none where there is no tesseract."""
    if shutil.which("tesseract") is None:
        return frozenset()
    listing = subprocess.run(
        ["tesseract", "--list-langs"], capture_output=True, text=True, check=False
    )
    return frozenset(line.strip() for line in listing.stdout.splitlines()[1:] if line.strip())


def _path() -> str:
    program = shutil.which("tesseract") or ""
    return str(Path(program).parent)


def fit(image: Image.Image) -> Image.Image:
    """The picture in RGB, no side longer than `LONGEST_SIDE`."""
    image = image.convert("RGB")
    if max(image.size) > LONGEST_SIDE:
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return image
