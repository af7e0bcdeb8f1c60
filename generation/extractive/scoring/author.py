"""Authors: who wrote a document, by its first page, a byline or a signature."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from generation.extractive.page.passage import Passage
from retrieval.query.terms import content_stems

MAX_WORDS = 40
"""Words of a line of authors, at most."""
MIN_NAMES = 0.6
"""Share of capitalised words in it, at least."""
MAX_BELOW = 4
"""Passages below a title among which its authors are looked for."""
AUTHORED = content_stems("write writes wrote written author authored published prepared compiled")
"""Stems of words that ask for an author, who need not stand beside them."""
_BYLINE = re.compile(
    r"\b(?:written|prepared|compiled|authored|edited|drawn up|produced|published|created|issued) by\b"
    r"|^(?:by|von|autor(?:in)?|authors?|written by|prepared by|작성자|저자|지은이)\b\s?:?",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^(?:yours|sincerely|best|kind|warm|regards|with (?:best|kind|love)|love|mit freundlichen|cordially|faithfully)\b.*,?$",
    re.IGNORECASE,
)
_SMALL = frozenset("and of the for de van von der den di da la le y e und & at in".split())
_PLACE = re.compile(
    r"\b(?:universit|institut|department|school|college|labor|inc\b|ltd|university|street|www|http)|@|\d{3}",
    re.IGNORECASE,
)


def find_authors(passages: Sequence[Passage]) -> Iterator[tuple[float, Passage]]:
    """Passages that may name a document's authors, each with how sure that is, 0..1."""
    for at, passage in enumerate(passages):
        if _BYLINE.search(passage.text):
            yield 1.0, passage
            continue
        before = passages[at - 1] if at else None
        if before is None or before.evidence is not passage.evidence:
            continue
        if _CLOSING.match(before.text) and passage.short:
            yield 0.9, passage
    yield from _below_titles(passages)


def _below_titles(passages: Sequence[Passage]) -> Iterator[tuple[float, Passage]]:
    """Lines of names below the title of a first page."""
    for at, title in enumerate(passages):
        first = title.evidence.page.number == 1 and (
            at == 0 or passages[at - 1].evidence is not title.evidence
        )
        if not first:
            continue
        for passage in passages[at + 1 : at + 1 + MAX_BELOW]:
            if passage.evidence is title.evidence and _is_line_of_names(passage.text):
                yield 0.8, passage
                break


def _is_line_of_names(text: str) -> bool:
    words = [w for w in re.findall(r"[^\W\d_][\w.'’-]*", text) if w.lower() not in _SMALL]
    if not 2 <= len(words) <= MAX_WORDS or _PLACE.search(text):
        return False
    names = sum(word[0].isupper() for word in words)
    return names >= MIN_NAMES * len(words) and not text.rstrip().endswith((".", ":", "?"))
