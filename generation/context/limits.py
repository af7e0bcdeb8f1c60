"""Limits of one model call: images, bytes, input tokens, characters a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from generation.context.image_tokens import ImageTokenCounter, PatchTokens
from generation.request import SourceFile

USUAL = PatchTokens(28, 1_568, 1_568)
"""About 1.2 megapixels an image, in patches as Claude and Qwen's vision models have them."""

LOW_EDGE = 512
"""Pixels of the longest edge of an image at detail "low"."""

BYTES_PER_TOKEN = 3
"""UTF-8 bytes of text that are counted as a token: fewer than most tokenizers put into one."""


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Limits of files that a model reads whole.

    `max_bytes` has the most bytes of each media type that is read; `max_pages` is that of a
    PDF, `max_seconds` that of a recording.
    """

    max_bytes: Mapping[str, int]
    max_pages: int
    max_seconds: float

    def refusal(self, file: SourceFile) -> str:
        """Why a file is not taken, as the end of a sentence; empty where it is."""
        most = self.max_bytes.get(file.media_type, 0)
        if not most:
            return "the model does not read files of its kind"
        if file.byte_size > most:
            return f"the model takes files of {most / 1e6:,.0f} MB"
        if file.pages > self.max_pages:
            return f"the model takes files of {self.max_pages:,} pages"
        if file.seconds > self.max_seconds:
            return f"the model takes recordings of {self.max_seconds / 60:,.0f} minutes"
        return ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one model call.

    The defaults are cautious, for a server of unknown limits.

    Attributes:
        max_images: images at most; 0 for a model that reads only words.
        image_tokens: the model's count of tokens for an image.
        longest_edge: pixels of an image's longest edge, where that is limited.
        max_input_tokens: tokens of images and words together, as estimated here.
        max_image_bytes: bytes of all images in base64.
        max_page_chars: characters of a page's words.
        many_images: (n, edge): with more than n images none has an edge longer than `edge` pixels.
        max_frames: frames of a shot at most, beside its page; 0 where an image is a page.
        files: files that the model reads whole; None for a model that reads none.
        crops: send the best region of a page as a second image where its text
            would be too small (`generation.context.crop`; measured in docs/models.md).
    """

    max_images: int = 10
    image_tokens: ImageTokenCounter = USUAL
    longest_edge: int | None = None
    max_input_tokens: int = 24_000
    max_image_bytes: int = 10_000_000
    max_page_chars: int = 6_000
    many_images: tuple[int, int] | None = None
    max_frames: int = 4
    files: FileLimits | None = None
    crops: bool = False

    def at_detail(self, detail: str) -> Limits:
        """Limits at a detail of images; "low" sends none longer than `LOW_EDGE` pixels."""
        return self.with_edge(LOW_EDGE) if detail == "low" else self

    def with_edge(self, pixels: int) -> Limits:
        """Limits without a longer edge."""
        return replace(self, longest_edge=min(pixels, self.longest_edge or pixels))


def count_tokens(text: str) -> int:
    """Count the tokens of a text, estimated high."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)
