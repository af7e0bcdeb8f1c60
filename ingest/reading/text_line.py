"""Text line: the words of one printed line, as a text layer or OCR gives them.

It is what the steps of the reading stage hand on, before lines are put in reading
order. Boxes are fractions of the page as displayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ingest.box import union_box
from ingest.page import Box

Origin = Literal["text", "ocr", "field", "note", "unseen"]
"""Text layer, OCR, the value of a form field, a comment that is not printed, or what the
file says of the page without showing it."""
Angle = Literal[0, 90, 180, 270]
"""Direction of print as displayed, in degrees clockwise."""


@dataclass(frozen=True, slots=True)
class LineWord:
    """Word of a line.

    `font` is the name of its font in a text layer, `size` its size in points, or the
    height of its letters where that is not known. `raised` marks a superscript.
    `hidden` words are in the text layer and cannot be seen: drawn without ink or in
    the color of the ground, outside of the crop box, in a hidden layer, or tiny.
    """

    text: str
    box: Box
    font: str = ""
    size: float = 0.0
    raised: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class TextLine:
    """Printed line: its words in the direction of print.

    `angle` is that direction as displayed, in degrees clockwise: 0 to the right, 90
    down the page, 180, 270. `vertical` lines have upright letters one below the other.
    """

    words: tuple[LineWord, ...]
    angle: Angle = 0
    vertical: bool = False
    origin: Origin = "text"

    @property
    def box(self) -> Box:
        """The box around its words."""
        return union_box([word.box for word in self.words])

    @property
    def text(self) -> str:
        """Its words, with spaces between."""
        return " ".join(word.text for word in self.words)
