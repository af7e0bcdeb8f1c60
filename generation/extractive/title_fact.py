"""Title facts: degree and affiliation of an author, by the byline of a first page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from generation.extractive.page.passage import Passage
from generation.extractive.scoring.author import find_authors
from generation.extractive.scoring.scorer import Scorer
from ingest.library.names import split_name
from retrieval.query.terms import content_stems

FACTS = frozenset({"degree", "institution"})
"""Types of answers that stand beside a name on a title page."""
HEAD, BELOW = 12, 3
"""Passages of a page where its byline is, and from the byline on where its facts are, at most."""


def find_title_fact(scorer: Scorer) -> Passage | None:
    """The passage of a first page with the degree or affiliation that is asked for.

    It is in the line that names the person, or right below. Without a name in the question
    that line is the byline.
    """
    if not scorer.types.types & FACTS:
        return None
    for _, its in groupby(scorer.passages, key=lambda passage: passage.evidence.label):
        page = list(its)
        if page[0].evidence.page.number != 1:
            continue
        for at in _bylines(scorer, page):
            for passage in page[at : at + BELOW]:
                if scorer.types.has_type(passage):
                    return passage
    return None


def _bylines(scorer: Scorer, page: Sequence[Passage]) -> Iterator[int]:
    """Positions of the lines that name the person, or the authors where nobody is named."""
    title = content_stems(" ".join(split_name(page[0].evidence.page.document_name)))
    names = scorer.names - title
    authors = [] if names else [passage for _, passage in find_authors(page)]
    for at, passage in enumerate(page[:HEAD]):
        if (names and names <= passage.terms) or any(passage is author for author in authors):
            yield at
