"""Preview: an image in the terminal, by its graphics protocol or in half blocks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

COLUMNS = 60
"""Width of a preview, at most."""


def print_image(image: Image.Image) -> None:
    """Print an image on stdout, by kitty's protocol or Sixel where there is one."""
    from rich.console import Console

    console = Console(file=sys.stdout)
    width = min(COLUMNS, console.width)
    if console.is_terminal:
        from textual_image.renderable import Image as Renderable
    else:
        from textual_image.renderable import UnicodeImage as Renderable
    console.print(Renderable(image, width=width, height="auto"))
