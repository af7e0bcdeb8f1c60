"""Room: what is left of a request's limits for more images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generation.context.limits import Limits
from generation.request import EncodedImage


@dataclass(slots=True)
class Room:
    """Images, bytes of them in base64, and tokens that a request may still hold."""

    images: int
    size: int
    tokens: int

    @classmethod
    def of(cls, limits: Limits) -> Room:
        """Room of an empty request."""
        return cls(limits.max_images, limits.max_image_bytes, limits.max_input_tokens)

    def take(self, images: Sequence[EncodedImage], limits: Limits) -> int:
        """How many of the images fit; they are counted."""
        for at, image in enumerate(images):
            tokens = limits.image_tokens.tokens(image.width, image.height)
            size = base64_size(image)
            if self.images < 1 or self.size < size or self.tokens < tokens:
                return at
            self.images -= 1
            self.size -= size
            self.tokens -= tokens
        return len(images)


def base64_size(image: EncodedImage) -> int:
    """Bytes of an image in base64."""
    return -(-len(image.data) // 3) * 4
