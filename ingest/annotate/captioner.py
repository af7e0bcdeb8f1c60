"""The plug for whatever writes captions; knows no model and no library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PIL import Image


class Captioner(Protocol):
    """Describes pictures."""

    name: str
    """As it is remembered with each caption."""

    def caption(self, pictures: Sequence[Image.Image]) -> list[str]:
        """A line a picture, in order; may be empty."""
        ...
