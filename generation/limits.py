"""How much a model may be shown at once: pictures, their pixels, the bytes of a request, tokens."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call of a model may hold. The defaults fit most models.

    `pictures` at most, each no longer than `longest_edge` pixels and of at
    most `pixels` in all; `request_bytes` of pictures, encoded in base64;
    `letters` of a page's words. With `pictures` 0 a model reads words only.
    """

    pictures: int = 20
    longest_edge: int = 1_568
    pixels: int = 1_568 * 1_568
    request_bytes: int = 20_000_000
    letters: int = 6_000
