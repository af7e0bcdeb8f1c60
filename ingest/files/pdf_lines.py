"""PDF text lines: lines of a page's text layer, with fonts and sizes.

By PyMuPDF. Boxes are fractions of the page as displayed. A page with more characters
than are kept is read without its fonts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, cast

import numpy as np

from ingest.box import clip_to_page, gap_between, union_box
from ingest.files.characters.read_characters import FLAGS, read_characters
from ingest.files.characters.unmapped import INK, SYNTHETIC
from ingest.files.pdf_letterspaced import join_spaced
from ingest.files.pdf_parts import fractions, is_check_mark
from ingest.files.source import MAX_WORDS
from ingest.page import Box
from ingest.reading.line import is_right_to_left
from ingest.reading.spelling.letters import (
    MAX_CARE,
    Letter,
    find_words,
    is_mark,
    needs_care,
    plain_text,
    split_words,
)
from ingest.reading.spelling.right_to_left import (
    order_from_left,
    order_letters,
    words_from_left,
)
from ingest.reading.spelling.vowel_marks import marks_are_astray, order_marks, restore_widths
from ingest.reading.text_line import Angle, LineWord, TextLine

MAX_DETAILED = 250_000
"""Characters of a page, at most, of which the letters are read one by one."""
MAX_TOUCH = 0.25
"""Parts of a word in two fonts are nearer than this share of their size."""
TWICE = 0.1
"""Sizes of the font between the places of a word that is drawn twice."""
RAISED_SIZE = 0.85
"""A superscript is smaller than this share of its line's letters,"""
RAISED_BY = 0.12
"""and its foot is higher by this share of their size."""


class _Line(NamedTuple):
    """Line in the space of the unrotated page, in points; `angle` in degrees."""

    words: list[LineWord]
    angle: float = 0.0
    vertical: bool = False


def read_lines(page: Any) -> tuple[TextLine, ...]:
    """Lines of a page's text layer in the order of the file.

    Words whose middle is off the page are left out. More than `MAX_WORDS` words are
    cut to one more, which shows that there are.

    Raises:
        One of `PDF_ERRORS`: the text of the page is damaged.
    """
    text = page.get_textpage(flags=FLAGS)
    if len(text.extractText()) > MAX_DETAILED:
        lines = _plain_lines(text.extractWORDS())
    else:
        lines = _detailed_lines(read_characters(page, text))
    return tuple(_displayed(page, lines))


def _plain_lines(words: Iterable[Sequence[Any]]) -> list[_Line]:
    lines: dict[tuple[int, int], list[LineWord]] = {}
    for count, (left, top, right, bottom, text, block, line, _) in enumerate(words):
        if count > MAX_WORDS:
            break
        word = LineWord(text, (left, top, right, bottom), size=bottom - top)
        lines.setdefault((block, line), []).append(word)
    return [_Line(found) for found in lines.values()]


def _detailed_lines(blocks: Sequence[dict[str, Any]]) -> list[_Line]:
    lines: list[_Line] = []
    seen = _Seen()
    for block in blocks:
        for line in join_spaced(block.get("lines", ())):
            if words := [word for word in _read_line(line) if not seen.again(word)]:
                across, down = line["dir"]
                angle = math.degrees(math.atan2(down, across))
                lines.append(_Line(words, angle, line["wmode"] == 1))
    return lines


class _Seen:
    """Words of a page, to tell those that are drawn twice: bold type, or a shadow."""

    def __init__(self) -> None:
        self._places: set[tuple[str, bool, int, int]] = set()

    def again(self, word: LineWord) -> bool:
        """Whether the same word was drawn in nearly the same place; else it is remembered."""
        step = TWICE * max(word.size, 1.0)
        x, y = int(word.box[0] / step), int(word.box[1] / step)
        for near in ((x + a, y + b) for a in (0, -1, 1) for b in (0, -1, 1)):
            if (word.text, word.hidden, *near) in self._places:
                return True
        self._places.add((word.text, word.hidden, x, y))
        return False


def _read_line(line: dict[str, Any]) -> list[LineWord]:
    across, down = line["dir"]
    spans = _spans(line["spans"], across, down)
    text = "".join(span.text for span in spans)
    if marks_are_astray(text) and abs(across) > abs(down) and len(text) <= MAX_CARE:
        letters = [letter for span in spans for letter in span.letters(across, down)]
        letters = order_marks(restore_widths(letters))
        words = [_word(order_letters(order_from_left(word))) for word in split_words(letters)]
    elif is_right_to_left(text) and abs(across) > abs(down) and len(text) <= MAX_CARE:
        letters = [letter for span in spans for letter in span.letters(across, down)]
        words = list(map(_word, words_from_left(order_from_left(restore_widths(letters)))))
    elif needs_care(text):
        letters = [letter for span in spans for letter in span.letters(across, down)]
        words = [_word(word) for word in split_words(_mirrored(letters))]
    else:
        words = list(_plain_words(spans, level=abs(across) > abs(down)))
    return [word for word in words if word.text]


class _Span(NamedTuple):
    """Letters of one font, size and baseline."""

    text: str
    places: list[Box]
    font: str
    size: float
    raised: bool
    hidden: bool
    guessed: bool

    def letters(self, across: float, down: float) -> Iterator[Letter]:
        """The letters, with their extent along the direction of the line."""
        for text, place in zip(self.text, self.places, strict=True):
            start, end = _extent(place, across, down)
            kind = self.font, self.raised, self.hidden
            blank = text.isspace()
            yield Letter(text, start, end, self.size, place, *kind, blank, blank and self.guessed)


def _spans(spans: Sequence[dict[str, Any]], across: float, down: float) -> list[_Span]:
    spans = [span for span in spans if span["chars"]]
    if not spans:
        return []
    main = max(spans, key=lambda span: (span["size"], len(span["chars"])))
    size = main["size"]
    foot = _height(main["chars"][0]["origin"], across, down)
    return [
        _Span(
            *_text_and_places(span["chars"]),
            span["font"],
            span["size"],
            span["size"] <= RAISED_SIZE * size
            and _height(span["chars"][0]["origin"], across, down) - foot > RAISED_BY * size,
            not span["char_flags"] & INK,
            bool(span["char_flags"] & SYNTHETIC),
        )
        for span in spans
    ]


def _text_and_places(chars: Sequence[dict[str, Any]]) -> tuple[str, list[Box]]:
    """Text of a span, one character for each place, and the places."""
    text = "".join([char["c"][:1] for char in chars])
    places: list[Box] = [char["bbox"] for char in chars]
    for found in _ALEF_LAM.finditer(text):
        # A ligature of lam and alef, turned around with its line: the alef has no width.
        alef, lam = places[found.start()], places[found.start() + 1]
        if alef[2] - alef[0] < 0.01:
            text = text[: found.start()] + found[0][::-1] + text[found.end() :]
            left, top, right, bottom = lam
            middle = (left + right) / 2
            places[found.start()] = middle, top, right, bottom
            places[found.start() + 1] = left, top, middle, bottom
    return text, places


def _plain_words(spans: Sequence[_Span], *, level: bool) -> Iterator[LineWord]:
    """Words between blanks; letters of a span are equally high.

    A sign of another font makes no word of a `level` line higher.
    """
    word: LineWord | None = None
    for span in spans:
        end = 0
        for found in find_words(span.text, span.places, span.size):
            box = union_box([span.places[found.start()], span.places[found.end() - 1]])
            text = plain_text(found[0])
            joins = found.start() == end == 0
            limit = MAX_TOUCH * span.size
            joins = joins and not (word and (is_mark(word.text) or is_mark(text)))
            if word and joins and word.raised == span.raised and gap_between(word.box, box) < limit:
                hidden = word.hidden and span.hidden
                both = union_box([word.box, box])
                if level and not any(map(str.isalnum, text)):
                    both = both[0], word.box[1], both[2], word.box[3]
                word = replace(word, text=word.text + text, box=both, hidden=hidden)
            else:
                if word is not None:
                    yield word
                word = LineWord(text, box, span.font, span.size, span.raised, span.hidden)
            end = found.end()
        if word is not None and end < len(span.text):
            yield word
            word = None
    if word is not None:
        yield word


_ALEF_LAM = re.compile("[\u0622\u0623\u0625\u0627\u0671]\u0644")


def _word(letters: Sequence[Letter]) -> LineWord:
    first = letters[0]
    return LineWord(
        plain_text("".join(letter.text for letter in letters)),
        union_box([letter.place for letter in letters]),
        first.font,
        first.size,
        first.raised,
        all(letter.hidden for letter in letters),
    )


def _height(origin: tuple[float, float], across: float, down: float) -> float:
    """How high a point is, seen by a reader of a line in this direction."""
    return float(origin[0] * down - origin[1] * across)


def _extent(place: Box, across: float, down: float) -> tuple[float, float]:
    """Start and end of a rectangle along a direction, the nearest of the four."""
    if abs(across) >= abs(down):
        return (place[0], place[2]) if across > 0 else (-place[2], -place[0])
    return (place[1], place[3]) if down > 0 else (-place[3], -place[1])


def _mirrored(letters: list[Letter]) -> list[Letter]:
    """The letters, measured to the left where they are written from right to left."""
    if len(letters) > 1 and letters[-1].start < letters[0].start:
        return [each._replace(start=-each.end, end=-each.start) for each in letters]
    return letters


def _at(word: LineWord, box: Box) -> LineWord:
    # A third of the time of `dataclasses.replace`, for every word of every page.
    return LineWord(word.text, box, word.font, word.size, word.raised, word.hidden)


def _displayed(page: Any, lines: Sequence[_Line]) -> Iterator[TextLine]:
    """Lines with their boxes and angles as the page is displayed."""
    rectangles = [word.box for line in lines for word in line.words]
    if not rectangles:
        return
    edges = np.array(rectangles, dtype=np.float64)
    boxes = fractions(page, edges)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    seen = np.isfinite(boxes).all(axis=1) & ((middle >= 0) & (middle <= 1)).all(axis=1)
    texts = [word.text for line in lines for word in line.words]
    seen &= ~is_check_mark(page, texts, edges)
    edges_of: list[Any] = boxes.tolist()
    at = count = 0
    for line in lines:
        words: list[LineWord] = []
        for word in line.words:
            if seen[at]:
                words.append(_at(word, clip_to_page(edges_of[at])))
            at += 1
        count += len(words)
        if count > MAX_WORDS:
            words = words[: len(words) - (count - MAX_WORDS - 1)]
        if words:
            angle = cast(Angle, round((line.angle + page.rotation) / 90) % 4 * 90)
            yield TextLine(tuple(words), 0 if line.vertical else angle, line.vertical)
        if count > MAX_WORDS:
            return
