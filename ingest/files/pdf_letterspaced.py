"""Letterspaced lines: parts of one that MuPDF takes for lines of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_SPACED = re.compile(r"(?:\S\s+)*\S\s*")
MAX_LETTERS = 200
"""Characters of a part of a letterspaced line, at most."""
APART = 2.5
"""Gap between two parts in sizes of the font, at most: boxes of a form, a letter in each."""
SAME_LINE = 0.1
"""Parts of a line have feet that differ by less of their size, and such sizes."""


def join_spaced(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join lines of single letters side by side; each other line stays.

    Gaps between letterspaced words, and between letters in boxes of their own, are so wide
    that MuPDF parts the line there.

    Args:
        lines: of a block, as in PyMuPDF's "rawdict".
    """
    joined: list[dict[str, Any]] = []
    open_line = False
    for line in lines:
        spaced = _is_spaced(line)
        if open_line and spaced and _follows(joined[-1], line):
            joined[-1]["spans"] += [_blank(joined[-1], line), *line["spans"]]
        else:
            joined.append({**line, "spans": [*line["spans"]]} if spaced else line)
        open_line = spaced
    return joined


def _is_spaced(line: dict[str, Any]) -> bool:
    if sum(len(span["chars"]) for span in line["spans"]) > MAX_LETTERS:
        return False
    text = "".join(char["c"][:1] for span in line["spans"] for char in span["chars"])
    return bool(_SPACED.fullmatch(text))


def _follows(line: dict[str, Any], following: dict[str, Any]) -> bool:
    one, other = line["spans"][-1], following["spans"][0]
    size = one["size"]
    across, down = line["dir"]
    (x, y), (x2, y2) = one["chars"][-1]["origin"], other["chars"][0]["origin"]
    apart = abs((x2 - x) * down - (y2 - y) * across)
    same_size = abs(other["size"] - size) < SAME_LINE * size
    alone = len(one["chars"]) == len(other["chars"]) == 1
    along = (x2 - x) * across + (y2 - y) * down
    near = not alone or 0 < along < (APART + 1) * size
    same_line = line["dir"] == following["dir"] and apart < SAME_LINE * size
    return bool(same_line and same_size and near)


def _blank(line: dict[str, Any], following: dict[str, Any]) -> dict[str, Any]:
    """Span of one space in the gap between two lines."""
    last, first = line["spans"][-1], following["spans"][0]["chars"][0]
    end, start = last["chars"][-1]["bbox"], first["bbox"]
    place = (end[2], end[1], start[0], end[3])
    return {**last, "chars": [{"c": " ", "bbox": place, "origin": first["origin"]}]}
