"""What a model is shown of each page: its picture, no larger than the model keeps, and its words.

Drops pages from the end where they would be too much, and says so. Knows no
provider: what a model keeps comes in as `Limits`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from generation.context.crop import best_part, overview
from generation.context.image_tokens import Size, scaled
from generation.context.limits import Limits, count_tokens
from generation.prompt import Evidence
from generation.request import Picture
from generation.text.line import split_lines
from ingest.box import crop_image
from ingest.page import Word

JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True)
class PageInput:
    """A page as a model is shown it: `text` its words, a line a printed line.

    `picture` is the whole page, None for a model that reads words only; `part`
    its best part at full resolution, where `generation.context.crop` finds it worth it.
    """

    evidence: Evidence
    text: str
    picture: Picture | None = None
    part: Picture | None = None

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """What it has of them."""
        return tuple(each for each in (self.picture, self.part) if each is not None)


@dataclass(frozen=True, slots=True)
class PageInputs:
    """The sheets of an answer, best page first; `note` says what was left out, "" where nothing was."""

    page_inputs: tuple[PageInput, ...]
    note: str = ""


def build_page_inputs(evidence: Sequence[Evidence], limits: Limits | None = None) -> PageInputs:
    """The sheets that fit into `limits`, best page first; one page is always among them."""
    limits = limits or Limits()
    if limits.crowd and len(evidence) > limits.crowd[0]:
        limits = replace(limits, longest_edge=limits.crowd[1], crops=False)
    page_inputs: list[PageInput] = []
    pictures = spent = tokens = 0
    reason = ""
    for each in evidence:
        if limits.pictures and pictures == limits.pictures:
            reason = f"the model takes {limits.pictures} pictures"
            break
        page_input = build_page_input(each, limits, limits.pictures - pictures)
        pictures += len(page_input.pictures)
        spent += sum(-(-len(picture.data) // 3) * 4 for picture in page_input.pictures)
        tokens += count_tokens(page_input.text)
        tokens += sum(limits.image_tokens.tokens(p.width, p.height) for p in page_input.pictures)
        if page_inputs and spent > limits.request_bytes:
            reason = f"the model takes {limits.request_bytes / 1e6:g} MB of pictures"
            break
        if page_inputs and tokens > limits.tokens:
            reason = f"the model takes about {limits.tokens:,} tokens of pages"
            break
        page_inputs.append(page_input)
    left = len(evidence) - len(page_inputs)
    note = f"The last {left} of {len(evidence)} pages were left out: {reason}."
    return PageInputs(tuple(page_inputs), note if left else "")


def build_page_input(evidence: Evidence, limits: Limits, room: int) -> PageInput:
    """A page with its words and at most `room` pictures."""
    text = page_text(evidence.words, limits.letters)
    if room < 1:
        return PageInput(evidence, text)
    with Image.open(io.BytesIO(evidence.image())) as opened:
        page = opened.convert("RGB")
    kept = size_sent(page.size, limits)
    box = (
        best_part(evidence, page.size, limits.image_tokens, kept)
        if limits.crops and room > 1
        else None
    )
    if box is None:
        return PageInput(evidence, text, encode(page, kept))
    return PageInput(
        evidence, text, encode(page, overview(kept)), shrink(crop_image(page, box), limits)
    )


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


def shrink(pixels: Image.Image, limits: Limits) -> Picture:
    """A picture as a JPEG no larger than a model keeps."""
    return encode(pixels, size_sent(pixels.size, limits))


def size_sent(size: Size, limits: Limits) -> Size:
    """The size in which a picture of `size` is sent."""
    longest = limits.longest_edge or max(size)
    return limits.image_tokens.kept(*scaled(*size, min(1, longest / max(size))))


def encode(pixels: Image.Image, size: Size) -> Picture:
    """A picture as a JPEG of a size."""
    if size != pixels.size:
        pixels = pixels.resize(size, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    pixels.save(out, "JPEG", quality=JPEG_QUALITY)
    return Picture(out.getvalue(), "image/jpeg", *pixels.size)
