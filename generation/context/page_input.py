"""Page inputs: images and words of pages for a model, within its limits."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from generation.context.crop import best_crop, overview_size
from generation.context.image_tokens import Size, scaled
from generation.context.limits import Limits, count_tokens
from generation.prompt import Evidence
from generation.request import Clip, EncodedImage
from ingest.box import crop_image
from ingest.page import Word
from ingest.reading.line import split_lines

JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True)
class PageInput:
    """A page as a model gets it.

    `text` is its words, one printed line a line. `image` is the whole page,
    None for a model that reads only words; `crop` its best region at full
    resolution, where `generation.context.crop` finds one; `clip` the frames of a shot,
    where `generation.context.shot_input` adds them.
    """

    evidence: Evidence
    text: str
    image: EncodedImage | None = None
    crop: EncodedImage | None = None
    clip: Clip | None = None

    @property
    def images(self) -> tuple[EncodedImage, ...]:
        """Its images, the whole page first."""
        return tuple(each for each in (self.image, self.crop) if each is not None)


@dataclass(frozen=True, slots=True)
class PageInputs:
    """Pages of a request, best first; `note` says how many were left out."""

    page_inputs: tuple[PageInput, ...]
    note: str = ""


def build_page_inputs(evidence: Sequence[Evidence], limits: Limits | None = None) -> PageInputs:
    """Build the inputs of the pages that fit into `limits`, best first, at least one."""
    limits = limits or Limits()
    if limits.many_images and len(evidence) > limits.many_images[0]:
        limits = replace(limits.with_edge(limits.many_images[1]), crops=False)
    page_inputs: list[PageInput] = []
    images = size = tokens = 0
    reason = ""
    for each in evidence:
        if limits.max_images and images == limits.max_images:
            reason = f"the model takes {limits.max_images} images"
            break
        page_input = build_page_input(each, limits, limits.max_images - images)
        images += len(page_input.images)
        size += sum(-(-len(image.data) // 3) * 4 for image in page_input.images)
        tokens += count_tokens(page_input.text)
        tokens += sum(limits.image_tokens.tokens(i.width, i.height) for i in page_input.images)
        if page_inputs and size > limits.max_image_bytes:
            reason = f"the model takes {limits.max_image_bytes / 1e6:g} MB of images"
            break
        if page_inputs and tokens > limits.max_input_tokens:
            reason = f"the model takes about {limits.max_input_tokens:,} tokens of pages"
            break
        page_inputs.append(page_input)
    left = len(evidence) - len(page_inputs)
    note = f"The last {left} of {len(evidence)} pages were left out: {reason}."
    return PageInputs(tuple(page_inputs), note if left else "")


def build_page_input(evidence: Evidence, limits: Limits, max_images: int) -> PageInput:
    """Build the input of one page, with its words and at most `max_images` images."""
    text = page_text(evidence.words, limits.max_page_chars)
    if max_images < 1:
        return PageInput(evidence, text)
    with Image.open(io.BytesIO(evidence.image())) as opened:
        page = opened.convert("RGB")
    sent = sent_size(page.size, limits)
    box = None
    if limits.crops and max_images > 1:
        box = best_crop(evidence, page.size, limits.image_tokens, sent)
    if box is None:
        return PageInput(evidence, text, encode_image(page, sent))
    overview = encode_image(page, overview_size(sent))
    return PageInput(evidence, text, overview, shrink(crop_image(page, box), limits))


def page_text(words: Sequence[Word], max_chars: int) -> str:
    """Text of a page by printed lines, truncated at a line's end to `max_chars`."""
    lines: list[str] = []
    left = max_chars
    for line in split_lines(words):
        text = " ".join(word.text for word in words[line.start : line.end])
        left -= len(text) + 1
        if left < 0:
            lines.append("…")
            break
        lines.append(text)
    return "\n".join(lines)


def shrink(image: Image.Image, limits: Limits) -> EncodedImage:
    """Encode an image as a JPEG no larger than the model uses."""
    return encode_image(image, sent_size(image.size, limits))


def sent_size(size: Size, limits: Limits) -> Size:
    """Size in which an image of `size` is sent."""
    longest = limits.longest_edge or max(size)
    return limits.image_tokens.effective_size(*scaled(*size, min(1, longest / max(size))))


def encode_image(image: Image.Image, size: Size) -> EncodedImage:
    """Encode an image as a JPEG of `size`."""
    if size != image.size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY)
    return EncodedImage(out.getvalue(), "image/jpeg", *image.size)
