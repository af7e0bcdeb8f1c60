"""Vertical print: characters one below the other joined to lines, right to left."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import numpy as np

from ingest.box import union_box
from ingest.reading.text_line import LineWord, TextLine

MIN_STACK = 3
"""Characters of a vertical line, at least."""
MAX_SINGLE = 5_000
"""Single characters of a page, at most, among which vertical lines are looked for."""
LYING = 90
"""Direction of what lies on its side within vertical print, in degrees clockwise."""
MAX_STEP = 2.0
"""Distance of two characters of a vertical line in their height, at most."""
MAX_PITCH = 4.0
"""Two lines side by side are together as wide as so many characters, at most."""
LEVEL, MIN_CELLS = 0.15, 0.8
"""A character is in a row where its middle and that of a line beside it differ by less of its
height; share of the characters that are, where they are cells below each other."""
SAME_COLUMN = 0.4
"""Characters are in one column where their middles differ by less of their width."""


def join_vertical(lines: Sequence[TextLine], aspect: float) -> list[TextLine]:
    """Join single characters that are read downwards; other lines stay.

    Only wide characters (Chinese, Japanese, Korean) with their punctuation, not bullets,
    and numbers and words in other letters that lie on their side among them; and only where
    the next one below is nearer than the next one beside. Those that begin rows of a table,
    such as days, stay too. `aspect` is the page's width over its height.
    """
    single = [at for at, line in enumerate(lines) if _is_single(line)]
    if not MIN_STACK <= len(single) <= MAX_SINGLE:
        return list(lines)
    single = sorted([*single, *(at for at, line in enumerate(lines) if _lies(line))])
    every = _stacks(lines, single)
    stacks = [stack for stack in every if _is_text(lines, stack)]
    stacks = _without_cells(lines, stacks) if stacks else []
    if not stacks or not _reads_down(lines, stacks, aspect):
        return list(lines)
    stacks += [stack for stack in every if _ends_text(lines, stack, stacks)]
    first = {stack[0]: stack for stack in stacks}
    used = {at for stack in stacks for at in stack}
    joined: list[TextLine] = []
    for at, line in enumerate(lines):
        if at in first:
            joined.append(_join([lines[n].words[0] for n in first[at]], line))
        elif at not in used:
            joined.append(line)
    return joined


def _is_single(line: TextLine) -> bool:
    if line.vertical or line.angle or len(line.words) != 1:
        return False
    text = line.words[0].text
    return len(text) == 1 and (
        unicodedata.east_asian_width(text) in "WF" or unicodedata.category(text)[0] == "P"
    )


def _lies(line: TextLine) -> bool:
    """Whether a line may lie on its side within vertical print: a number, a word, a sign."""
    return line.angle == LYING and len(line.words) == 1 and not line.vertical


def _is_text(lines: Sequence[TextLine], stack: Sequence[int]) -> bool:
    """Whether a stack is long enough, and mostly of letters."""
    upright = [lines[at].text for at in stack if not lines[at].angle]
    return len(upright) >= MIN_STACK and 2 * sum(map(str.isalnum, upright)) > len(upright)


def _without_cells(lines: Sequence[TextLine], stacks: Sequence[list[int]]) -> list[list[int]]:
    """Stacks without those whose characters each have a line of a row beside them."""
    single = {at for stack in stacks for at in stack}
    beside = [
        line
        for at, line in enumerate(lines)
        if at not in single and not (line.angle or line.vertical)
    ]
    boxes = np.array([line.box for line in beside]).reshape(-1, 4)
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    order = np.argsort(middles, kind="stable")
    middles, boxes = middles[order], boxes[order]

    def is_cell(at: int) -> bool:
        left, top, right, bottom = lines[at].box
        middle, slack = (top + bottom) / 2, LEVEL * (bottom - top)
        low, high = np.searchsorted(middles, (middle - slack, middle + slack))
        return bool(((boxes[low:high, 0] >= right) | (boxes[low:high, 2] <= left)).any())

    def are_cells(stack: Sequence[int]) -> bool:
        boxes = [lines[at].box for at in stack]
        steps = [(b[1] - a[1]) / (a[3] - a[1]) for a, b in pairwise(boxes)]
        return median(steps) > 1 and sum(map(is_cell, stack)) >= MIN_CELLS * len(stack)

    return [stack for stack in stacks if not are_cells(stack)]


def _ends_text(
    lines: Sequence[TextLine], stack: Sequence[int], stacks: Sequence[Sequence[int]]
) -> bool:
    """Whether one or two characters are the last line of a text: at its height, to its left."""
    if len(stack) >= MIN_STACK or not any(
        lines[at].text.isalnum() and not lines[at].angle for at in stack
    ):
        return False
    left, top, right, bottom = lines[stack[0]].box
    return any(
        abs(box[1] - top) < SAME_COLUMN * (bottom - top)
        and right - left <= box[2] - left <= MAX_PITCH * (right - left)
        for box in (lines[other[0]].box for other in stacks)
        if box[0] > left
    )


def _stacks(lines: Sequence[TextLine], single: Sequence[int]) -> list[list[int]]:
    """Characters below each other, each list from the top."""
    boxes = np.array([lines[at].box for at in single])
    middles = (boxes[:, 0] + boxes[:, 2]) / 2
    stacks: list[list[int]] = []
    open_stacks: list[tuple[float, float, float, list[int]]] = []
    for n in np.argsort(boxes[:, 1], kind="stable").tolist():
        left, top, right, bottom = boxes[n]
        height = bottom - top
        for i, (middle, last, end, stack) in enumerate(open_stacks):
            near = abs(middle - middles[n]) < SAME_COLUMN * (right - left)
            if near and top > last and top - end <= (MAX_STEP - 1) * min(height, end - last):
                stack.append(single[n])
                open_stacks[i] = (middle, top, bottom, stack)
                break
        else:
            stack = [single[n]]
            stacks.append(stack)
            open_stacks.append((middles[n], top, bottom, stack))
        open_stacks = [each for each in open_stacks if top - each[2] <= 2 * height]
    return stacks


def _reads_down(lines: Sequence[TextLine], stacks: Sequence[Sequence[int]], aspect: float) -> bool:
    """Whether characters are closer to those below than to those beside."""
    steps = [
        lines[after].box[1] - lines[before].box[1]
        for stack in stacks
        for before, after in pairwise(stack)
    ]
    middles = sorted({round((lines[s[0]].box[0] + lines[s[0]].box[2]) / 2, 3) for s in stacks})
    apart = [(after - before) * aspect for before, after in pairwise(middles)]
    return not apart or median(steps) < 0.95 * median(apart)


def _join(words: Sequence[LineWord], line: TextLine) -> TextLine:
    text = "".join(word.text for word in words)
    box = union_box([word.box for word in words])
    hidden = all(word.hidden for word in words)
    word = LineWord(text, box, words[0].font, words[0].size, hidden=hidden)
    return TextLine((word,), vertical=True, origin=line.origin)
