"""Orientation: the direction in which each line of an image is printed.

The detector gives rectangles without a direction. Wide ones are read as they are or
upside down, tall ones up, down, or as vertical Chinese or Japanese: a sample is read
each way, and what is read well is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from PIL import Image

from ingest.ocr.corners import Corners, angle_of, height_of, length_of, turn_corners
from ingest.ocr.ocr import Ocr, OcrLine

SAMPLE = 4
"""Lines of a group that are read to tell its direction."""
LONG = 1.5
"""Length of a line in heights; shorter ones have no direction of their own."""
SURE_SCORE = 0.9
"""Confidence of a sample with which no other direction is tried."""
FEWEST_LETTERS = 0.8
"""Characters in a line's height; one that is read the wrong way gives fewer."""
CLEAR = 1.5
"""How much better another direction must be read."""
LEAST_SCORE = 0.8
"""Confidence below which a sample says nothing: the script may be one that is not read."""
SAME_VERTICAL = 0.7
"""Share of a column that is also read from its characters side by side, if it is vertical."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """Directions of the lines of an image, in the order in which they were found.

    `quarters` is the direction of most print, in quarters of a turn clockwise, and
    `skew` how much further it is turned, in degrees. `vertical` lines have upright
    letters one below the other.
    """

    lines: tuple[Corners, ...]
    vertical: tuple[bool, ...]
    quarters: int
    skew: float


def orient(ocr: Ocr, image: Image.Image, lines: Sequence[Corners]) -> Orientation:
    """Tell the direction of each line, as `Ocr.detect` finds them."""
    wide = [at for at, line in enumerate(lines) if length_of(line) >= LONG * height_of(line)]
    tall = [at for at, line in enumerate(lines) if height_of(line) >= LONG * length_of(line)]
    across = _direction(ocr, image, [lines[at] for at in wide], (0, 2))
    down = _direction(ocr, image, [lines[at] for at in tall], (1, 3))
    upright = bool(tall) and _is_vertical(ocr, image, [lines[at] for at in tall])
    ink = [sum(area_of(lines[at]) for at in group) for group in (wide, tall)]
    main = across if ink[0] >= ink[1] or upright else down
    directions = [main] * len(lines)
    for group, quarters in ((wide, across), (tall, 1 if upright else down)):
        for at in group:
            directions[at] = quarters
    turned = [turn_corners(line, q) for line, q in zip(lines, directions, strict=True)]
    return Orientation(
        tuple(turned),
        tuple(upright and at in set(tall) for at in range(len(lines))),
        main,
        _skew([lines[at] for at in (*wide, *tall)]),
    )


def area_of(line: Corners) -> float:
    """Area of a line in pixels."""
    return length_of(line) * height_of(line)


def _direction(
    ocr: Ocr, image: Image.Image, lines: Sequence[Corners], ways: tuple[int, int]
) -> int:
    """The way of two in which a group of lines is read better; the first where neither is."""
    if not lines:
        return ways[0]
    sample = _longest(lines)
    first = _read(ocr, image, sample, ways[0])
    if _mean_score(first) >= SURE_SCORE and _has_letters(first, sample):
        return ways[0]
    second = _read(ocr, image, sample, ways[1])
    better = _weight(second) > CLEAR * _weight(first) and _mean_score(second) >= LEAST_SCORE
    return ways[1] if better else ways[0]


def _longest(lines: Sequence[Corners]) -> list[Corners]:
    longest = sorted(lines, key=lambda line: max(length_of(line), height_of(line)), reverse=True)
    return longest[:SAMPLE]


def _read(
    ocr: Ocr, image: Image.Image, lines: Sequence[Corners], quarters: int
) -> Sequence[OcrLine]:
    return ocr.recognize(image, [turn_corners(line, quarters) for line in lines])


def _weight(lines: Sequence[OcrLine]) -> float:
    return sum(line.weight for line in lines)


def _mean_score(lines: Sequence[OcrLine]) -> float:
    """Confidence, by characters."""
    letters = [sum(len(word.text) for word in line.words) for line in lines]
    scores = [line.score for line in lines]
    return float(np.average(scores, weights=letters)) if sum(letters) else 0.0


def _has_letters(read: Sequence[OcrLine], lines: Sequence[Corners]) -> bool:
    """Whether as many characters were read as lines of this length have."""
    sides = [sorted((length_of(line), height_of(line))) for line in lines]
    expected = sum(long / max(short, 1) for short, long in sides)
    return sum(len(word.text) for line in read for word in line.words) >= FEWEST_LETTERS * expected


def _is_vertical(ocr: Ocr, image: Image.Image, lines: Sequence[Corners]) -> bool:
    """Whether tall lines are columns of upright Chinese or Japanese characters.

    Print on its side is also read as such. Only characters of a column can be read
    one by one as they stand.
    """
    sample = _longest(lines)
    whole = _read(ocr, image, sample, 1)
    texts = ["".join(word.text for word in line.words) for line in whole]
    if not any(map(_is_cjk, "".join(texts))):
        return False
    cells = [
        cell for line, text in zip(sample, texts, strict=True) for cell in _cells(line, len(text))
    ]
    single = "".join(line.text for line in ocr.recognize(image, cells[: 4 * SAMPLE]) if line.words)
    wanted = set("".join(texts))
    found = sum(c in wanted for c in single if _is_cjk(c))
    return found >= SAME_VERTICAL * min(len(cells), 4 * SAMPLE) * _cjk_share("".join(texts))


def _cells(line: Corners, count: int) -> list[Corners]:
    """A tall line in `count` cells of the same height, from top to bottom."""
    if not count:
        return []
    down = (line[3] - line[0]) / count
    return [
        np.stack([line[0] + at * down, line[1] + at * down, line[1] + (at + 1) * down,
                  line[0] + (at + 1) * down]).astype(np.float32)
        for at in range(count)
    ]  # fmt: skip


def _is_cjk(character: str) -> bool:
    return "\u3040" <= character <= "\u30ff" or "\u4e00" <= character <= "\u9fff"


def _cjk_share(text: str) -> float:
    return sum(map(_is_cjk, text)) / max(len(text), 1)


def _skew(lines: Sequence[Corners]) -> float:
    """How far long lines are turned from the nearest quarter, in degrees clockwise."""
    long = [
        line
        for line in lines
        if max(length_of(line), height_of(line)) >= 4 * min(length_of(line), height_of(line))
    ]
    return median(map(angle_of, long)) if long else 0.0
