"""Main passages: what a page says, or what the pages of a document are about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from generation.extractive.page.passage import (
    Passage,
    read_passages,
    running_titles,
    without_numbers,
)
from generation.prompt import Prompt

MAX_QUOTED = 12
"""Passages that are quoted of the pages that were asked for."""
SENTENCE_ENDS = tuple(".!?。！？")
_ABOUT = re.compile(
    r"\b(?:this|the present|our) (?:\w+ ){0,2}?(?:paper|report|document|handbook|manual|guide|survey|brochure|study"
    r"|article|thesis|book|leaflet|booklet|presentation|policy|agreement|contract|lease)\b.{0,20}?"
    r"\b(?:explains?|describes?|presents?|is about|gives?|provides?|shows?|covers?|summari[sz]es|introduces?|examines?|sets out|contains?|deals with|reports? on)\b"
    r"|\bwe (?:present|introduce|propose|describe|study|report|investigate|show)\b|\bin this (?:paper|report|study|work)\b"
    r"|\bdies(?:e[rs]?|es) (?:bericht|handbuch|dokument|anleitung)\b|본 (?:문서|보고서|논문)",
    re.IGNORECASE,
)
"""A sentence that says what a document is about."""
_ASIDE = ("header", "footer", "hidden", "note", "caption")


def main_passages(prompt: Prompt) -> list[Passage]:
    """Passages to quote for `prompt.task`, in the order of the pages.

    Of pages that were asked for the first ones in reading order; for a summary of each
    page its heading and first sentence. Running heads and the like are left out.
    """
    passages = read_passages(prompt)
    titles = running_titles(passages) if len(prompt.evidence) > 1 else frozenset()
    main = [p for p in passages if _is_main(p) and without_numbers(p.text) not in titles]
    if prompt.task == "page":
        return main[: MAX_QUOTED * len(prompt.evidence)]
    pages = [list(some) for _, some in groupby(main, key=lambda p: p.evidence.label)]
    return [passage for page in pages for passage in _summary(page)]


def _is_main(passage: Passage) -> bool:
    role = passage.evidence.words[passage.start].role
    return role not in _ASIDE and any(letter.isalnum() for letter in passage.text)


def _summary(page: Sequence[Passage]) -> Iterator[Passage]:
    """The heading of a page, if it begins with one, and its first whole sentence.

    A sentence that says what the document is about comes in place of the first.
    """
    if page[0].short:
        yield page[0]
    sentences = [p for p in page if not p.short or p.text.endswith(SENTENCE_ENDS)]
    about = [p for p in sentences if _ABOUT.search(p.text)]
    rest = about or sentences or list(page[1:2])
    if rest and rest[0] is not page[0]:
        yield rest[0]
