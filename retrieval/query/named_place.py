"""Pages, slides, figures and tables that a question names by number."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from ingest.forms.terms import UNSPACED
from retrieval.query.page_question import read_page_question

MAX_PARTS = 8
"""Figures of a range, such as "Figures 1-4", that are taken."""

KINDS = (
    "figures? figs? abbildung abb figura рисунок рис 그림 図 图 圖".split(),
    "tables? tab tabelle tableau tabla tabela tabella таблица табл 표 表".split(),
    "charts? diagramm grafik graphique gráfico grafico 차트 도표 그래프".split(),
    "exhibits? anlage 별첨".split(),
    "schemes? schema schéma 도식".split(),
    "plates? tafel planche lámina 도판".split(),
)
"""Patterns of the words for each kind; words of one kind stand for each other."""
NUMBER = (
    r"(?P<number>(?:[a-z]{1,2}[.-]?)?\d{1,3}(?:[.\-–]\d{1,3})*|(?-i:[IVX]{1,5}))"
    rf"(?:[a-z](?!\w))?(?![^\W{UNSPACED}])"
)
"""Number as printed: 3, 3a without its letter, 2-1, 2.1, A1, IV; a Korean particle may follow."""
_AND = re.compile(r"\s?(?:,|and|und|et|y|e|и|및|와|과|&)\s?(\d{1,3})(?![\w.])", re.IGNORECASE)

_MAY_NUMBER = re.compile(r"[\dIVX]")


@dataclass(frozen=True, slots=True)
class NamedPart:
    """Figure or table: the position of its kind in `KINDS`, and its number."""

    kind: int
    number: str

    @property
    def words(self) -> tuple[str, ...]:
        """Words for the kind, in the forms that the full-text index knows."""
        return tuple(word.replace("s?", "") for word in KINDS[self.kind])


@dataclass(frozen=True, slots=True)
class NamedPlaces:
    """Labels of pages, "last" for the last, and figures and tables."""

    pages: tuple[str, ...] = ()
    parts: tuple[NamedPart, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pages or self.parts)


NO_PLACES = NamedPlaces()


def part_pattern(kind: int) -> str:
    """Pattern of a figure or table of a kind: its word, and its number in a group."""
    words = "|".join(sorted(KINDS[kind], key=len, reverse=True))
    return rf"(?<!\w)(?:{words})(?:\s?\.)?\s{{0,2}}{NUMBER}"


def printed_number(found: re.Match[str]) -> str:
    """The number of a match of `part_pattern`, in one spelling."""
    return found["number"].replace("–", "-").casefold()


@cache
def _parts() -> tuple[re.Pattern[str], ...]:
    """Patterns by kind. They take as long to compile as many a search: at first use."""
    return tuple(re.compile(part_pattern(kind), re.IGNORECASE) for kind in range(len(KINDS)))


def read_places(question: str) -> NamedPlaces:
    """Places that a question names.

    >>> read_places("What is the axis of Figure 3a on page 12?")
    NamedPlaces(pages=('12',), parts=(NamedPart(kind=0, number='3'),))
    >>> read_places("표 2의 합계는?").parts
    (NamedPart(kind=1, number='2'),)
    """
    text = unicodedata.normalize("NFKC", question)
    asked = read_page_question(text)
    parts = [
        NamedPart(kind, number)
        for kind, pattern in enumerate(_parts() if _MAY_NUMBER.search(text) else ())
        for found in pattern.finditer(text)
        for number in _numbers(found, text)
    ]
    return NamedPlaces(asked.labels if asked else (), tuple(dict.fromkeys(parts)))


def _numbers(found: re.Match[str], text: str) -> list[str]:
    """The number as printed, and where it may be a range or a list, each of it."""
    number = printed_number(found)
    numbers = [number]
    ends = number.split("-")
    if len(ends) == 2 and all(end.isdigit() for end in ends):
        first, last = map(int, ends)
        numbers += map(str, range(first, min(last, first + MAX_PARTS - 1) + 1))
    at = found.end()
    while more := _AND.match(text, at):
        numbers.append(more[1])
        at = more.end()
    return numbers
