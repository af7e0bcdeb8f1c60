"""What a model is shown of each page: its picture, no larger than the model keeps, and its words.

Drops pages from the end where they would be too much, and says so. Knows no
provider: what a model keeps comes in as `Limits`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from generation.limits import Limits
from generation.line import split_lines
from generation.prompt import Evidence
from generation.request import Picture
from ingest.page import Word

JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page as a model is shown it: `text` its words, a line a printed line; pictures may be none."""

    evidence: Evidence
    text: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The sheets of an answer, best page first; `note` says what was left out, "" where nothing was."""

    sheets: tuple[Sheet, ...]
    note: str = ""


def lay_out(evidence: Sequence[Evidence], limits: Limits | None = None) -> Layout:
    """The sheets that fit into `limits`, best page first."""
    limits = limits or Limits()
    sheets: list[Sheet] = []
    spent = 0
    for each in evidence:
        pictures: tuple[Picture, ...] = ()
        if limits.pictures:
            picture = shrink(each.image(), limits)
            spent += -(-len(picture.data) // 3) * 4
            if len(sheets) == limits.pictures or (sheets and spent > limits.request_bytes):
                break
            pictures = (picture,)
        sheets.append(Sheet(each, page_text(each.words, limits.letters), pictures))
    left = len(evidence) - len(sheets)
    note = f"The last {left} of {len(evidence)} pages were left out: more than the model takes."
    return Layout(tuple(sheets), note if left else "")


def page_text(words: Sequence[Word], letters: int) -> str:
    """The words in lines as printed, cut at the end of a line after at most `letters` characters."""
    lines: list[str] = []
    left = letters
    for line in split_lines(words):
        text = " ".join(word.text for word in words[line.start : line.end])
        left -= len(text) + 1
        if left < 0:
            lines.append("…")
            break
        lines.append(text)
    return "\n".join(lines)


def shrink(image: bytes, limits: Limits) -> Picture:
    """An encoded picture as a JPEG no larger than the limits."""
    with Image.open(io.BytesIO(image)) as opened:
        pixels = opened.convert("RGB")
    scale = min(
        1.0,
        limits.longest_edge / max(pixels.size),
        (limits.pixels / (pixels.width * pixels.height)) ** 0.5,
    )
    if scale < 1:
        size = (max(1, int(pixels.width * scale)), max(1, int(pixels.height * scale)))
        pixels = pixels.resize(size, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    pixels.save(out, "JPEG", quality=JPEG_QUALITY)
    return Picture(out.getvalue(), "image/jpeg", *pixels.size)
