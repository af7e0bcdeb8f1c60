"""How much a model may be shown at once: pictures, their pixels, the bytes of a request, tokens."""

from __future__ import annotations

from dataclasses import dataclass

from generation.context.image_tokens import ImageTokenCounter, Patches

USUAL = Patches(28, 1_568, 1_568)
"""About 1.2 megapixels a picture, in patches as Claude and Qwen's vision models have them."""

BYTES_A_TOKEN = 3
"""UTF-8 bytes of text that are counted as a token: more than most tokenizers make of it, in any script."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call of a model may hold. The defaults are cautious: a server of which nothing is known.

    `pictures` at most, measured by `image_tokens`, with no edge longer than `longest_edge`
    pixels where that is given; `tokens` of pictures and words together, as far
    as they can be counted beforehand; `request_bytes` of pictures, encoded in
    base64; `letters` of a page's words. With more pictures than `crowd[0]`, none
    may have an edge longer than `crowd[1]`. With `pictures` 0 a model reads
    words only. `crops` says whether the best part of a page whose print would
    be too small is sent too (see `generation.context.crop`; docs/models.md has what it brings).
    """

    pictures: int = 10
    image_tokens: ImageTokenCounter = USUAL
    longest_edge: int | None = None
    tokens: int = 24_000
    request_bytes: int = 10_000_000
    letters: int = 6_000
    crowd: tuple[int, int] | None = None
    crops: bool = False


def count_tokens(text: str) -> int:
    """Tokens that a text may have, counted high."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN)
