"""Citation parser: labels and quotes from an answer's streamed text.

Models are told to write `"quote" [1]`. They write much else, which is read too:
see `marks` (quotation marks), `labels` (forms of a label), `gap` (what may stand
between them) and `associate` (which quote belongs to which label). The text is
read in blocks, mostly lines; a quote's citation is given as soon as a word
follows its label. What is read does not depend on how the text is cut into pieces.
"""

from __future__ import annotations

from collections.abc import Iterator

from generation.citations.associate import CitedQuote, Reading, Verify, read_block
from generation.citations.gap import MAX_GAP, is_first_word
from generation.citations.labels import CLOSING_BRACKETS

MAX_LINES = 4
"""Lines of a block: over as many a quote may run."""

MAX_BLOCK = 20_000
"""Characters of a block, after which it is read as it is."""


class CitationParser:
    """Streaming parser of citations.

    Args:
        verify: whether a quote is printed on the page with this label. It decides
            where marks or labels are ambiguous.

    Attributes:
        lines_end: offset in the text up to which lines have been read.
    """

    def __init__(self, verify: Verify) -> None:
        self._verify = verify
        self._pieces: list[str] = []
        self._size = 0
        self._base = 0
        self._lines = 0
        self._last_line = True  # The line so far is blank.
        self._at_line_start = True
        self._label_end = 0
        self._failed = 0
        self._before = ""
        self.lines_end = 0

    def feed(self, piece: str) -> Iterator[CitedQuote]:
        """Parse a piece of text; give the citations that it completes."""
        for letter in piece:
            self._pieces.append(letter)
            self._size += 1
            if letter == "\n":
                yield from self._end_line()
            elif letter in CLOSING_BRACKETS:
                self._label_end = self._size
            elif self._label_end and not letter.isalnum() and self._before.isalnum():
                yield from self._end_word()
            if letter not in "\n \t\r>":
                self._last_line = False
            self._before = letter

    def close(self) -> Iterator[CitedQuote]:
        """End the text; give the citations that are left."""
        yield from self._take(self._read(), self._size)
        self.lines_end = self._base

    def _end_line(self) -> Iterator[CitedQuote]:
        """End a line, and the block where nothing can go on in the next."""
        self._lines += 1
        blank, self._last_line = self._last_line, True
        reading = self._read()
        is_whole = blank or self._lines >= MAX_LINES or self._size > MAX_BLOCK
        if is_whole or not reading.waits:
            yield from self._take(reading, self._size)
            self.lines_end = self._base
            self._lines, self._at_line_start = 0, True

    def _end_word(self) -> Iterator[CitedQuote]:
        """Give the citations up to a label that a word follows, if it has a quote before it."""
        end, self._label_end = self._label_end, 0
        rest = "".join(self._pieces[end : end + MAX_GAP])
        if self._size < 2 * self._failed or self._size - end > MAX_GAP or not is_first_word(rest):
            return
        reading = self._read(end)
        if reading.is_quoted:
            yield from self._take(reading, end)
            self._at_line_start = False
        else:
            self._failed = self._size

    def _read(self, end: int | None = None) -> Reading:
        text = "".join(self._pieces[:end])
        return read_block(text, self._verify, at_line_start=self._at_line_start)

    def _take(self, reading: Reading, end: int) -> Iterator[CitedQuote]:
        """Give a reading's citations and go on after `end`."""
        base = self._base
        del self._pieces[:end]
        self._base += end
        self._size -= end
        self._failed = self._label_end = 0
        for cited in reading.citations:
            yield cited.shifted(base)
