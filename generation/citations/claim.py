"""Claim splitting: an answer's sentences, each with the citations that follow it.

Headings, lead-ins that end in a colon and questions assert nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from generation.citations.associate import CitedQuote, Span
from generation.citations.gap import is_bare
from generation.citations.labels import LABELS
from generation.text.sentence import ends_sentence

_TOKEN = re.compile(rf"{LABELS.pattern}|[^\s\[［【〔\\。！？]+[。！？]?|\S", re.IGNORECASE)
_HEADING = re.compile(r"[ \t]*(?:#{1,6}[ \t]|(?:\*\*|__)[^*_]+(?:\*\*|__)[ \t]*$)")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+")
_AFTER_LABEL = re.compile(r"[.,;:!?)。，、*_]*")


@dataclass(frozen=True, slots=True)
class Claim:
    """Claim: the characters `start` up to (not with) `end` of an answer.

    `text` is the claim without labels; `is_assertion` is False for a heading, a
    lead-in or a question.
    """

    start: int
    end: int
    text: str
    markers: tuple[CitedQuote, ...]
    is_assertion: bool


def split_claims(text: str, markers: Sequence[CitedQuote]) -> list[Claim]:
    """Split `text` into claims, in order; a lone quote joins the sentence before it.

    `markers` are the citations of the text, in the order of their labels.
    """
    quotes = _Spans([marker.span for marker in markers if marker.span])
    ends = [marker.end for marker in markers]
    claims: list[Claim] = []
    for start, end in _lines(text, markers):
        inside = markers[bisect_right(ends, start) : bisect_right(ends, end)]
        claims.extend(_claims_of_line(text, start, end, inside, quotes))
    return claims


class _Spans:
    """Spans of a text, merged where they overlap."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.merged: list[Span] = []
        for low, high in sorted(spans):
            if self.merged and low <= self.merged[-1][1]:
                self.merged[-1] = (self.merged[-1][0], max(high, self.merged[-1][1]))
            else:
                self.merged.append((low, high))
        self._lows = [low for low, _ in self.merged]

    def holds(self, at: int) -> bool:
        """Whether an offset is in a span, or at its beginning."""
        found = bisect_right(self._lows, at)
        return found > 0 and at < self.merged[found - 1][1]

    def within(self, low: int, high: int) -> Sequence[Span]:
        """Spans that begin in a part of the text."""
        first = bisect_right(self._lows, low - 1)
        return self.merged[first : bisect_right(self._lows, high - 1)]


def _lines(text: str, markers: Sequence[CitedQuote]) -> Iterator[Span]:
    """Lines; those that a citation runs over, and labels alone on a line, are one."""
    whole = _Spans(
        [(min(m.span[0], m.end), max(m.span[1], m.end)) for m in markers if m.span is not None]
    )
    start = end = 0
    for line in text.splitlines(keepends=True):
        at = end
        end += len(line)
        if at > start and not whole.holds(at) and not _is_label_alone(line):
            yield start, at
            start = at
    if end > start:
        yield start, end


def _is_label_alone(line: str) -> bool:
    bare, count = LABELS.subn(" ", line)
    return count > 0 and is_bare(bare)


def _claims_of_line(
    text: str, start: int, end: int, markers: Sequence[CitedQuote], quotes: _Spans
) -> list[Claim]:
    heading = bool(_HEADING.match(text[start:end])) and not markers
    spans: list[Span] = []
    was_quote = True
    leading = {marker.end for marker in markers if marker.span and marker.span[0] >= marker.end}
    for low, high in _sentences(text, start, end, quotes, leading):
        is_quote = _only_quotes(text, low, high, quotes)
        if is_quote and not was_quote:
            spans[-1] = (spans[-1][0], high)
        else:
            spans.append((low, high))
        was_quote = is_quote
    ends = [marker.end for marker in markers]
    claims = []
    for low, high in spans:
        own = tuple(markers[bisect_right(ends, low) : bisect_right(ends, high)])
        plain = " ".join(LABELS.sub(" ", text[low:high]).split())
        asks = not own and plain.rstrip("*_ ").endswith((":", "：", "?", "？"))
        is_assertion = any(letter.isalnum() for letter in plain) and not heading and not asks
        claims.append(Claim(low, high, plain, own, is_assertion))
    return claims


def _sentences(
    text: str, start: int, end: int, quotes: _Spans, leading: Collection[int]
) -> list[Span]:
    """Sentence spans of a line; none ends in a quote, labels join the one before.

    `leading` are the ends of labels that stand before their quote; these begin one.
    """
    item = _ITEM.match(text, start, end)
    tokens = list(_TOKEN.finditer(text, item.end() if item else start, end))
    spans: list[Span] = []
    begin: int | None = None
    last_word = ""
    for at, token in enumerate(tokens):
        begin = token.start() if begin is None else begin
        is_label = bool(LABELS.match(token[0]))
        after_label = bool(_AFTER_LABEL.fullmatch(token[0]))
        word = last_word + ("" if is_label else token[0]) if is_label or after_label else token[0]
        last_word = last_word if is_label else token[0]
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        if following is not None:
            joins = following.end() not in leading and LABELS.match(following[0])
            if joins or _AFTER_LABEL.fullmatch(following[0]):
                continue
            if quotes.holds(token.end()) or not ends_sentence(word, following[0]):
                continue
        spans.append((begin, token.end()))
        begin = None
    return spans


def _only_quotes(text: str, low: int, high: int, quotes: _Spans) -> bool:
    """Whether all the letters between two offsets are in quotes or labels."""
    inside = [span for span in quotes.within(low, high) if span[1] <= high]
    rest, at = "", low
    for start, end in inside:
        rest += text[at:start] + " "
        at = end
    rest = LABELS.sub(" ", rest + text[at:high])
    return bool(inside) and not any(letter.isalnum() for letter in rest)
