"""Claim splitting: an answer's sentences, each with the citations that follow it.

Headings, lead-ins that end in a colon and questions assert nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from generation.text.sentence import ends_sentence

LABELS = re.compile(r"\[[ \t]*\d{1,4}(?:[ \t]*,[ \t]*\d{1,4})*[ \t]*\]")
_TOKEN = re.compile(rf"{LABELS.pattern}|[^\s\[。！？]+[。！？]?|\S")
_HEADING = re.compile(r"[ \t]*(?:#{1,6}[ \t]|(?:\*\*|__)[^*_]+(?:\*\*|__)[ \t]*$)")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+")
_AFTER_LABEL = re.compile(r"[.,;:!?)。，、*_]*")


@dataclass(frozen=True, slots=True)
class CitationMarker:
    """Citation in a text: its label and quote, and where its label ends."""

    end: int
    label: int
    quote: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Claim: the characters `start` up to (not with) `end` of an answer.

    `text` is the claim without labels; `is_assertion` is False for a heading, a
    lead-in or a question.
    """

    start: int
    end: int
    text: str
    markers: tuple[CitationMarker, ...]
    is_assertion: bool


def split_claims(text: str, markers: Sequence[CitationMarker]) -> list[Claim]:
    """Split `text` into claims, in order; a lone quotation joins the one before it."""
    quotes = [span for marker in markers if (span := _quote_span(text, marker))]
    claims: list[Claim] = []
    start = 0
    for line in text.splitlines(keepends=True):
        end = start + len(line)
        inside = [marker for marker in markers if start < marker.end <= end]
        claims.extend(_claims_of_line(text, start, end, inside, quotes))
        start = end
    return claims


def _claims_of_line(
    text: str,
    start: int,
    end: int,
    markers: Sequence[CitationMarker],
    quotes: Sequence[tuple[int, int]],
) -> list[Claim]:
    heading = bool(_HEADING.match(text[start:end])) and not markers
    spans: list[tuple[int, int]] = []
    for low, high in _sentences(text, start, end, quotes):
        if spans and _only_quotes(text, low, high, quotes):
            spans[-1] = (spans[-1][0], high)
        else:
            spans.append((low, high))
    claims = []
    for low, high in spans:
        own = tuple(marker for marker in markers if low < marker.end <= high)
        plain = " ".join(LABELS.sub(" ", text[low:high]).split())
        asks = not own and plain.rstrip("*_ ").endswith((":", "：", "?", "？"))
        is_assertion = any(letter.isalnum() for letter in plain) and not heading and not asks
        claims.append(Claim(low, high, plain, own, is_assertion))
    return claims


def _sentences(
    text: str, start: int, end: int, quotes: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Sentence spans of a line; none ends in a quote, labels join the one before."""
    item = _ITEM.match(text, start, end)
    tokens = list(_TOKEN.finditer(text, item.end() if item else start, end))
    spans: list[tuple[int, int]] = []
    begin: int | None = None
    for at, token in enumerate(tokens):
        begin = token.start() if begin is None else begin
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        if following is not None:
            if LABELS.match(following[0]) or _AFTER_LABEL.fullmatch(following[0]):
                continue
            if any(low <= token.end() < high for low, high in quotes):
                continue
            word = token[0]
            if LABELS.match(word) or _AFTER_LABEL.fullmatch(word):
                word = _word_before(tokens, at) + (word if not LABELS.match(word) else "")
            if not ends_sentence(word, following[0]):
                continue
        spans.append((begin, token.end()))
        begin = None
    return spans


def _word_before(tokens: Sequence[re.Match[str]], at: int) -> str:
    """The last token before `at` that is a word, not a label or its full stop."""
    for token in reversed(tokens[:at]):
        if not LABELS.match(token[0]):
            return token[0]
    return ""


def _quote_span(text: str, marker: CitationMarker) -> tuple[int, int] | None:
    at = text.rfind(marker.quote, 0, marker.end) if marker.quote else -1
    return (at, at + len(marker.quote)) if at >= 0 else None


def _only_quotes(text: str, low: int, high: int, quotes: Sequence[tuple[int, int]]) -> bool:
    """Whether all the letters between two offsets are in quotes or labels."""
    left = list(text[low:high])
    inside = [quote for quote in quotes if low <= quote[0] and quote[1] <= high]
    for start, end in inside:
        left[start - low : end - low] = [" "] * (end - start)
    rest = LABELS.sub(" ", "".join(left))
    return bool(inside) and not any(letter.isalnum() for letter in rest)
