"""Pages of an extraction request: words of each, images as far as they fit."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from generation.context.limits import Limits, count_tokens
from generation.context.page_input import shrink
from generation.extraction.record import DocumentTooLong
from generation.prompt import Evidence
from generation.request import EncodedImage, Part, SourceFile
from ingest.page import TimeSpan


@dataclass(frozen=True, slots=True)
class RequestPages:
    """Parts of a request, page by page; `note` says how many images were left out."""

    parts: tuple[Part, ...]
    note: str = ""


def request_pages(
    evidence: Sequence[Evidence], limits: Limits, file: SourceFile | None = None
) -> RequestPages:
    """Words of all pages, with the images of as many as fit, or with their file.

    Images of pages with the fewest words come first. A PDF that the model takes as a file
    goes without words: it has them.

    Raises:
        DocumentTooLong: the words alone are more than the model takes.
    """
    refusal = ""
    if file and limits.files:
        refusal = limits.files.refusal(file)
        if not refusal and not file.seconds:
            return RequestPages((file, f"Page [n] is page n of this file, 1 to {len(evidence)}."))
    texts = [_words(page) for page in evidence]
    tokens = sum(map(count_tokens, texts))
    if tokens > limits.max_input_tokens and len(evidence) > 1:
        raise DocumentTooLong(
            f"The words of {len(evidence)} pages are about {tokens:,} tokens; the model takes"
            f" {limits.max_input_tokens:,}.",
            hint="Read fewer pages at once, or each by itself.",
        )
    if file and limits.files and not refusal:
        return RequestPages((file, "Its shots, as labels:", *texts))
    images, reason = _images(evidence, limits, limits.max_input_tokens - tokens)
    parts: list[Part] = []
    for at, text in enumerate(texts):
        parts += [text, images[at]] if at in images else [text]
    left = len(evidence) - len(images)
    notes = [f"The file was not sent whole: {refusal}."] if refusal else []
    if left:
        notes.append(f"The images of {left} of {len(evidence)} pages were left out: {reason}.")
    return RequestPages(tuple(parts), " ".join(notes))


def _words(page: Evidence) -> str:
    words = json.dumps(" ".join(word.text for word in page.words), ensure_ascii=False)
    until = f" to {TimeSpan(page.page.span.end, 0)}" if page.page.span else ""
    name = json.dumps(f"{page.page}{until}", ensure_ascii=False)
    return f"[{page.label}] {name}, its words: {words}"


def _images(
    evidence: Sequence[Evidence], limits: Limits, tokens: int
) -> tuple[dict[int, EncodedImage], str]:
    """Images by the place of their page, and why there are no more; the first page has one."""
    if limits.max_images < 1:
        return {}, "the model reads only words"
    if limits.many_images and min(len(evidence), limits.max_images) > limits.many_images[0]:
        limits = limits.with_edge(limits.many_images[1])
    images: dict[int, EncodedImage] = {}
    room = limits.max_image_bytes
    for at in sorted(range(len(evidence)), key=lambda at: (len(evidence[at].words), at)):
        if len(images) == limits.max_images:
            return images, f"the model takes {limits.max_images} images"
        with Image.open(io.BytesIO(evidence[at].image())) as opened:
            image = shrink(opened.convert("RGB"), limits)
        tokens -= limits.image_tokens.tokens(image.width, image.height)
        room -= -(-len(image.data) // 3) * 4
        if images and tokens < 0:
            return images, f"the model takes about {limits.max_input_tokens:,} tokens of pages"
        if images and room < 0:
            return images, f"the model takes {limits.max_image_bytes / 1e6:g} MB of images"
        images[at] = image
    return images, ""
