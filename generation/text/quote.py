"""Quote matching: approximate search of a quote among a page's printed words.

Letters may differ by one edit in `EDIT_EVERY` characters, since OCR misreads;
numbers must match exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from generation.text.normalize import NormalizedText, normalize_words
from ingest.page import Box, Word
from ingest.reading.line import split_lines

EDIT_EVERY = 10
"""A quote may differ by one inserted, deleted or changed character in this many."""

MIN_CHARS = 2
"""A quote with fewer letters and digits than this is never found."""

MAX_FUZZY_CHARS = 1_000
"""A longer quote must match exactly."""

MAX_CANDIDATES = 64
"""Candidate positions that are compared before a quote counts as not found."""

_EDGES = ".,;:…!?'/|。、 "
_SEPARATORS = ",;:：；，、|"
_LONE_SEPARATORS = frozenset("=→·•")
_GLUED = re.compile(r"\s+|[|→]|(?<=[^\W\d])[:：](?=\d)")
_UNITS = np.array([ord(unit) for unit in "%‰£$€¥₩¢"], np.int32)
_NEVER = 1 << 11
"""The cost of an edit to a number: more than any quote is allowed, yet sums of it fit 32 bits."""


def find_quote(quote: str, words: Sequence[Word]) -> tuple[int, int] | None:
    """Find where a quote is printed: words `start` up to (not with) `end`, or None.

    Case, spacing, line-end hyphens, ligatures, and the shapes of quotation
    marks and dashes do not matter, nor what separates a label from its value in a
    row ("North: 1,200"). An exact match is preferred.

    >>> box = (0.0, 0.0, 1.0, 1.0)
    >>> words = [Word(text, box) for text in "It climbs l42 steps to the lan- tern".split()]
    >>> find_quote("steps to the lantern.", words)
    (3, 8)
    >>> find_quote("climbs 142 steps", words) is None
    True
    """
    target = normalize_words(quote.split()).strip(_EDGES)
    if sum(letter.isalnum() for letter in target.text) < MIN_CHARS:
        return None
    texts = [word.text for word in words]
    if found := _find(target, normalize_words(texts)):
        return found
    parts = normalize_words(_without_separators(_GLUED.split(quote))).strip(_EDGES)
    return _find(parts, normalize_words(_without_separators(texts)), exact=True)


def _without_separators(words: Sequence[str]) -> list[str]:
    """Words without the marks after them, or between, that part the cells of a row."""
    return ["" if word in _LONE_SEPARATORS else word.rstrip(_SEPARATORS) for word in words]


def _find(
    target: NormalizedText, page: NormalizedText, *, exact: bool = False
) -> tuple[int, int] | None:
    allowed = len(target.text) // EDIT_EVERY
    for start, end in _exact_matches(target.text, page.text):
        if (
            _cut_words(page, start, end) <= allowed
            and page.numbers_in(start, end) == target.numbers
        ):
            return page.words_at(start, end)
    if exact or allowed == 0 or len(target.text) > MAX_FUZZY_CHARS:
        return None
    for start, end, edits in _fuzzy_matches(target, page, allowed):
        if edits <= allowed and page.numbers_in(start, end) == target.numbers:
            return page.words_at(start, end)
    return None


def quote_boxes(words: Sequence[Word], span: tuple[int, int]) -> tuple[Box, ...]:
    """Boxes of the words `span[0]` up to (not with) `span[1]`, one a printed line."""
    parts = [
        part
        for word in words[slice(*span)]
        for part in (
            replace(word, rest=None),
            *([replace(word, box=word.rest, rest=None)] if word.rest else []),
        )
    ]
    return tuple(line.box for line in split_lines(parts))


def _exact_matches(target: str, text: str) -> Iterator[tuple[int, int]]:
    at = text.find(target)
    while at >= 0:
        yield at, at + len(target)
        at = text.find(target, at + 1)


def _cut_words(page: NormalizedText, start: int, end: int) -> int:
    """Count the ends that lie inside a printed word; each counts as an edit."""
    return int(page.inside_word(start)) + int(page.inside_word(end))


def _fuzzy_matches(
    target: NormalizedText, page: NormalizedText, allowed: int
) -> Iterator[tuple[int, int, int]]:
    """Matches within `allowed` edits, nearest first: start, end, edits."""
    pattern, text = _codes(target), _codes(page)
    ends: list[tuple[int, int]] = []
    for low, high in _windows(target.text, page.text, allowed):
        edits = _distances(pattern, text[low:high], free_start=True)
        close = np.flatnonzero(edits <= allowed)
        for run in np.split(close, np.flatnonzero(np.diff(close) > 1) + 1):
            if run.size:
                ends.append(min((int(edits[i]) + page.inside_word(low + i), low + i) for i in run))
    for _, end in sorted(ends)[:MAX_CANDIDATES]:
        low = max(0, end - len(pattern) - allowed)
        back = _distances(pattern[::-1], text[low:end][::-1], free_start=False)
        least, start = min(
            (int(n) + page.inside_word(end - i), end - i) for i, n in enumerate(back)
        )
        yield start, end, least + page.inside_word(end)


def _windows(target: str, text: str, allowed: int) -> list[tuple[int, int]]:
    """Windows of `text` that can hold `target` within `allowed` edits.

    Of allowed + 1 pieces at least one must be there unchanged (pigeonhole
    principle), so a page without any needs no alignment.
    """
    bounds = [len(target) * i // (allowed + 1) for i in range(allowed + 2)]
    spans = sorted(
        (max(0, at - low - allowed), min(len(text), at - low + len(target) + allowed))
        for low, high in pairwise(bounds)
        for at, _ in _exact_matches(target[low:high], text)
    )
    merged: list[tuple[int, int]] = []
    for low, high in spans:
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _codes(printed: NormalizedText) -> npt.NDArray[np.int32]:
    """Codes of characters, negative where no edit is allowed: numbers and units."""
    codes = np.array([ord(letter) for letter in printed.text], np.int32)
    fixed = np.isin(codes, _UNITS)
    for start, end in printed.number_spans:
        fixed[start:end] = True
    return np.where(fixed, -codes, codes)


def _distances(
    pattern: npt.NDArray[np.int32], text: npt.NDArray[np.int32], *, free_start: bool
) -> npt.NDArray[np.int32]:
    """Edit distances of `pattern` to the text up to each offset (Sellers 1980).

    The step along a row, min over k <= j of row[k] + cost of k..j, is a running
    minimum once the summed costs are taken off.
    """
    costs = np.where(text < 0, _NEVER, 1).astype(np.int32)
    along = np.concatenate([[0], np.cumsum(costs)]).astype(np.int32)
    row = np.zeros_like(along) if free_start else along
    for code in pattern:
        change = np.where(text == code, 0, _NEVER if code < 0 else costs)
        below = row + (_NEVER if code < 0 else 1)
        below[1:] = np.minimum(below[1:], row[:-1] + change)
        row = np.minimum.accumulate(below - along) + along
    edits: npt.NDArray[np.int32] = np.minimum(row, _NEVER).astype(np.int32)
    return edits
