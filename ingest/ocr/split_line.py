"""Words of a line that was read, joined from pieces with places along it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from unicodedata import east_asian_width

JOIN_GAP = 0.4
"""Share of a line's height; pieces of CJK text closer than this make one word."""

CELL_GAP, MAX_SINGLE = 2.0, 3
"""Gap between two cells in widths of a letter, and single letters that tell letterspacing."""

Piece = tuple[str, float, float]
"""Text, and where it starts and ends along the line."""


def split_line(text: str, pieces: Sequence[Piece]) -> list[Piece]:
    """Split a line into words: places come from its pieces, spaces from its text.

    rapidocr gives one piece per Latin word or CJK character. If the pieces do not
    add up to the text, the line is divided by the lengths of its words.
    """
    words: list[Piece] = []
    at = 0
    for token in text.split():
        inside = []
        spelled = ""
        while at < len(pieces) and len(spelled) < len(token):
            spelled += pieces[at][0].replace(" ", "")
            inside.append(pieces[at])
            at += 1
        if spelled != token:
            return _divide_line(text)
        for cell in _cells(inside):
            spelled = "".join(piece[0].replace(" ", "") for piece in cell)
            words.append((spelled, min(p[1] for p in cell), max(p[2] for p in cell)))
    return words


def _cells(pieces: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    """Pieces of a token, parted at gaps that the recognizer has read no space in.

    Letterspaced words have gaps between single letters and stay.
    """
    single = sum(len(text) == 1 for text, *_ in pieces)
    letter = sum(end - start for _, start, end in pieces) / max(sum(len(p[0]) for p in pieces), 1)
    start = 0
    for at in range(1, len(pieces)):
        (before, _, end), (after, begin, _) = pieces[at - 1], pieces[at]
        wide = before and after and (_is_wide(before[-1]) or _is_wide(after[0]))
        if single < MAX_SINGLE and not wide and begin - end > CELL_GAP * letter:
            yield pieces[start:at]
            start = at
    yield pieces[start:]


def _divide_line(text: str) -> list[Piece]:
    words, at = [], 0
    for token in text.split():
        start = text.index(token, at)
        at = start + len(token)
        words.append((token, start / len(text), at / len(text)))
    return words


PixelPiece = tuple[str, int, int, int, int]
"""Text, left, top, width, height in pixels."""


def join_pieces(line: Sequence[PixelPiece]) -> Iterator[PixelPiece]:
    """Join pieces of CJK words: tesseract often takes a syllable of Hangul for a word."""
    gap = JOIN_GAP * median(high for *_, high in line)
    joined, left, top, wide, high = line[0]
    for text, start, above, width, tall in line[1:]:
        cjk = _is_wide(joined[-1]) or _is_wide(text[0])
        if cjk and start - (left + wide) <= gap:
            right, bottom = max(left + wide, start + width), max(top + high, above + tall)
            left, top = min(left, start), min(top, above)
            joined, wide, high = joined + text, right - left, bottom - top
        else:
            yield joined, left, top, wide, high
            joined, left, top, wide, high = text, start, above, width, tall
    yield joined, left, top, wide, high


def _is_wide(character: str) -> bool:
    """Whether a character is full-width, as Chinese, Japanese and Korean ones are."""
    return east_asian_width(character) in "WF"
