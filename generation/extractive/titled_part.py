"""Titles of parts: what a figure, table, chapter or unit is called."""

from __future__ import annotations

import re
from collections.abc import Sequence

from generation.extractive.page.passage import Passage
from retrieval.named.printed_place import has_caption
from retrieval.query.named_place import read_places

_NUMBER = r"(?:\d{1,3}(?:[.-]\d{1,3}){0,3}|(?-i:[IVXLC]{1,6}|[A-Z]))(?!\w)"


def _part(word: str, number: str) -> str:
    """Pattern of a part's word and number, as groups of these names."""
    return rf"(?P<{word}>[^\W\d_]{{3,20}})[\s-]{{1,2}}(?P<{number}>{_NUMBER})"


_ASKED = re.compile(
    r"\b(?:title|topic|subject|theme|name|heading|caption|titel|thema|überschrift)s?"
    rf"\s(?:(?:given|to|of|for|von|der|des|the)\s){{1,4}}{_part('word', 'number')}"
    rf"|\bwhat(?:['’]s| is| are)\s(?:the\s)?{_part('called', 'of')}"
    r"\s(?:\S+\s){0,6}?(?:about|called|titled|entitled)\b"
    r"|(?P<ko>그림|표|도표|차트)\s?(?P<ko_number>\d{1,3}(?:[.-]\d{1,3})?)\s?(?:의|은|는)?\s?(?:제목|이름)",
    re.IGNORECASE,
)
_SECTIONS = frozenset("section chapter item point part abschnitt kapitel punkt teil".split())
"""Words for parts whose headings may begin with the number alone."""


def titled_part(question: str) -> tuple[str, str] | None:
    """The word and the number of the part whose title is asked for, None for none.

    >>> titled_part("What's the topic of UNIT 14?"), titled_part("What is Table 2 about?")
    (('UNIT', '14'), ('Table', '2'))
    >>> titled_part("What is the title of the report?") is None
    True
    """
    found = _ASKED.search(question)
    if found is None:
        return None
    word = found["word"] or found["called"] or found["ko"]
    return word, found["number"] or found["of"] or found["ko_number"]


def find_title(question: str, passages: Sequence[Passage]) -> Passage | None:
    """The passage that begins with the label of the asked part, and has its title.

    The first by the rank of its page; a label that stands alone is joined with what follows.
    """
    asked = titled_part(question)
    if asked is None:
        return None
    word, number = map(re.escape, asked)
    before = rf"(?:{word}[\s-]{{1,2}})" + ("?" if word.lower() in _SECTIONS else "")
    label = re.compile(rf"\W*{before}{number}(?![\w-]|\.\d)", re.IGNORECASE)
    parts = read_places(question).parts
    for at, passage in enumerate(passages):
        if passage.unit.leads:
            continue
        words = passage.evidence.words[passage.start : passage.end]
        named = label.match(passage.text) and (passage.short or not passage.text[0].isdigit())
        if not named and not any(has_caption(words, part) for part in parts):
            continue
        if any(map(str.isalpha, passage.text.partition(asked[1])[2])):
            return passage
        after = passages[at + 1 : at + 2]
        if after and after[0].evidence is passage.evidence and after[0].short:
            return passage.of_span((passage.start, after[0].end))
    return None
