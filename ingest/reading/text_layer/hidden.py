"""Hidden text layers over scans: the words that another OCR has read, without ink.

They are compared with our own reading of a sample of lines. A layer that is as good
stays, and its words are the print of the scan.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest.box import contains_center, expand
from ingest.ocr.corners import length_of
from ingest.ocr.ocr import Ocr
from ingest.page import Box
from ingest.reading.text_layer.letter_likelihood import letter_likelihood, script_of
from ingest.reading.text_layer.ocr_lines import Found
from ingest.reading.text_layer.similarity import similarity
from ingest.reading.text_line import LineWord

SAMPLE = 6
"""Lines that are read to compare."""
SURE_SCORE = 0.85
"""Confidence of our reading, at least, to be taken for the better one."""
SAME = 0.92
"""Share of letters in common with which a layer stays."""
MORE_LIKELY = 0.25
"""Nats a letter by which our reading must be more likely."""
SLACK = 0.004
"""Share of the page by which a layer's words may lie beside the print."""


def words_on(words: Sequence[LineWord], boxes: Sequence[Box]) -> list[LineWord]:
    """Words whose center lies in one of some boxes."""
    wide = [expand(box, SLACK) for box in boxes]
    return [word for word in words if any(contains_center(box, word.box) for box in wide)]


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
    if similarity(ours, theirs) >= SAME:
        return False
    likely, given = letter_likelihood(ours), letter_likelihood(theirs)
    if given is None:
        return not script_of(theirs) and likely is not None
    return likely is not None and likely > given + MORE_LIKELY
