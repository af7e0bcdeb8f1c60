"""Words as printed: without reference marks, words broken at line ends joined."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ingest.box import gap_between, union_box
from ingest.page import Box, Word, WordRole
from ingest.reading.spelling.hyphen import SOFT, drop_soft_hyphens, join_broken
from ingest.reading.spelling.superscript import (
    attach_power,
    attach_superscript,
    read_superscript,
)
from ingest.reading.text_line import LineWord

ATTACHED = 0.6
"""A superscript belongs to the word before it where it is nearer than this many heights."""
DROP_CAP = 1.8
"""A capital is so many times as large as the rest of its word, at least."""
_EQUATION = frozenset("=+-−±×·≈≤≥<>≠")


def read_line(words: Sequence[LineWord]) -> list[LineWord]:
    """Words of a line without reference marks; exponents are joined to their base."""
    found: list[LineWord] = []
    mark: LineWord | None = None
    for word in words:
        if word.raised and found and _is_attached(found[-1], word):
            whole = attach_superscript(found[-1].text, word.text)
            if whole is None and len(found) > 1 and found[-2].text in _EQUATION:
                whole = attach_power(found[-1].text, word.text)
            if whole is not None:
                found[-1] = _with_text(found[-1], whole, word.box)
            mark = word
            continue
        text = drop_soft_hyphens(read_superscript(word.text))
        # What follows a mark without a blank is the rest of the word: "word³," or "10⁶/s".
        if mark and found and _touches(mark, word) and not word.raised:
            found[-1] = _with_text(found[-1], found[-1].text + text, word.box)
        elif found and _is_drop_cap(found[-1], word):
            found[-1] = _with_text(word, found[-1].text + text, found[-1].box)
        else:
            found.append(LineWord(text, word.box, word.font, word.size, word.raised, word.hidden))
        mark = None
    return found


def _with_text(word: LineWord, text: str, box: Box) -> LineWord:
    return LineWord(
        text, union_box([word.box, box]), word.font, word.size, word.raised, word.hidden
    )


def _is_attached(word: LineWord, mark: LineWord) -> bool:
    return gap_between(word.box, mark.box) < ATTACHED * (word.box[3] - word.box[1])


def _is_drop_cap(cap: LineWord, word: LineWord) -> bool:
    """Whether a large capital is the first letter of the word after it."""
    if not (len(cap.text) == 1 and cap.text.isupper() and word.text[:1].isalpha()):
        return False
    return cap.size > DROP_CAP * word.size > 0 and gap_between(cap.box, word.box) < 0.3 * (
        word.box[3] - word.box[1]
    )


def _touches(word: LineWord, following: LineWord) -> bool:
    return gap_between(word.box, following.box) < 0.08 * (word.box[3] - word.box[1])


def print_words(
    lines: Sequence[Sequence[LineWord]], block: int, role: WordRole, printed: Collection[str]
) -> list[Word]:
    """Words of a block, from its lines.

    Args:
        printed: words of the page, case folded; they tell which hyphens are part of a word.
    """
    words: list[Word] = []
    for line in lines:
        ends_open = bool(words)
        for word in read_line(line):
            if ends_open:
                ends_open = False
                if role == "row" and word.box[0] > words[-1].box[2]:  # the next cell
                    words.append(Word(word.text, word.box, block, role))
                    continue
                whole = join_broken(words[-1].text, word.text, printed)
                if whole is not None and words[-1].rest is None:
                    words[-1] = Word(whole, words[-1].box, block, role, word.box)
                    continue
            words.append(Word(word.text, word.box, block, role))
    return [_without_soft(word) for word in words]


def _without_soft(word: Word) -> Word:
    """Word whose soft hyphen at the end joined nothing."""
    if not word.text.endswith(SOFT):
        return word
    return Word(word.text[:-1] + "-", word.box, word.block, word.role, word.rest)
