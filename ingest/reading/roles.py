"""Block roles: heading, row, list item, header, footer, caption, footnote."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from ingest.page import WordRole
from ingest.reading.blocks import BULLETS, is_bullet
from ingest.reading.line import Line
from ingest.reading.order.piece import Piece
from ingest.reading.text_line import LineWord, Origin

HEADING_SIZE = 1.15
"""A heading's letters are larger than those of the body by this factor."""
OCR_ERROR = 1.35
"""Sizes that OCR measures are equal up to this factor."""
NOTE_SIZE = 0.93
"""A footnote's letters are smaller than this share of the body's."""
MARGIN = 0.075
"""Running headers and footers lie in this share of the page's height at its ends,"""
NUMBER_MARGIN = 0.12
"""The same for page numbers, which nothing else looks like."""
APART = 1.0
"""and as many line heights away from the rest, at least."""
MAX_LINES = 3_000
"""Lines of a page, at most, among which running heads are looked for."""
MAX_HEADING_WORDS = 25
_CAPTION = re.compile(
    r"(?:table|figure|fig|chart|abbildung|abb|tabelle|tab|tableau|figura|tabla|tabela|таблица"
    r"|рисунок|рис|şekil|tablo|図|表|图|그림|표)\.?\s?\d+[.:：)\s]",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[-–—]?\d{1,4}[-–—]?|[ivxlc]{1,7}")
_NOTE = re.compile(r"(?:\d{1,3}|[*†‡§¶]+|[a-z]\))$")


class PageStyle:
    """Style of a page: the usual size of its letters, and where its lines are."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._sizes = {
            origin: _usual_size(piece for piece in pieces if piece.line.origin == origin)
            for origin in {piece.line.origin for piece in pieces}
        }
        self.upright = bool(pieces) and pieces[0].line.angle == 0 and not pieces[0].line.vertical
        self._pieces = [piece.box for piece in pieces]

    def relative_size(self, word: LineWord, origin: Origin) -> float:
        """Size of a word's letters, the body's being 1.

        Differences that OCR may err by are none.
        """
        if origin == "field" or not self._sizes[origin]:
            return 1.0
        size = word.size / self._sizes[origin]
        return size if origin == "text" or not 1 / OCR_ERROR < size < OCR_ERROR else 1.0

    def stands_apart(self, box: tuple[float, float, float, float]) -> bool:
        """Whether a line at the top or bottom of the page has nothing near it."""
        if len(self._pieces) > MAX_LINES:
            return False
        height = box[3] - box[1]
        top = box[1] < 0.5
        for other in self._pieces:
            near = other[1] - box[3] if top else box[1] - other[3]
            if -0.5 * height < near < APART * height:
                return False
        return True


def _usual_size(pieces: Iterable[Piece]) -> float:
    """Size of most letters, to a twentieth."""
    letters: Counter[int] = Counter()
    for piece in pieces:
        for word in piece.words:
            if word.size > 0:
                letters[round(20 * math.log(word.size))] += len(word.text)
    return math.exp(letters.most_common(1)[0][0] / 20) if letters else 0.0


def find_role(words: Sequence[LineWord], lines: Sequence[Line], style: PageStyle) -> WordRole:
    """Role of a block, from its words and lines, turned and with relative sizes."""
    if lines[0].row:
        return "row"
    text = " ".join(word.text for word in words)
    size = max(word.size for word in words)
    if style.upright and _is_page_number(words, lines):
        return "header" if lines[0].box[1] < 0.5 else "footer"
    if _CAPTION.match(text):
        return "caption"
    if size > HEADING_SIZE and len(lines) <= 3 and len(words) <= MAX_HEADING_WORDS:
        return "heading"
    if style.upright and len(lines) == 1 and _is_running(lines[0], style):
        return "header" if lines[0].box[1] < 0.5 else "footer"
    if words[0].text.startswith(tuple(BULLETS)) or (len(words) > 1 and is_bullet(words[0].text)):
        return "item"
    low = lines[0].box[1] > 0.6
    if style.upright and low and _NOTE.match(words[0].text) and size < NOTE_SIZE:
        return "note"
    return "text"


def _is_page_number(words: Sequence[LineWord], lines: Sequence[Line]) -> bool:
    box = lines[0].box
    at_end = box[3] < NUMBER_MARGIN or box[1] > 1 - NUMBER_MARGIN
    return at_end and len(words) == 1 and bool(_NUMBER.fullmatch(words[0].text))


def _is_running(line: Line, style: PageStyle) -> bool:
    at_end = line.box[3] < MARGIN or line.box[1] > 1 - MARGIN
    return at_end and line.end - line.start <= 15 and style.stands_apart(line.box)
