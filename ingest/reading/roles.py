"""Block roles: heading, row, list item, header, footer, caption, footnote."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ingest.page import WordRole
from ingest.reading.blocks import BULLETS, is_bullet
from ingest.reading.line import Line
from ingest.reading.piece import Piece
from ingest.reading.text_line import LineWord

HEADING_SIZE = 1.15
"""A heading's letters are larger than those of the body by this factor,"""
HEADING_SIZE_OCR = 1.35
"""or this, where sizes are measured in an image."""
NOTE_SIZE = 0.93
"""A footnote's letters are smaller than this share of the body's."""
MARGIN = 0.075
"""Running headers and footers lie in this share of the page's height at its ends,"""
APART = 1.0
"""and as many line heights away from the rest, at least."""
MAX_HEADING_WORDS = 25
_CAPTION = re.compile(
    r"(?:table|figure|fig|chart|abbildung|abb|tabelle|tab|tableau|figura|tabla|tabela|таблица"
    r"|рисунок|рис|şekil|tablo|図|表|图|그림|표)\.?\s?\d+[.:：)\s]",
    re.IGNORECASE,
)
_NOTE = re.compile(r"(?:\d{1,3}|[*†‡§¶]+|[a-z]\))$")


class PageStyle:
    """Style of a page: the usual size of its letters, and where its lines are."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        sizes: Counter[float] = Counter()
        for piece in pieces:
            for word in piece.words:
                sizes[round(word.size, 1)] += len(word.text)
        self.size = sizes.most_common(1)[0][0] if sizes else 0.0
        self.measured = any(piece.line.origin == "ocr" for piece in pieces)
        self.upright = bool(pieces) and pieces[0].line.angle == 0 and not pieces[0].line.vertical
        self._pieces = [piece.box for piece in pieces]

    def stands_apart(self, box: tuple[float, float, float, float]) -> bool:
        """Whether a line at the top or bottom of the page has nothing near it."""
        height = box[3] - box[1]
        top = box[1] < 0.5
        for other in self._pieces:
            near = other[1] - box[3] if top else box[1] - other[3]
            if -0.5 * height < near < APART * height:
                return False
        return True


def find_role(words: Sequence[LineWord], lines: Sequence[Line], style: PageStyle) -> WordRole:
    """Role of a block, from its words and lines as turned for reading."""
    if lines[0].row:
        return "row"
    text = " ".join(word.text for word in words)
    size = max(word.size for word in words)
    factor = HEADING_SIZE_OCR if style.measured else HEADING_SIZE
    if size > factor * style.size and len(lines) <= 3 and len(words) <= MAX_HEADING_WORDS:
        return "heading"
    if style.upright and len(lines) == 1 and _is_running(lines[0], style):
        return "header" if lines[0].box[1] < 0.5 else "footer"
    if words[0].text.startswith(tuple(BULLETS)) or (len(words) > 1 and is_bullet(words[0].text)):
        return "item"
    if _CAPTION.match(text):
        return "caption"
    low = lines[0].box[1] > 0.6
    if style.upright and low and _NOTE.match(words[0].text) and size < NOTE_SIZE * style.size:
        return "note"
    return "text"


def _is_running(line: Line, style: PageStyle) -> bool:
    at_end = line.box[3] < MARGIN or line.box[1] > 1 - MARGIN
    return at_end and line.end - line.start <= 15 and style.stands_apart(line.box)
