"""Citation parser: labels and quotes from an answer's streamed text.

The one syntax, for every model: `"quote" [1]`, in straight or curly quotation
marks, several a line; `[1]` alone names a page, `[1, 2]` and `[1][2]` share a
quote. The parser takes a character at a time and never looks ahead, so
however the text is cut into pieces the citations are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

CitedQuote = tuple[int, str]
"""A label and the quote before it, "" for none."""

MAX_STARTS = 8
"""Beginnings that are tried for a quote with quotation marks inside."""

_CLOSING = {"”": "“", "»": "«", "」": "「"}
_OPENING = frozenset(_CLOSING.values())
_BEFORE_OPENING = frozenset(" \t\u00a0\u3000([{（【-–—/:：，、。")
_LABEL = re.compile(r"\[[ \t]*(\d{1,4}(?:[ \t]*,[ \t]*\d{1,4})*)[ \t]*\]$")
_LONGEST_LABEL = 64
_BETWEEN_LABELS = re.compile(r"[ \t,;、]*")
_AFTER_QUOTE = re.compile(r"[ \t.,;:!?)。，、）]*$")


@dataclass(slots=True)
class CitationParser:
    """Streaming parser that yields each citation once its label closes.

    Args:
        verify: whether a quote is printed on the page with this label. Where
            quotation marks inside a quote make its beginning ambiguous, the
            longest candidate that is printed is taken.
    """

    verify: Callable[[int, str], bool]
    _line: str = ""
    _open: list[int] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)
    _closed: tuple[int, int] | None = None
    _pending: list[tuple[int, str]] = field(default_factory=list)
    _label_end: int = 0
    _quote: str = ""

    def feed(self, piece: str) -> Iterator[CitedQuote]:
        """Parse a piece of text; give the citations that it completes."""
        for letter in piece:
            if letter in "\r\n":
                yield from self.close()
            else:
                yield from self._step(letter)

    def close(self) -> Iterator[CitedQuote]:
        """End the line; labels inside a quote that was never closed count after all."""
        for _, labels in self._pending:
            yield from _split_labels(labels, "")
        self._line, self._quote, self._closed, self._label_end = "", "", None, 0
        self._open, self._starts, self._pending = [], [], []

    def _step(self, letter: str) -> Iterator[CitedQuote]:
        at = len(self._line)
        before = self._line[-1:] or " "
        self._line += letter
        if letter in _OPENING or (
            letter == '"' and (before in _BEFORE_OPENING or before in _OPENING)
        ):
            self._open.append(at)
            self._starts.append(at)
        elif letter == '"' or letter in _CLOSING:
            self._close_quote(at, _CLOSING.get(letter, '"'))
        elif letter == "]" and (found := _LABEL.search(self._line, max(0, at - _LONGEST_LABEL))):
            if self._open:
                self._pending.append((at, found[1]))
            else:
                yield from self._cite(found.start(), found[1])

    def _close_quote(self, at: int, opening: str) -> None:
        """Close the innermost quote that `opening` began, and any left open inside it."""
        for depth in range(len(self._open) - 1, -1, -1):
            start = self._open[depth]
            if self._line[start] == opening:
                del self._open[depth:]
                self._closed = (start, at)
                self._pending = [label for label in self._pending if label[0] < start]
                return
        if opening == '"':
            # It closes nothing, so it may have been an opening one after a letter (그는"...").
            self._starts.append(at)

    def _cite(self, at: int, labels: str) -> Iterator[CitedQuote]:
        if not (self._label_end and _BETWEEN_LABELS.fullmatch(self._line, self._label_end, at)):
            self._quote = self._quote_before(at, int(labels.split(",")[0]))
        self._label_end = len(self._line)
        self._starts = []
        yield from _split_labels(labels, self._quote)

    def _quote_before(self, at: int, label: int) -> str:
        gap = _AFTER_QUOTE.search(self._line, self._label_end, at)
        end = (gap.start() if gap else at) - 1
        if end < self._label_end or self._line[end] not in ('"', *_CLOSING):
            return ""
        opening = _CLOSING.get(self._line[end], '"')
        plain = [self._closed[0]] if self._closed and self._closed[1] == end else []
        others = [
            s for s in self._starts if s < end and self._line[s] == opening and s not in plain
        ]
        candidates = [
            quote
            for start in plain + (others if not plain else sorted(others))[:MAX_STARTS]
            if (quote := self._line[start + 1 : end].strip())
        ]
        printed = [quote for quote in candidates if self.verify(label, quote)]
        if printed:
            return max(printed, key=len)
        return candidates[0] if plain and candidates else candidates[-1] if candidates else ""


def _split_labels(labels: str, quote: str) -> Iterator[CitedQuote]:
    for label in labels.split(","):
        yield int(label), quote
