"""Read citations out of an answer's text while it is still coming.

The one syntax, for every model: `"quote" [1]`, in straight or curly quotation
marks, several a line; `[1]` alone names a page, `[1, 2]` and `[1][2]` share a
quote. Reads a character at a time and never looks ahead, so however the text
is cut into pieces the citations are the same. Does not know what is printed:
whether a quote is true is asked of the `verify` handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Marked = tuple[int, str]
"""A label and the quote it stands behind ("" for none)."""

MOST_READINGS = 8
"""Ways to read where a quote with quotation marks inside begins, that are tried."""

_CLOSING = {"”": "“", "»": "«", "」": "「"}
_OPENING = frozenset(_CLOSING.values())
_BEFORE_OPENING = frozenset(" \t\u00a0\u3000([{（【-–—/:：，、。")
_LABEL = re.compile(r"\[[ \t]*(\d{1,4}(?:[ \t]*,[ \t]*\d{1,4})*)[ \t]*\]$")
_LONGEST_LABEL = 64
_BETWEEN_LABELS = re.compile(r"[ \t,;、]*")
_AFTER_QUOTE = re.compile(r"[ \t.,;:!?)。，、）]*$")


@dataclass(slots=True)
class CitationReader:
    """Feed it text; it gives citations back as their labels close.

    Args:
        proves: whether a quote is printed on the page with this label. Where
            quotation marks inside a quote leave doubt about its beginning, the
            longest reading that is proven is taken.
    """

    verify: Callable[[int, str], bool]
    _line: str = ""
    _open: list[int] = field(default_factory=list)
    _begun: list[int] = field(default_factory=list)
    _closed: tuple[int, int] | None = None
    _held: list[tuple[int, str]] = field(default_factory=list)
    _label_end: int = 0
    _quote: str = ""

    def read(self, piece: str) -> Iterator[Marked]:
        """Citations that `piece` completes."""
        for letter in piece:
            if letter in "\r\n":
                yield from self.close()
            else:
                yield from self._step(letter)

    def close(self) -> Iterator[Marked]:
        """End the line. Labels inside a quote that was never closed count after all."""
        for _, labels in self._held:
            yield from _each(labels, "")
        self._line, self._quote, self._closed, self._label_end = "", "", None, 0
        self._open, self._begun, self._held = [], [], []

    def _step(self, letter: str) -> Iterator[Marked]:
        at = len(self._line)
        before = self._line[-1:] or " "
        self._line += letter
        if letter in _OPENING or (
            letter == '"' and (before in _BEFORE_OPENING or before in _OPENING)
        ):
            self._open.append(at)
            self._begun.append(at)
        elif letter == '"' or letter in _CLOSING:
            self._shut(at, _CLOSING.get(letter, '"'))
        elif letter == "]" and (found := _LABEL.search(self._line, max(0, at - _LONGEST_LABEL))):
            if self._open:
                self._held.append((at, found[1]))
            else:
                yield from self._cite(found.start(), found[1])

    def _shut(self, at: int, opening: str) -> None:
        """Close the innermost quote that `opening` began, and any left open inside it."""
        for depth in range(len(self._open) - 1, -1, -1):
            start = self._open[depth]
            if self._line[start] == opening:
                del self._open[depth:]
                self._closed = (start, at)
                self._held = [label for label in self._held if label[0] < start]
                return
        if opening == '"':
            # It closes nothing, so it may have been an opening one after a letter (그는"...").
            self._begun.append(at)

    def _cite(self, at: int, labels: str) -> Iterator[Marked]:
        if not (self._label_end and _BETWEEN_LABELS.fullmatch(self._line, self._label_end, at)):
            self._quote = self._quote_before(at, int(labels.split(",")[0]))
        self._label_end = len(self._line)
        self._begun = []
        yield from _each(labels, self._quote)

    def _quote_before(self, at: int, label: int) -> str:
        gap = _AFTER_QUOTE.search(self._line, self._label_end, at)
        end = (gap.start() if gap else at) - 1
        if end < self._label_end or self._line[end] not in ('"', *_CLOSING):
            return ""
        opening = _CLOSING.get(self._line[end], '"')
        plain = [self._closed[0]] if self._closed and self._closed[1] == end else []
        others = [s for s in self._begun if s < end and self._line[s] == opening and s not in plain]
        readings = [
            quote
            for start in plain + (others if not plain else sorted(others))[:MOST_READINGS]
            if (quote := self._line[start + 1 : end].strip())
        ]
        proven = [quote for quote in readings if self.verify(label, quote)]
        if proven:
            return max(proven, key=len)
        return readings[0] if plain and readings else readings[-1] if readings else ""


def _each(labels: str, quote: str) -> Iterator[Marked]:
    for label in labels.split(","):
        yield int(label), quote
