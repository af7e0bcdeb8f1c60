"""Labels: the forms in which models write the number of a page, and their reading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

MAX_RANGE = 20
"""Pages of a range such as [1-3] that are read; of a longer one only its ends."""

SPACES = " \t\u00a0\u2007\u2009\u200a\u200b\u200e\u200f\u202f\u2060\u3000\ufeff"
"""Spaces within a line, and marks of direction, which show nothing."""

PAGE_WORDS = frozenset(
    "p pp pg page pages label labels ref refs reference source sources cit cite see from in on at of"
    " the document doc seite seiten s quelle quellen siehe vgl auf aus der laut voir cf à la p source"
    " strona strony stronie str źródło zob na página páginas pág fuente fonte pagina pagine vedi"
    " sida sidan bron zie стр страница см 页 頁 第 见 見 参见 參見 ページ 出典 参照 쪽 페이지 출처"
    " صفحة الصفحة المصدر ص עמוד מקור ראו".split()
)
"""Words between a quote and its label, or inside a label, that only say what the number is."""

_SPACE = f"[{SPACES}]"
_WORD = "|".join(sorted(map(re.escape, PAGE_WORDS), key=len, reverse=True))
_OPEN = rf"(?:\\?\[|［|【|〔){_SPACE}{{0,3}}"
_CLOSE = rf"{_SPACE}{{0,3}}(?:\\?\]|］|】|〕)"
_NAMED = rf"(?:[#^]|(?:{_WORD})[.:]?){_SPACE}{{0,2}}"
_NUMBER = rf"(?:{_NAMED})?\d{{1,4}}(?:{_SPACE}?(?:页|頁|ページ|쪽|페이지))?"
_JOIN = (
    rf"{_SPACE}{{0,3}}(?:[,;、，；/&+~‐‑‒–—−-]|and|und|et|i|y|e|och|en|和|と|와|과){_SPACE}{{0,3}}"
)
_DAGGER = r"(?:[†‡][^\[\]【】\n]{0,40})?"
_LABEL = rf"{_OPEN}(?:{_NUMBER}(?:{_JOIN}{_NUMBER}){{0,30}}){_DAGGER}{_CLOSE}"

LABELS = re.compile(_LABEL, re.IGNORECASE)
"""A label: [1], [1, 2], [1-3], [p. 1], [^1], 【1†source】, ［1］ and the like."""

CLOSING_BRACKETS = frozenset("]］】〕")
_NUMBERS = re.compile(rf"\d+|(?<=\d){_SPACE}{{0,3}}[~‐‑‒–—−-]{_SPACE}{{0,3}}(?=\d)")


@dataclass(frozen=True, slots=True)
class Label:
    """Label in a text: the characters `start` up to (not with) `end`, and its numbers."""

    start: int
    end: int
    numbers: tuple[int, ...]


def find_labels(text: str) -> Iterator[Label]:
    """Find the labels of a text, in order."""
    for found in LABELS.finditer(text):
        yield Label(found.start(), found.end(), read_numbers(found[0]))


@lru_cache(1_024)  # a text repeats its labels, and is read again as it comes
def read_numbers(label: str) -> tuple[int, ...]:
    """Numbers of a label, in order, each once.

    >>> read_numbers("[1, 3]"), read_numbers("[1-3]"), read_numbers("【2†source 7】")
    ((1, 3), (1, 2, 3), (2,))
    """
    parts = _NUMBERS.findall(re.split("[†‡]", label)[0])
    numbers = [int(part) for part in parts if part[0].isdigit()]
    for low, high in _ranges(parts):
        if low < high <= low + MAX_RANGE:
            numbers.extend(range(low + 1, high))
    ordered = sorted(numbers) if len(numbers) > len(parts) - parts.count("-") else numbers
    return tuple(dict.fromkeys(ordered))


def _ranges(parts: list[str]) -> Iterator[tuple[int, int]]:
    for (low, dash), (_, high) in pairwise(pairwise(parts)):
        if low[0].isdigit() and not dash[0].isdigit():
            yield int(low), int(high)
