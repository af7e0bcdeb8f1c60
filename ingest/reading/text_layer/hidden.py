"""Hidden text layers over scans: the words that another OCR has read, without ink.

They are compared with our own reading of a sample of lines. A layer that is as good
stays, and its words are the print of the scan.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingest.ocr.corners import length_of
from ingest.ocr.ocr import Ocr
from ingest.page import Box
from ingest.reading.text_layer.letter_likelihood import letter_likelihood, script_of
from ingest.reading.text_layer.ocr_lines import Found, centers
from ingest.reading.text_layer.similarity import differences, letters_of
from ingest.reading.text_line import LineWord

SAMPLE = 6
"""Lines that are read to compare."""
SURE_SCORE = 0.85
"""Confidence of our reading, at least, to be taken for the better one."""
FEWEST_DIFFERENT = 3
"""Words of the sample that differ, at least,"""
LEAST_DIFFERENT = 0.05
"""and their share of the layer's words."""
MORE_LIKELY = 0.25
"""Nats a letter by which our reading must be more likely."""
MISPLACED = 0.4
"""Share of a layer's words that differ, from which it belongs to other places of the page."""
FEW_LETTERS = 0.5
"""Letters of the layer for each of ours; with fewer it is signs, or lacks lines."""
SLACK = 0.004
"""Share of the page by which a layer's words may lie beside the print."""


def words_on(words: Sequence[LineWord], boxes: Sequence[Box]) -> list[LineWord]:
    """Words whose center lies in one of some boxes."""
    x, y = centers([word.box for word in words])
    inside = np.zeros(len(words), dtype=np.bool_)
    for left, top, right, bottom in boxes:
        across = (left - SLACK <= x) & (x <= right + SLACK)
        inside |= across & (top - SLACK <= y) & (y <= bottom + SLACK)
    return [words[at] for at in np.flatnonzero(inside).tolist()]


def is_worse(ocr: Ocr, found: Found, words: Sequence[LineWord]) -> bool:
    """Whether a hidden layer's words are a worse reading than our own."""
    pairs = [
        (line, inside)
        for line, box in zip(found.lines, found.boxes(), strict=True)
        if (inside := words_on(words, [box]))
    ]
    pairs.sort(key=lambda pair: length_of(pair[0]), reverse=True)
    pairs = pairs[:SAMPLE]
    if not pairs:
        return False
    read = ocr.recognize(found.image, [line for line, _ in pairs])
    letters = sum(len(line.text) for line in read)
    score = sum(line.score * len(line.text) for line in read) / max(letters, 1)
    if score < SURE_SCORE:
        return False
    ours = " ".join(line.text for line in read)
    theirs = " ".join(word.text for _, inside in pairs for word in inside)
    if len(letters_of(theirs)) < FEW_LETTERS * len(letters_of(ours)):
        return True
    differ = [(" ".join(a), " ".join(b)) for a, b in differences(ours.split(), theirs.split())]
    wrong = sum(len(b.split()) for _, b in differ)
    if wrong < FEWEST_DIFFERENT or wrong < LEAST_DIFFERENT * len(theirs.split()):
        return False
    likely = letter_likelihood(" ".join(a for a, _ in differ))
    given = letter_likelihood(" ".join(b for _, b in differ))
    if likely and given and wrong > MISPLACED * len(theirs.split()):
        # Both are a language, but the layer's words are not those of their places.
        return likely > given - MORE_LIKELY
    if given is None:
        return not script_of(theirs) and likely is not None
    return likely is not None and likely > given + MORE_LIKELY
