"""Captioner protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PIL import Image


class Captioner(Protocol):
    """Image captioner."""

    name: str
    """As it is remembered with each caption."""

    batch: int
    """Images that it takes at once."""

    def caption(self, pictures: Sequence[Image.Image]) -> list[str]:
        """One caption an image, in order; may be empty."""
        ...
